"""Feature tagging: a tag for each step of a sequence of numbers."""
