"""Datasets, tables and their rows, as they are kept."""
