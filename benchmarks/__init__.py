"""What the speed claims rest on: `python -m benchmarks` measures each beside the obvious other way of doing it."""
