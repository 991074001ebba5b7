"""DuckDB's sessions and errors, texts and types of SQL."""
