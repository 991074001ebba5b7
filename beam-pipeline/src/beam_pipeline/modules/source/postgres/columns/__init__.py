"""What the columns of PostgreSQL are in Arrow, and how their values get there."""
