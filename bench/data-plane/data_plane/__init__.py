"""Measures Beamline against other ways of copying a table to Parquet."""
