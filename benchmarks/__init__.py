"""What is timed: `python -m benchmarks` from the root of a clone. Not installed; see docs/speed.md."""
