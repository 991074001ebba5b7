"""What the columns of BigQuery are in Arrow, and how their values get there."""
