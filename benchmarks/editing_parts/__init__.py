"""The parts of benchmarks/editing.py."""
