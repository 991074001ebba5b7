"""How BigQuery is asked: its jobs, and what its failures say."""
