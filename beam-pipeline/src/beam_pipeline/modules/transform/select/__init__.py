"""Chooses, renames, casts and computes columns."""
