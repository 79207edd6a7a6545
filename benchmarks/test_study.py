"""The quick simulation and the quick cohort keep their promises, and say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run_benchmark(*options: str) -> str:
    script = ROOT / "benchmarks" / "study.py"
    command = [sys.executable, str(script), "--quick", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "reach: met"
    return done.stdout


def test_the_quick_simulation_meets_its_reach() -> None:
    assert run_benchmark("--simulate").count("kept") == 11


def test_a_small_cohort_is_measured_on_both_engines() -> None:
    printed = run_benchmark("--cases", "8")
    for engine in ("SQLite", "PostgreSQL"):
        assert f"{engine}: 8 cases, 784 grades" in printed
        assert any(line.split()[:2] == [engine, "workbook"] for line in printed.splitlines())
