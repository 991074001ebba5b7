"""Reads files."""
