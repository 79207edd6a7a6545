"""The parts of benchmarks/study.py that play a whole cohort."""
