"""The parts of benchmarks/cohort.py."""
