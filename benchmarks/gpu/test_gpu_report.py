"""The page of a GPU run says what was seen, what was missed, and what was not seen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from rigs.studies import ROOT

ROWS = (
    {"check": "machine", "expected": "", "seen": "One GPU, PyTorch 2", "met": None},
    {"check": "host waits in a step, ours", "expected": "<= 5", "seen": "2", "met": True},
    {"check": "wait for data, 14 loaders", "expected": "< 10 %", "seen": "12 | 3", "met": False},
)


def test_a_run_that_was_cut_off_still_gives_its_rows_and_names_the_others(tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in ROWS]
    (tmp_path / "rows.jsonl").write_text("\n".join([*lines, lines[-1][:30]]))
    page = tmp_path / "gpu.md"
    report = ROOT / "benchmarks" / "gpu" / "report.py"
    words = [str(tmp_path / "rows.jsonl"), "--write", str(page), "--day", "2026-11-28"]
    subprocess.run([sys.executable, str(report), *words], check=True)
    text = page.read_text()
    assert "**Machine** (28 November 2026): One GPU, PyTorch 2." in text
    assert "1 of 2 checks met." in text
    assert "| host waits in a step, ours | <= 5 | 2 | met |" in text
    assert "| wait for data, 14 loaders | < 10 % | 12 / 3 | **missed** |" in text
    (lacking,) = [line for line in text.splitlines() if line.startswith("**Not seen")]
    assert "torch.compile" in lacking
    assert "host waits" not in lacking
