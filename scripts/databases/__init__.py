"""Database servers for the tests and the demo, started and stopped as children."""
