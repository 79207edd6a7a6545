"""The parts of benchmarks/metrics.py."""
