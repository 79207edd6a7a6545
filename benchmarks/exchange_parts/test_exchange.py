"""The exchange benchmark walks through all its acts, and what it writes comes back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_quick_benchmark_meets_its_reach(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "exchange.py"
    command = [sys.executable, str(script), "--quick", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    for row in ("import CT + RTSTRUCT", "write SEG", "read RTSTRUCT", "read SEG"):
        assert f"\n{row:28}" in done.stdout
    assert "dry run of a tree of 20 patients" in done.stdout
    assert "import of a tree of 20 patients" in done.stdout
    assert "whole after the next import: yes" in done.stdout or "not run, no file" in done.stdout
    assert done.stdout.splitlines()[-1] == "reach: met"
