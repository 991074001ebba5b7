"""GoogleSQL in the words of DuckDB."""
