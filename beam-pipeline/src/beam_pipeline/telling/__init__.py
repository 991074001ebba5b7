"""What a process tells of itself: events, progress, faults of the tests."""
