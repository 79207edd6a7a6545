"""Cases to look at, as a stored study: phantoms with known voxels, and a synthetic patient."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.demo.case import build_case
from han5k_review.demo.pseudo import build_pseudo_labels
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.review.assigning import assign_cases
from han5k_review.review.labels import list_under_review
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.store.vocabulary import LabelSource, Role
from han5k_review.study import grid_of
from rigs.databases import open_new_study
from rigs.studies import NOON, add_case, add_identity, add_label, add_reader
from rigs.viewer_desk import Desk

DATA = Path(__file__).resolve().parents[1] / "data"
LPS = (-1.0, -1.0, 1.0)
PEOPLE = {"anna": Role.READER, "ben": Role.READER, "lena": Role.LEAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCase:
    """One case: its CT, the contours under review, and their references where there are any.

    `resume`: structure and axial slice at which its reader stopped. `has_next`: the viewer learns
    which case comes next, so that it can fetch it. `shown`: what the page around it chooses.
    """

    ct: CtVolume
    masks: Mapping[str, StructureMask]
    references: Mapping[str, StructureMask]
    resume: tuple[str, int] | None = None
    has_next: bool = False
    shown: Mapping[str, object]


def lps_grid(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Grid:
    """A grid in LPS axes whose middle voxel is the origin."""
    affine = np.diag([*(s * d for s, d in zip(spacing, LPS, strict=True)), 1.0])
    affine[:3, 3] = -affine[:3, :3] @ np.array([n // 2 for n in shape])
    return Grid.from_affine(shape, affine)


def block_case(
    hu: NDArray[np.int16],
    grid: Grid,
    blocks: Mapping[str, tuple[slice, slice, slice]],
    *,
    references: Mapping[str, StructureMask] | None = None,
    resume: tuple[str, int] | None = None,
    has_next: bool = False,
    **shown: object,
) -> DeskCase:
    """A case whose structures are boxes of voxels; an empty slice makes an empty mask."""
    masks = {}
    for name, box in blocks.items():
        dense = np.zeros(grid.shape, dtype=bool)
        dense[box] = True
        masks[name] = StructureMask.from_dense(dense, grid)
    return DeskCase(
        ct=CtVolume(grid=grid, hu=hu),
        masks=masks,
        references=references or {},
        resume=resume,
        has_next=has_next,
        shown=shown,
    )


@cache
def patient_case(seed: int = 3) -> DeskCase:
    """A synthetic patient, 512 x 512 x about 120, all structures, pseudo-labels and references."""
    table = read_catalogue(DATA / "structures.csv")
    built = build_case(seed, table)
    pseudo = build_pseudo_labels(built, table, np.random.default_rng(seed))
    return DeskCase(
        ct=built.ct,
        masks={str(name): mask for name, mask in pseudo.masks.items()},
        references={str(name): mask for name, mask in built.references.items()},
        has_next=True,
        shown={},
    )


def write_plain_table(study: Study, names: Iterable[str]) -> None:
    """A structure table in this order, each structure without a partner, a hint or a title."""
    with (study.tables / "structures.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["order", "name", "group", "window", "color_rgb"])
        table.writerows([n, name, "1", "H&N soft", "224,90,58"] for n, name in enumerate(names, 1))


def store_cases(root: Path, cases: Sequence[DeskCase], *, is_plain: bool = True) -> Desk:
    """A study with these cases as anna's assignments 1, 2, ..., named HN-001, HN-002, ...

    Anna sees references. `is_plain`: a structure table of their structures and nothing else.
    """
    study = open_new_study(root)
    add_identity(study)
    if is_plain:
        write_plain_table(study, dict.fromkeys(name for case in cases for name in case.masks))
    with transaction(study.engine) as session:
        people = {name: add_reader(session, name, role) for name, role in PEOPLE.items()}
        tasks = assign_stored(
            session, study, people["anna"], {f"HN-{n:03d}": one for n, one in enumerate(cases, 1)}
        )
        shown = {
            stored_id(task): {**({} if case.has_next else {"next": None}), **case.shown}
            for task, case in zip(tasks, cases, strict=True)
        }
    return Desk(study=study, shown=shown)


def assign_stored(
    session: Session, study: Study, reader: Reader, cases: Mapping[str, DeskCase]
) -> Sequence[Assignment]:
    """Store cases under their names, and put them on the list of a reader who is not blinded."""
    rows = [_store(session, study, name, case) for name, case in cases.items()]
    assign_cases(session, reader=reader, cases=rows, actor="test", now=NOON)
    tasks = session.exec(
        select(Assignment).where(Assignment.reader_id == reader.id).order_by(col(Assignment.id))
    ).all()
    for task, case in zip(tasks, cases.values(), strict=True):
        task.blinded = False
        if case.resume is not None:
            task.resume_structure, task.resume_slice = case.resume
    return tasks


def bring_under_review(study: Study, structure: str) -> None:
    """Another contour of the first case comes under review, as a prediction does."""
    with transaction(study.engine) as session:
        now = list_under_review(session, 1)[structure]
        mask = study.labels.get_mask(now.mask_sha256, grid_of(case := session.get_one(Case, 1)))
        add_label(session, study, case, structure, mask, LabelSource.PREDICTION)


def _store(session: Session, study: Study, name: str, case: DeskCase) -> Case:
    image = study.volumes.put_volume(case.ct)
    row = add_case(session, name, case.ct.grid, image_sha256=image)
    for structure, mask in case.masks.items():
        add_label(session, study, row, structure, mask)
    for structure, mask in case.references.items():
        add_label(session, study, row, structure, mask, LabelSource.REFERENCE)
    return row
