"""Jobs: queries, loads, copies and extracts."""
