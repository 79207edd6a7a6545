"""The parts of benchmarks/assist.py."""
