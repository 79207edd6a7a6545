"""Write docs/gpu.md from the rows that came back: `report.py results.jsonl [--write DOC]`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {
    "machine": "training and predicting import",
    "loss": "loss against double precision, 50",
    "mixed precision": "mean Dice, mixed and full precision",
    "GPU against CPU": "mean Dice, fine-tuned on the GPU",
    "peak memory": "peak GPU memory",
    "host waits": "host waits in a step, ours",
    "steps a second": "steps a second, cudnn.benchmark as the product",
    "memory of a prediction": "GPU memory to predict",
    "a prediction with little memory": "the same with",
    "stock nnU-Net opens the model": "stock nnU-Net predicts",
    "too little memory": "a GPU with too little memory",
    "kill -9": "a lower memory_target_gb, and kill -9",
    "wait for data": "wait for data, 14",
    "torch.compile": "steps a second, both compiled",
}
"""What was to be seen -> how the row that shows it begins."""
_WORDS = {True: "met", False: "**missed**", None: ""}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a run; a last line that was cut off is left out."""
    found = []
    for line in path.read_text(errors="replace").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def build_report(rows: Sequence[dict[str, Any]], day: date) -> str:
    """The page: the machine, the table, and what was not seen."""
    machine = next((r for r in rows if r["check"] == "machine"), None)
    rest = [r for r in rows if r is not machine]
    judged = [r for r in rest if r["met"] is not None]
    met = sum(bool(r["met"]) for r in judged)
    lines = [
        "# On a GPU",
        "",
        "Written by `benchmarks/gpu/report.py` from the rows of one run of",
        "`benchmarks/gpu/run.sh`; `benchmarks/gpu/prepare.sh` makes what it carries. Synthetic",
        "patients of the demo, 26 structures; no patient. Unless a row says otherwise, the network",
        "is nnU-Net's default one at native resolution, in mixed precision, and not compiled.",
        "",
        f"**Machine** ({day:%d %B %Y}): {machine['seen'] if machine else 'not said'}.",
    ]
    if machine and machine.get("quick"):
        lines += ["", "This was a tiny trial without a GPU: its numbers say nothing about one."]
    lines += ["", f"{met} of {len(judged)} checks met.", ""]
    lines += ["| check | expected | seen | |", "|---|---|---|---|"]
    lines += [_line(r) for r in rest]
    lacking = [name for name, begins in CHECKS.items() if not _has(rest, begins)]
    if lacking:
        lines += ["", f"**Not seen in this run:** {', '.join(lacking)}."]
    lines += [
        "",
        "Several GPUs (NCCL) were not tried: the machine has one, or none was at hand.",
        "",
    ]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    cells = (row["check"], row["expected"], row["seen"], _WORDS[row["met"]])
    return "| " + " | ".join(_plain(str(cell)) for cell in cells) + " |"


def _plain(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def _has(rows: Iterable[dict[str, Any]], begins: str) -> bool:
    return any(r["check"].startswith(begins) for r in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "gpu.md")
    parser.add_argument("--day", type=date.fromisoformat, default=date.today())
    chosen = parser.parse_args()
    chosen.write.write_text(build_report(read_rows(chosen.results), chosen.day))


if __name__ == "__main__":
    main()
