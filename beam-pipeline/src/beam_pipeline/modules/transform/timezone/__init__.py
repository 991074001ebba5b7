"""Turns local times into instants, and back."""
