"""What proposals gain beside the network that is retrained on the same five revisions.

Draws, patients and revisions are those of `proposing`. All patients of the pool but the monitor
ones are imported into a copy of the parent's study, and the parent draws them. For each draw and
structure another copy begins: in five patients that structure alone is revised to the clinical
contour and accepted, nothing is graded, and the product freezes a run that continues the parent
(marginal loss, replay and redraw: the arm "marginal + memory" of the loop's proof, with its
lengths). One training for each structure, not one for both: who was revised differs between
structures, and so each way knows five contours and no more.

The network then predicts the other patients of the draw. Gain: its Dice against the clinical
contour minus the parent's, in the patients who might get a proposal; where none was made a
proposal gains 0. Seconds are processor time: learning and proposing, or training alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from loop import FULL
from loop_parts.arms import ARMS, OURS
from loop_parts.data import SPOILED, add_patients, case_name, list_patients, split_patients
from loop_parts.measuring import TILE_STEP
from loop_parts.plan import Plan
from loop_parts.progress import Progress
from loop_parts.readers import revise_all
from loop_parts.results import Kept
from loop_parts.stages import use_one_thread
from loop_parts.training import freeze, locate_parent, predict_review, set_seed, train_arm

from benchmarks.assist_parts.proposing import (
    REVISED,
    Patient,
    _draw,
    _list_drawn,
    _measure,
    _run_once,
    open_parent,
)
from han5k_review.retraining.network.predicting.open_models import open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_case
from han5k_review.store.study import Study, open_study


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One draw: gains in Dice of each patient who was not revised, and seconds, both ways."""

    proposed: tuple[float, ...]
    retrained: tuple[float, ...]
    propose_seconds: float
    retrain_seconds: float


@dataclass(frozen=True, kw_only=True)
class Compared:
    """All draws of one structure."""

    draws: tuple[Drawn, ...]

    @property
    def looked(self) -> int:
        return sum(len(one.proposed) for one in self.draws)

    @property
    def proposed(self) -> float:
        return float(np.mean([gain for one in self.draws for gain in one.proposed]))

    @property
    def retrained(self) -> float:
        return float(np.mean([gain for one in self.draws for gain in one.retrained]))

    @property
    def propose_seconds(self) -> float:
        return float(np.mean([one.propose_seconds for one in self.draws]))

    @property
    def retrain_seconds(self) -> float:
        return float(np.mean([one.retrain_seconds for one in self.draws]))


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The study in which the parent drew all patients; below `root` lie its copies."""

    root: Path
    study: Study
    parent_id: int
    plan: Plan
    progress: Progress

    def retrain(self, name: str, revised: Sequence[Patient], seed: int) -> Kept:
        """The network that continues the parent on these revisions of one structure."""
        copy = self.root / f"{name}-{seed}"
        study = open_study(Path(shutil.copytree(self.study.root, copy)))
        revise_all(study, name, {case_name(p.number): p.clinical[name] for p in revised})
        lengths = self.plan.lengths
        job = freeze(study, lengths, self.parent_id, replay=True).job
        job = replace(job, memory=self.root / "memory")  # kept by hash: runs of a study share it
        kind = next(kind for kind in ARMS if kind.name == OURS)
        folder = self.root / f"{name}, seed {seed}"
        taught = train_arm(folder, lambda: set_seed(kind, job, lengths, seed), self.progress)
        study.engine.dispose()
        return taught


def measure_retrained(
    shared: Path, root: Path, keep: Path | None, draws: int, plan: Plan = FULL
) -> dict[str, Compared]:
    """Structure with a systematic error -> both ways; none where too few patients have it.

    `root`: a folder to work in; `keep`: a kept run of the loop's proof, which is only read.
    """
    use_one_thread()
    pool = shared / "openkbp-pool"
    sizes = plan.sizes if keep is None else FULL.sizes
    split = split_patients(shared / "openkbp", pool, sizes)
    study, parent_id = open_parent(shared, root, keep, plan)
    numbers = tuple(n for n in list_patients(pool) if n not in split.monitor)
    add_patients(study, root / "pool.csv", dict.fromkeys(numbers, pool))
    predict_review(study, parent_id, numbers)
    study.engine.dispose()
    seen = list(_draw(locate_parent(study, parent_id), pool, numbers))
    steps = draws * len(SPOILED) * plan.lengths.arm_epochs * plan.lengths.iterations
    progress = Progress(units=steps)
    bench = Bench(root=root, study=study, parent_id=parent_id, plan=plan, progress=progress)
    return {name: _compare(bench, seen, name, draws) for name in SPOILED}


def _compare(bench: Bench, seen: Sequence[Patient], name: str, draws: int) -> Compared:
    known = [p for p in seen if name in p.clinical and not p.drawn[name].is_empty]
    many = draws if len(known) > REVISED else 0
    return Compared(draws=tuple(_compare_once(bench, known, name, n) for n in range(many)))


def _compare_once(bench: Bench, known: Sequence[Patient], name: str, draw: int) -> Drawn:
    sites = _list_drawn(known, name)
    proposals = _run_once(sites, draw)
    order = np.random.default_rng(draw).permutation(len(known))  # as `_run_once` draws
    started = _children_seconds()
    taught = bench.retrain(name, [known[n] for n in order[:REVISED]], draw + 1)
    retrain_seconds = _children_seconds() - started
    model = open_model(taught.model, "cpu", TILE_STEP)
    others = [(known[n], sites[n]) for n in order[REVISED:]]
    found = Drawn(
        proposed=tuple(one.gain for one in proposals.looked),
        retrained=tuple(
            _measure(site.clinical, predict_case(model, patient.volume)[name])
            - _measure(site.clinical, site.drawn)
            for patient, site in others
        ),
        propose_seconds=proposals.learn_seconds + sum(one.seconds for one in proposals.looked),
        retrain_seconds=retrain_seconds,
    )
    bench.progress.say(
        f"{name}, draw {draw}: proposals {np.mean(found.proposed):+.3f}, "
        f"retrained {np.mean(found.retrained):+.3f}"
    )
    return found


def _children_seconds() -> float:
    """Processor time so far of all processes that this one started and that ended."""
    spent = os.times()
    return spent.children_user + spent.children_system
