"""Parts of small stored studies: cases, masks, label versions, accounts, tables, identity.

A test's own study is a few calls of these; what a row needs beside stands here once.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import Session

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, Reader, StudyInfo
from han5k_review.store.vocabulary import LabelSource, Role, Split

ROOT = Path(__file__).resolve().parents[1]
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TABLES = ("structures.csv", "scales.csv", "windows.csv")

Span = tuple[int, int]


def make_grid(
    shape_ijk: tuple[int, int, int], spacing_mm: tuple[float, float, float] = (2.0, 2.0, 3.0)
) -> Grid:
    """A grid in LPS axes whose first voxel is the origin."""
    i, j, k = spacing_mm
    return Grid.from_affine(shape_ijk, np.diag([-i, -j, k, 1.0]))


def make_box(grid: Grid, i: Span, j: Span, k: Span) -> StructureMask:
    """The voxels from the first index of each span up to the second."""
    dense = np.zeros(grid.shape, dtype=bool)
    dense[slice(*i), slice(*j), slice(*k)] = True
    return StructureMask.from_dense(dense, grid)


def add_case(session: Session, name: str, grid: Grid, **given: Any) -> Case:
    """A case of its own patient, in training, with the hash of no stored CT, unless `given`."""
    row = {
        "patient": name,
        "split": Split.TRAIN,
        "image_sha256": name.encode().hex().ljust(64, "0")[:64],
        "shape_ijk": list(grid.shape),
        "affine_ras": [list(line) for line in grid.affine_ras],
    }
    case = Case(name=name, **(row | given))
    session.add(case)
    session.flush()
    return case


def add_label(
    session: Session,
    study: Study,
    case: Case,
    structure: str,
    mask: StructureMask,
    source: LabelSource = LabelSource.PSEUDO,
    **given: Any,
) -> LabelVersion:
    """A stored mask and its row."""
    row = LabelVersion(
        case_id=stored_id(case),
        structure=structure,
        source=source,
        mask_sha256=study.labels.put_mask(mask),
        voxels=mask.voxel_count,
        volume_cc=mask.volume_cc,
        **given,
    )
    session.add(row)
    session.flush()
    return row


def add_reader(
    session: Session, name: str, role: Role = Role.READER, pseudonym: str | None = None
) -> Reader:
    """An account that nobody can sign in to."""
    reader = Reader(name=name, pseudonym=pseudonym or name.upper(), role=role, password_hash="-")
    session.add(reader)
    session.flush()
    return reader


def copy_tables(study: Study) -> None:
    """The project's own tables, without label maps."""
    study.tables.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        shutil.copy(ROOT / "data" / table, study.tables / table)


def add_identity(study: Study, name: str = "Grading study") -> None:
    """The study's tables, and the row that says who it is."""
    copy_tables(study)
    with transaction(study.engine) as session:
        session.add(
            StudyInfo(name=name, protocol_version="1.2", scale="han5k-3", created_at_utc=NOON)
        )
