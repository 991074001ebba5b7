"""Loads into DuckDB: Beamline's publisher beside dlt."""
