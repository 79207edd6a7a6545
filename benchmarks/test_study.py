"""The quick simulation keeps its promises, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_quick_simulation_meets_its_reach() -> None:
    script = ROOT / "benchmarks" / "study.py"
    command = [sys.executable, str(script), "--simulate", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "reach: met"
    assert done.stdout.count("kept") == 11
