"""Reads BigQuery."""
