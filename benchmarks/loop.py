"""The proof that the loop works, on patients whom nobody tuned to: docs/loop_plan.md.

    python benchmarks/loop.py [--quick] [--final] [--keep DIR] [--arms NAMES] [--write DOC]

Real CTs of OpenKBP. A small parent learns from labels with two systematic errors and predicts more
patients; simulated readers, who differ as two people do, grade and revise the worst; arms are
taught from the same review: two losses, with and without memory, three seeds, each as trained and
mixed with its parent. A second experiment learns from the organs that the clinic left out.

Without `--final` patients of development are the test. `--final` opens the sealed patients: once,
with the plan committed and all models trained. With `--keep` everything stays, and the same command
goes on where it was stopped; models of a kept run are those of its `--final`. `--arms` takes a few
of them (names, separated by commas) and never the sealed patients; `--quick` shows in minutes that
every step works and proves nothing. Two trainings at a time, one thread each, no GPU.
Ends with 0 when the reach is met, 1 when it is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from loop_parts.arms import ARMS
from loop_parts.data import SPOILED, Patients, Sizes, list_patients, split_patients
from loop_parts.opening import finish, open_sealed
from loop_parts.plan import Plan, count_units
from loop_parts.progress import Progress
from loop_parts.report import Outcome, find_tables, write_report, write_results
from loop_parts.stages import Proof, list_measured, use_one_thread
from loop_parts.training import Lengths, locate_parent
from loop_parts.verdicts import collect

ROOT = Path(__file__).resolve().parents[1]
MINUTES = 75.0
SEALED = 48
FULL = Plan(
    sizes=Sizes(parent=12, review=16, graded=12, test=6, monitor=8, gaps=14, pool_test=10),
    lengths=Lengths(
        parent_epochs=30, arm_epochs=9, gap_epochs=4, iterations=90, learning_rate=3e-3
    ),
    seeds=3,
    budget=20,
)
QUICK = Plan(
    sizes=Sizes(parent=5, review=2, graded=2, test=1, monitor=2, gaps=2, pool_test=1),
    lengths=Lengths(parent_epochs=4, arm_epochs=1, gap_epochs=1, iterations=30, learning_rate=3e-3),
    seeds=2,
    budget=4,
)


def prove(proof: Proof, names: Sequence[str], sealed: Path | None) -> Outcome:
    """Everything up to the numbers; the sealed patients are opened last, when all is trained."""
    study, parent_id, review = proof.prepare()
    arms = proof.train(study, parent_id, names)
    parent = locate_parent(study, parent_id)
    alphas = proof.choose_alphas(parent, arms)
    models = list_measured(parent, arms, alphas)
    if sealed is None:
        rows = proof.measure("development", _folders(proof.patients), models)
    else:
        opening = open_sealed(ROOT, proof.root, [m.model.checkpoint_sha256 for m in models])
        proof.progress.say(f"the sealed patients are opened, by the plan {opening.plan_commit}")
        patients = proof.patients.add(sealed, list_patients(sealed))
        if len(patients.test) != SEALED:
            raise SystemExit(f"{SEALED} sealed patients were expected: {len(patients.test)}.")
        rows = proof.measure("sealed", _folders(patients), models)
        finish(ROOT, proof.root, opening)
    return Outcome(review=review, arms=arms, alphas=alphas, scores=collect(rows))


def _folders(patients: Patients) -> dict[str, Path]:
    return {number: patients.folders[number] for number in patients.test}


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="minutes: shows that it works")
    parser.add_argument("--final", action="store_true", help="open the sealed patients, once")
    parser.add_argument("--keep", type=Path, help="a folder in which everything stays")
    parser.add_argument("--arms", default="", help="only these, separated by commas")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--write", type=Path, help="the document whose tables are replaced")
    chosen = parser.parse_args(arguments)
    if chosen.final and (chosen.quick or chosen.arms or not chosen.keep):
        parser.error("--final goes with --keep, and with neither --quick nor --arms")
    if chosen.write:
        find_tables(chosen.write)
    return chosen


def _name_arms(words: str) -> list[str]:
    known = [kind.name for kind in ARMS]
    names = [name.strip() for name in words.split(",") if name.strip()]
    if set(names) - set(known):
        raise SystemExit(f"Arms of {', '.join(known)} were expected, found {words}.")
    return names or known


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _read_arguments(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    use_one_thread()
    plan, names = QUICK if chosen.quick else FULL, _name_arms(chosen.arms)
    patients = split_patients(chosen.shared / "openkbp", chosen.shared / "openkbp-pool", plan.sizes)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load of the last minute {load:.1f}")
    for part in ("parent", "review", "monitor", "gaps", "test"):
        print(f"{part}: patients {', '.join(getattr(patients, part))}")
    print("spoiled: " + "; ".join(f"{name} {how}" for name, how in SPOILED.items()))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="han5k-loop-") as folder:
        root = chosen.keep or Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        tested = SEALED if chosen.final else len(patients.test)
        proof = Proof(
            plan=plan,
            patients=patients,
            raters=chosen.shared / "deepmind-hn",
            root=root.resolve(),
            progress=Progress(),
        )
        proof.progress.units = count_units(plan, names, tested, proof.is_done)
        try:
            sealed = chosen.shared / "openkbp-sealed" if chosen.final else None
            outcome = prove(proof, names, sealed)
        except KeyboardInterrupt:
            print("stopped: nothing is left running; the same command with --keep goes on")
            return 130
    report = "\n".join(write_report(outcome))
    minutes = (time.monotonic() - started) / 60
    report += f"\n\nin this start: {minutes:.1f} minutes (all of it: <= {MINUTES:.0f})"
    print(report)
    if chosen.write:
        which = "sealed patients" if chosen.final else "patients of development"
        head = f"{date.today():%d %B %Y}, {which}, load at the start {load:.1f}."
        write_results(chosen.write, f"{head}\n\n{report}")
    return 0 if chosen.quick or "reach: met" in report else 1


if __name__ == "__main__":
    sys.exit(main())
