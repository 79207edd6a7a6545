"""The parts of benchmarks/importing.py."""
