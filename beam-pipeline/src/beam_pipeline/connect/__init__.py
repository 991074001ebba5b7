"""Connection profiles, secrets and certificates."""
