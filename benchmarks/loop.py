"""The proof that the loop works: does a network taught by accepted revisions beat its parent?

    python benchmarks/loop.py [--quick] [--tuning] [--keep DIR] [--shared DIR] [--write DOC]

Real CTs of OpenKBP in a study of their own. A small parent learns from labels with two systematic
errors and predicts more patients; simulated readers grade by the clinical contours and revise the
worst; four runs are taught from the same review in four ways; held-out patients decide. Two runs
at a time, one thread each, no GPU. `--tuning` leaves the test patients untouched and tests on
some of the pseudo-labelled ones: hyper-parameters are chosen there. `--quick` shows in minutes
that every step works; it is too small to prove anything and judges only what it can. With
`--keep` the studies stay, and a proof that was stopped goes on with the parent it has; with
`--write docs/loop.md` the tables there are replaced.
Ends with 0 when the reach is met, 1 when it is missed. docs/loop.md keeps the results.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from loop_parts.arms import ARMS
from loop_parts.costs import Shares, time_losses
from loop_parts.data import ORGANS, SPOILED, build_study, split_patients
from loop_parts.progress import Progress
from loop_parts.proof import FULL, LANES, QUICK, Proof
from loop_parts.readers import Review, review
from loop_parts.report import (
    ArmResult,
    find_misses,
    find_tables,
    print_costs,
    print_review,
    print_tables,
    write_results,
)

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.store.study import open_study

ROOT = Path(__file__).resolve().parents[1]


def prove(proof: Proof) -> tuple[Review, list[ArmResult], Shares]:
    """Everything up to the numbers; interrupted, it leaves no process behind."""
    with ThreadPoolExecutor(LANES) as lanes:
        try:
            base, parent_id, found, shares = _await(lanes.submit(_prepare, proof))
            jobs = {
                arm.name: lanes.submit(proof.run_arm, arm, base, parent_id)
                for arm in reversed(ARMS)
            }
            wait(jobs.values(), return_when=FIRST_EXCEPTION)
            return found, [_await(jobs[arm.name]) for arm in ARMS], shares
        except BaseException:
            proof.progress.stop.set()
            raise
        finally:
            lanes.shutdown(cancel_futures=True)
            _end_processes(proof.root)


def _prepare(proof: Proof) -> tuple[Path, int, Review, Shares]:
    say, sizes = proof.progress.say, proof.sizes
    root, reviewed = proof.root / "base", proof.root / "reviewed"
    if (root / "manifest.csv").exists():
        study = open_study(root / "study")
    else:
        study = build_study(root, proof.source, proof.split)
        say(f"imported {sizes.parent} + {sizes.pseudo} + {sizes.test} patients")
    parent_id, shares = proof.train_parent(study)
    say("the parent is trained")
    proof.predict(study, parent_id)
    say(f"pseudo-labels predicted for {sizes.pseudo} patients")
    study.engine.dispose()
    shutil.rmtree(reviewed, ignore_errors=True)
    shutil.copytree(study.root, reviewed, ignore=shutil.ignore_patterns("runs"))
    study = open_study(reviewed)
    graded = proof.split.pseudo[: sizes.graded]
    found = review(study, proof.source, ORGANS, graded, sizes.revised)
    say(f"{len(found.findings)} contours graded, {len(found.revised)} revised and accepted")
    study.engine.dispose()
    return study.root, parent_id, found, shares


def _await(job: Any) -> Any:
    return job.result()


def _end_processes(root: Path) -> None:
    for path in root.rglob("process.json"):
        LocalLauncher().clear(JobFolder(path=path.parent))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="minutes: shows that it works")
    parser.add_argument("--tuning", action="store_true", help="other patients than the test's")
    parser.add_argument("--keep", type=Path, help="an empty folder in which the studies stay")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--write", type=Path, help="the document whose tables are replaced")
    chosen = parser.parse_args(arguments)
    if chosen.write:
        find_tables(chosen.write)
    signal.signal(signal.SIGTERM, _interrupt)
    sizes = QUICK if chosen.quick else FULL
    source = chosen.shared / "openkbp"
    split = split_patients(source, sizes.seed, sizes.parent, sizes.pseudo, sizes.test)
    if chosen.tuning:
        split, sizes = split.for_tuning(), replace(sizes, graded=8, revised=14)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load of the last minute {load:.1f}")
    for words, numbers in (
        ("parent", split.parent),
        ("pseudo", split.pseudo),
        ("test", split.test),
    ):
        print(f"{words}: patients {', '.join(numbers)}")
    print("spoiled: " + "; ".join(f"{name} {how}" for name, how in SPOILED.items()))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="han5k-loop-") as folder:
        units = sizes.parent_epochs + len(ARMS) * sizes.arm_epochs / LANES
        proof = Proof(
            sizes=sizes,
            split=split,
            source=source,
            root=chosen.keep or Path(folder),
            progress=Progress(units=units),
        )
        try:
            found, arms, parent = prove(proof)
        except KeyboardInterrupt:
            print("stopped: nothing is left running")
            return 130
    minutes = (time.monotonic() - started + proof.progress.earlier_s) / 60
    losses = time_losses(sizes.loss_rounds)
    misses = find_misses(found, arms, losses, minutes, quick=chosen.quick)
    met = "met (a quick run judges loss and time alone)" if chosen.quick else "met"
    report = io.StringIO()
    with contextlib.redirect_stdout(report):
        print_review(found)
        print_tables(found, arms)
        print_costs(parent, arms, losses, minutes)
        print(f"\nreach: missed ({'; '.join(misses)})" if misses else f"\nreach: {met}")
    print(report.getvalue(), end="")
    if chosen.write:
        head = f"{date.today():%d %B %Y}, load of the last minute at the start {load:.1f}."
        write_results(chosen.write, f"{head}\n{report.getvalue()}")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
