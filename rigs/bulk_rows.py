"""Rows of a made-up cohort put in together: thousands of cases in seconds, the same each time.

Every case has the same contours, whose files are the same; references have hashes of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from han5k_review.anatomy.structure import Structure
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import Definition
from han5k_review.metrics.definition import DEFINITION_VERSIONS
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import LabelSource, Split

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """One structure that every case has."""

    structure: str
    sha256: str
    voxels: int
    volume_cc: float
    tolerance_mm: float


def put_contour(study: Study, structure: Structure, mask: StructureMask) -> Contour:
    """The mask as a file of the study, and what rows say of it."""
    return Contour(
        structure=str(structure.name),
        sha256=study.labels.put_mask(mask),
        voxels=mask.voxel_count,
        volume_cc=mask.volume_cc,
        tolerance_mm=structure.tolerance_mm,
    )


def add_rows(session: Session, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Insert all of them."""
    left = iter(rows)
    while part := list(islice(left, _AT_ONCE)):
        session.connection().execute(insert(table), part)


def build_case(n: int) -> dict[str, Any]:
    """Case `n`, counted from 1: every tenth patient is held out."""
    split = Split.HELD_OUT if n % 10 == 0 else Split.TRAIN
    return {"id": n, "name": f"HN-{n:04}", "patient": f"P{n:04}", "split": split}


def find_label(case: int, place: int, contours: int) -> int:
    """Id of the contour under review of the structure at this place, of so many."""
    return (case - 1) * 2 * contours + place + 1


def list_labels(case: int, contours: Sequence[Contour]) -> Iterator[dict[str, Any]]:
    """The contours under review, then their references."""
    for source, shift in ((LabelSource.PSEUDO, 0), (LabelSource.REFERENCE, len(contours))):
        for place, one in enumerate(contours):
            is_reference = source is LabelSource.REFERENCE
            yield {
                "id": find_label(case, place, len(contours)) + shift,
                "case_id": case,
                "structure": one.structure,
                "source": source,
                "mask_sha256": _reference(case, place) if is_reference else one.sha256,
                "voxels": one.voxels,
                "volume_cc": one.volume_cc,
            }


def list_numbers(case: int, contours: Sequence[Contour]) -> Iterator[dict[str, Any]]:
    """The numbers of each contour against its reference."""
    dice = np.random.default_rng(case + 20_000).beta(20, 3, len(contours))
    for place, one in enumerate(contours):
        yield {
            "reference_sha256": _reference(case, place),
            "prediction_sha256": one.sha256,
            "definition": Definition.SURFEL.value,
            "definition_version": DEFINITION_VERSIONS[Definition.SURFEL],
            "tolerance_mm": one.tolerance_mm,
            "dice": float(dice[place]),
            "hd95_mm": float(20 * (1 - dice[place])),
            "surface_dice": float(dice[place]),
            "masd_mm": float(4 * (1 - dice[place])),
            "volume_reference_cc": one.volume_cc,
            "volume_prediction_cc": one.volume_cc,
            "vrd": 0.1,
            "software_version": "benchmark",
        }


def _reference(case: int, place: int) -> str:
    return f"{case:08x}{place:08x}".ljust(64, "0")
