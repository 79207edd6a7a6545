"""The import benchmark walks through all its acts, and its peers count the voxels that we store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_quick_benchmark_meets_its_reach(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "importing.py"
    command = [sys.executable, str(script), "--quick", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = ("dry run", "dry run, deep", "import", "again", "again, deep", "SimpleITK", "nibabel")
    for row in rows:
        assert f"\n{row:16}" in done.stdout
    assert done.stdout.splitlines()[-1] == "reach: met"
