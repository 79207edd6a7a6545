"""The parts of benchmarks/loop.py."""
