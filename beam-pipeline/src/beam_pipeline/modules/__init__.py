"""The modules: one folder each, found by name."""
