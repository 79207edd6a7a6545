"""Steps and predictions beside stock nnU-Net's in the same run: time and memory, on a CPU.

    python benchmarks/network.py [--quick] [--write docs/loop.md]

Made-up patients with 26 structures; one thread. A training step of ours and of stock nnU-Net in
turns, on the same plans and batches; the losses alone; and a CT of 512 x 512 x 181 predicted by
both, each in a process of its own (12 GB of main memory are needed for stock's).
Ends with 0 when the reach is met, 1 when it is missed; `--quick` is small and judges nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from network_parts.patients import build_ct, prepare  # noqa: E402
from network_parts.predicting import predict_apart, write_ct  # noqa: E402
from network_parts.steps import find_model, time_steps  # noqa: E402

STRUCTURES = ROOT / "data" / "structures.csv"
STEP_RATIO, LOSS_RATIO, TIME_RATIO, MEMORY_RATIO, SAME = 1.1, 1.3, 1.0, 0.6, 0.999
BEGIN = "<!-- network: written by python benchmarks/network.py --write docs/loop.md -->"
END = "<!-- end of the network -->"
Line = tuple[str, str, str, bool]  # what, found, wanted, kept


def compare(root: Path, *, quick: bool) -> Iterator[Line]:
    """Each comparison as soon as it is made."""
    ready = prepare(root, STRUCTURES)
    steps = time_steps(ready, 3 if quick else 30)
    size = " x ".join(map(str, steps.batch[2:]))
    yield (
        f"a step, 26 structures, batch of {steps.batch[0]}, patch {size}",
        f"{steps.ours_ms:.0f} ms, stock {steps.stock_ms:.0f} ms: {steps.ratio:.2f} x",
        f"<= {STEP_RATIO:g} x",
        steps.ratio <= STEP_RATIO,
    )
    from network_parts.losses import time_losses

    loss = time_losses(3 if quick else 31)
    yield (
        "the loss alone, all trusted or two untrusted",
        f"{loss.trusted_ms:.0f} and {loss.partial_ms:.0f} ms, stock {loss.nnunet_ms:.0f} ms: "
        f"{loss.ratio:.2f} x",
        f"<= {LOSS_RATIO:g} x",
        loss.ratio <= LOSS_RATIO,
    )
    shape = (160, 160, 64) if quick else (512, 512, 181)
    write_ct(root / "ct.npz", build_ct(shape, STRUCTURES))
    ours, stock = (predict_apart(w, find_model(ready), root / "ct.npz") for w in ("ours", "stock"))
    name = f"a CT of {' x '.join(map(str, shape))}"
    pace, memory = ours.seconds / stock.seconds, ours.peak_gb / stock.peak_gb
    yield (
        f"{name}: time",
        f"{ours.seconds:.0f} s, stock {stock.seconds:.0f} s: {pace:.2f} x",
        f"<= {TIME_RATIO:g} x",
        pace <= TIME_RATIO,
    )
    yield (
        f"{name}: main memory of the process",
        f"{ours.peak_gb:.2f} GB, stock {stock.peak_gb:.2f} GB: {memory:.2f} x",
        f"<= {MEMORY_RATIO:g} x",
        memory <= MEMORY_RATIO,
    )
    same = float(np.mean(ours.values == stock.values))
    yield (
        f"{name}: voxels with the same label, of {len(np.unique(stock.values))} labels",
        f"{same:.4%}",
        f">= {SAME:.1%}",
        same >= SAME,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small: every step once")
    parser.add_argument("--write", type=Path, help="put the table between the marks of this page")
    chosen = parser.parse_args(arguments)
    lines = ["| beside stock nnU-Net | found | wanted | |", "|---|---|---|---|"]
    missed = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="han5k-network-") as folder:
        for what, found, wanted, kept in compare(Path(folder), quick=chosen.quick):
            lines.append(f"| {what} | {found} | {wanted} | {'kept' if kept else 'MISSED'} |")
            print(lines[-1], flush=True)
            missed += [] if kept else [what]
    lines += ["", f"{date.today():%d %B %Y}, one thread, load of the last minute {load:.1f}."]
    if chosen.write:
        before, _, rest = chosen.write.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        table = "\n".join(lines)
        chosen.write.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
    print(f"reach: missed ({'; '.join(missed)})" if missed else "reach: met")
    return 1 if missed and not chosen.quick else 0


if __name__ == "__main__":
    sys.exit(main())
