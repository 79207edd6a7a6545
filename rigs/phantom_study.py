"""A small stored study of synthetic heads: pseudo-labels, grades, revisions, references."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.runs.plan import RunRequest
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import (
    Assignment,
    Case,
    Grade,
    LabelVersion,
    Reader,
    Revision,
    RevisionDecision,
)
from han5k_review.store.vocabulary import Decision, GradeLevel, LabelSource, Split
from rigs.databases import open_new_study
from rigs.studies import ROOT, add_case, add_label, add_reader, make_grid

TABLE = ROOT / "data" / "structures.csv"
CATALOGUE: Catalogue = read_catalogue(TABLE)
SHAPE = (40, 40, 24)
GRID = make_grid(SHAPE, (4.0, 4.0, 5.0))
# name: offset of the centre in voxels, radii in voxels, HU
ORGANS = {
    "BrainStem": ((0, 3, 2), (4, 4, 5), 90),
    "ParotidL": ((10, 2, -3), (3, 5, 5), -60),
    "ParotidR": ((-10, 2, -3), (3, 5, 5), -60),
}
TINY = {
    "epochs": 4,
    "iterations_per_epoch": 4,
    "monitor_iterations": 1,
    "base_features": 4,
    "memory_target_gb": 0.004,
}
"""Overrides that make a real training of seconds out of the smoke preset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One synthetic CT with the true masks of its organs."""

    volume: CtVolume
    masks: dict[str, StructureMask]


def build_head(seed: int) -> Head:
    """A body ellipsoid in air with three organs, a little different for each seed."""
    random = np.random.default_rng(seed)
    index = np.meshgrid(*(np.arange(n, dtype=float) for n in SHAPE), indexing="ij")
    middle = np.array(SHAPE) / 2 + random.uniform(-1, 1, 3)

    def ellipsoid(centre: NDArray[np.float64], radii: tuple[int, ...]) -> NDArray[np.bool_]:
        parts = [((a - c) / r) ** 2 for a, c, r in zip(index, centre, radii, strict=True)]
        return np.asarray(sum(parts) <= 1)

    hu = np.full(SHAPE, -1000.0)
    hu[ellipsoid(middle, (16, 17, 11))] = 20
    masks = {}
    for name, (offset, radii, value) in ORGANS.items():
        inside = ellipsoid(middle + offset + random.uniform(-0.5, 0.5, 3), radii)
        hu[inside] = value
        masks[name] = StructureMask.from_dense(inside, GRID)
    hu = gaussian_filter(hu, 0.5) + random.normal(0, 8, SHAPE)
    return Head(volume=CtVolume(grid=GRID, hu=hu.astype(np.int16)), masks=masks)


def cut_lower_half(mask: StructureMask) -> StructureMask:
    """What a network that stops too early would draw."""
    half = mask.voxels.copy()
    half[:, :, : half.shape[2] // 2] = False
    return StructureMask.from_box(half, mask.start_ijk, mask.grid)


def add_head(session: Session, study: Study, number: int, split: Split) -> tuple[Case, Head]:
    """Store a head as a case."""
    head = build_head(number)
    image = study.volumes.put_volume(head.volume)
    name, patient = f"HN-{number:03d}", f"P{number}"
    case = add_case(session, name, GRID, patient=patient, split=split, image_sha256=image)
    return case, head


def add_grade(
    session: Session, assignment: Assignment, label: LabelVersion, level: GradeLevel
) -> Grade:
    """Store a grade."""
    grade = Grade(
        assignment_id=stored_id(assignment),
        label_version_id=stored_id(label),
        structure=label.structure,
        scale="three_level",
        raw_code=level.value,
        level=level,
        request_id=f"{assignment.id}-{label.id}-{utc_now().timestamp()}",
    )
    session.add(grade)
    session.flush()
    return grade


def add_revision(
    session: Session,
    study: Study,
    case: Case,
    reviewed: LabelVersion,
    mask: StructureMask,
    reader: Reader,
    decision: Decision | None,
) -> Revision:
    """Store a revision and, when given, the word on it."""
    child = add_label(session, study, case, reviewed.structure, mask, LabelSource.REVISION)
    revision = Revision(
        label_version_id=stored_id(child),
        reviewed_id=stored_id(reviewed),
        reader_id=stored_id(reader),
    )
    session.add(revision)
    session.flush()
    if decision is not None:
        session.add(
            RevisionDecision(
                revision_id=stored_id(revision), decision=decision, decided_by_id=stored_id(reader)
            )
        )
        session.flush()
    return revision


def build_study(
    folder: Path, *, train: int = 3, held_out: int = 2, url: str | None = None
) -> Study:
    """Heads whose parotid pseudo-labels stop half way.

    Training: the brainstem is graded "no revision", the left parotid is revised and accepted, the
    right one is graded for revision and waits. Held out: references of all three.
    """
    study = open_new_study(folder, url)
    study.tables.mkdir()
    shutil.copy(TABLE, study.tables / "structures.csv")
    with transaction(study.engine) as session:
        reader = add_reader(session, "rita")
        for number in range(train + held_out):
            split = Split.TRAIN if number < train else Split.HELD_OUT
            case, head = add_head(session, study, number, split)
            assignment = Assignment(
                case_id=stored_id(case), reader_id=stored_id(reader), presentation_order=number
            )
            session.add(assignment)
            session.flush()
            for name, truth in head.masks.items():
                drawn = truth if name == "BrainStem" else cut_lower_half(truth)
                pseudo = add_label(session, study, case, name, drawn)
                if split is Split.HELD_OUT:
                    add_label(session, study, case, name, truth, LabelSource.REFERENCE)
                elif name == "BrainStem":
                    add_grade(session, assignment, pseudo, GradeLevel.NO)
                else:
                    add_grade(session, assignment, pseudo, GradeLevel.MAJOR)
                    if name == "ParotidL":
                        add_revision(session, study, case, pseudo, truth, reader, Decision.ACCEPTED)
    return study


def queue_run(study: Study, **asked: object) -> int:
    """Put a tiny run of label group 2 in the queue."""
    request = RunRequest(**{"group": "2", "overrides": TINY, **asked})  # type: ignore[arg-type]
    with transaction(study.engine) as session:
        run = request_run(session, study, CATALOGUE, request, requested_by=None, now=utc_now())
        return stored_id(run)
