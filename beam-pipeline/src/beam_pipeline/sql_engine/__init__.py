"""Runs one SQL query over the inputs of a step: the engine of every transform that takes SQL."""
