"""Programs that answer a question about a plan, a source or a connection."""
