"""Sinks that write inside the job: only where a destination cannot publish by itself."""
