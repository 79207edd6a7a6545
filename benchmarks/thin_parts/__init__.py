"""The parts of benchmarks/thin_client.py."""
