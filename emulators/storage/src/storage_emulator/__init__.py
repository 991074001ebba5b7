"""Cloud Storage on this machine, for development and tests."""
