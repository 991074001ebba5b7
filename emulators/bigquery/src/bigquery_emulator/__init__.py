"""BigQuery on this machine, for development and tests."""
