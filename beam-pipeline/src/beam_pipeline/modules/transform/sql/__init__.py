"""Runs SQL."""
