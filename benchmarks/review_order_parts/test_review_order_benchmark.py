"""The quick benchmark of orders runs whole; who knows the answers is ahead of random order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_quick_benchmark_meets_its_reach() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "review_order.py"), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "reach: met"
