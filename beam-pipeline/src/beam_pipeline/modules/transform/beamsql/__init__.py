"""Runs SQL in the dialect of Beam SQL."""
