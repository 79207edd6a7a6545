"""Proposals on real patients: what five revisions of a structure teach about the others.

The spoiled parent of the loop's proof (`loop_parts`) draws patients of `openkbp-pool` that it never
saw: its left parotid leaks, its mandible is truncated. Five of them are revised to the clinical
contour, the others get proposals; again for several draws of the five. Organs without a systematic
error: the clinical contour moved by a smooth random field of its own in each patient (as two
people differ, `loop_parts/spread.py`), revised to the clinical one; whatever is proposed is false.

Dice is against the clinical contour, on the CT's own voxels; the possible gain is 1 - Dice. Times
are processor time of one thread. The parent comes from a kept run of `benchmarks/loop.py`, or is
trained as there (about 25 minutes).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from loop import FULL
from loop_parts.data import ORGANS, SPOILED, build_study, list_patients, read_masks, split_patients
from loop_parts.measuring import TILE_STEP
from loop_parts.plan import Plan
from loop_parts.progress import Progress
from loop_parts.spread import find_height, measure_raters, redraw
from loop_parts.stages import use_one_thread
from loop_parts.training import locate_parent, train_parent

from han5k_review.imaging.ct_files import read_ct
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.metrics import measure_pair
from han5k_review.proposing.box import build_box, carry_back, thin
from han5k_review.proposing.learning import Learned, Lesson, learn, propose
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.network.predicting.open_models import open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_case
from han5k_review.store.study import Study, open_study

REVISED = 5
WORSE = 0.02
_TUNED_ON = 4
CALM = tuple(name for name in ORGANS if name not in SPOILED)


@dataclass(frozen=True, kw_only=True)
class Patient:
    """A CT, its clinical contours, and what the parent drew."""

    number: str
    volume: CtVolume
    clinical: Mapping[str, StructureMask]
    drawn: Mapping[str, StructureMask]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One contour as it was drawn, beside the clinical one, and the lesson that revising it is."""

    clinical: StructureMask
    drawn: StructureMask
    lesson: Lesson


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One contour that might get a proposal: its Dice, the gain in Dice (0 where none was made)."""

    dice: float
    gain: float
    is_proposed: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Round:
    """One draw of the revised patients: seconds to learn, and what came of the others."""

    learn_seconds: float
    looked: tuple[Looked, ...]


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """All rounds of one structure."""

    rounds: tuple[Round, ...]

    @property
    def looked(self) -> list[Looked]:
        return [one for each in self.rounds for one in each.looked]

    @property
    def dice(self) -> float:
        return float(np.mean([one.dice for one in self.looked]))

    @property
    def gain(self) -> float:
        return float(np.mean([one.gain for one in self.looked]))

    @property
    def share(self) -> float:
        """Of the possible gain."""
        return self.gain / (1 - self.dice)

    @property
    def proposed(self) -> float:
        return float(np.mean([one.is_proposed for one in self.looked]))

    @property
    def worse(self) -> float:
        """Of the proposals, those that lose more than `WORSE`."""
        made = [one.gain < -WORSE for one in self.looked if one.is_proposed]
        return float(np.mean(made)) if made else 0.0

    @property
    def learn_seconds(self) -> float:
        return max(one.learn_seconds for one in self.rounds)

    @property
    def propose_seconds(self) -> float:
        return max(one.seconds for one in self.looked)


def measure_proposals(
    shared: Path,
    root: Path,
    keep: Path | None,
    draws: int,
    patients: int | None = None,
    plan: Plan = FULL,
) -> tuple[dict[str, Proposals], dict[str, Proposals]]:
    """Structure -> rounds: those with a systematic error, and those without.

    `root`: a folder to work in; `keep`: a kept run of the loop's proof, which is only read.
    """
    use_one_thread()
    split = split_patients(shared / "openkbp", shared / "openkbp-pool", FULL.sizes)
    parent = locate_parent(*open_parent(shared, root, keep, plan))
    pool = shared / "openkbp-pool"
    numbers = [n for n in list_patients(pool) if n not in split.monitor][:patients]
    seen = list(_draw(parent, pool, numbers))
    spoiled = {name: _run(_list_drawn(seen, name), draws) for name in SPOILED}
    raters = measure_raters(shared / "deepmind-hn", CALM)
    calm = {name: _run(_list_moved(seen, name, raters[name]), draws) for name in CALM}
    return spoiled, calm


def open_parent(
    shared: Path, root: Path, keep: Path | None, plan: Plan = FULL
) -> tuple[Study, int]:
    """A study with the spoiled parent, and the parent's id: a copy of a kept run's, or trained."""
    if keep is not None:
        source = keep / "base" / "study"
        copy = Path(shutil.copytree(source, root / "parent", ignore=shutil.ignore_patterns("runs")))
        known = json.loads((keep / "review.json").read_text())
        return open_study(copy), int(known["parent_id"])
    split = split_patients(shared / "openkbp", shared / "openkbp-pool", plan.sizes)
    study = build_study(root / "base", split)
    return study, train_parent(study, plan.lengths, Progress())


def _draw(parent: ModelFolder, folder: Path, numbers: Sequence[str]) -> Iterator[Patient]:
    model = open_model(parent, "cpu", TILE_STEP)
    for number in numbers:
        volume = read_ct(folder / f"pt_{number}_ct.nii.gz")
        yield Patient(
            number=number,
            volume=volume,
            clinical=read_masks(folder, number, volume.grid),
            drawn=predict_case(model, volume),
        )


def _list_drawn(patients: Sequence[Patient], name: str) -> list[Site]:
    """What the parent drew of a structure."""
    return [
        _build_site(one, name, one.drawn[name])
        for one in patients
        if name in one.clinical and not one.drawn[name].is_empty
    ]


def _list_moved(patients: Sequence[Patient], name: str, apart_mm: float) -> list[Site]:
    """The clinical contour moved at random, in each patient another way."""
    known = [one for one in patients if name in one.clinical]
    height = find_height([one.clinical[name] for one in known[:_TUNED_ON]], apart_mm, 1)
    return [
        _build_site(one, name, redraw(one.clinical[name], height, int(one.number))) for one in known
    ]


def _build_site(patient: Patient, name: str, drawn: StructureMask) -> Site:
    clinical = patient.clinical[name]
    box = build_box(drawn, patient.volume)
    return Site(clinical=clinical, drawn=drawn, lesson=Lesson(box=box, revised=thin(clinical, box)))


def _run(sites: Sequence[Site], draws: int) -> Proposals:
    """No round where the revised ones leave nobody to look at."""
    if len(sites) <= REVISED:
        return Proposals(rounds=())
    return Proposals(rounds=tuple(_run_once(sites, draw) for draw in range(draws)))


def _run_once(sites: Sequence[Site], draw: int) -> Round:
    order = np.random.default_rng(draw).permutation(len(sites))
    started = time.process_time()
    learned = learn([sites[n].lesson for n in order[:REVISED]])
    took = time.process_time() - started
    looked = tuple(_look(learned, sites[n]) for n in order[REVISED:])
    return Round(learn_seconds=took, looked=looked)


def _look(learned: Learned, site: Site) -> Looked:
    before = after = site.drawn
    started = time.process_time()
    if learned.is_systematic:
        proposed = propose(learned, site.lesson.box)
        if proposed.lowest_gain > 0:
            after = carry_back(proposed.found, site.lesson.box, before)
    seconds = time.process_time() - started
    dice = [_measure(site.clinical, one) for one in (before, after)]
    return Looked(
        dice=dice[0],
        gain=dice[1] - dice[0],
        is_proposed=after.sha256 != before.sha256,
        seconds=seconds,
    )


def _measure(reference: StructureMask, drawn: StructureMask) -> float:
    return float(measure_pair(reference, drawn, reference.grid.spacing_mm).dice)
