"""The study of benchmarks/reading.py: many cases that share one synthetic CT and its contours.

Rows are inserted in bulk, so that 3,346 cases x 50 structures with grades, references and numbers
take seconds. Contours under review are real files, the same in each case. References are rows with
a hash of their own and no file: pages look at their numbers, and nobody opens them here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from han5k_review.accounts.passwords import hash_password
from han5k_review.importing.study import create_study
from han5k_review.metrics import Definition
from han5k_review.metrics.definition import DEFINITION_VERSIONS
from han5k_review.store.engine import transaction
from han5k_review.store.run_tables import Metric
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader
from han5k_review.store.vocabulary import GradeLevel, LabelSource, Role, Split
from han5k_review.study import read_study_catalogue
from rigs.viewer_cases import patient_case

PASSWORD = "a benchmark's password"
COHORT = 3346
BEGAN = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
DONE_SHARE = 0.4  # of the reader's list, from its start: the next case is in the middle of it
_BLOCK = 200  # cases whose rows go in together


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contour:
    """One structure that every case has."""

    structure: str
    sha256: str
    voxels: int
    volume_cc: float
    tolerance_mm: float


def build_reading_study(root: Path, cases: int) -> Study:
    """A study of `cases` on the list of `anna`, 40 % of them graded; `lead` leads it."""
    study = create_study(root, "Reading benchmark", now_utc=BEGAN)
    catalogue = read_study_catalogue(study)
    patient = patient_case(3)
    grid = patient.ct.grid
    common = {
        "image_sha256": study.volumes.put_volume(patient.ct),
        "shape_ijk": list(grid.shape),
        "affine_ras": [list(line) for line in grid.affine_ras],
    }
    contours = [
        _Contour(
            structure=str(name),
            sha256=study.labels.put_mask(mask),
            voxels=mask.voxel_count,
            volume_cc=mask.volume_cc,
            tolerance_mm=catalogue.get_structure(name).tolerance_mm,
        )
        for name, mask in patient.masks.items()
    ]
    numbers = range(1, cases + 1)
    with transaction(study.engine) as session:
        _add(session, Reader, _people())
        _add(session, Case, [_case(n) | common for n in numbers])
        _add(session, Assignment, [_assignment(n) for n in numbers])
        for first in range(1, cases + 1, _BLOCK):
            block = range(first, min(first + _BLOCK, cases + 1))
            done = [n for n in block if n <= DONE_SHARE * cases]
            _add(session, LabelVersion, [row for n in block for row in _labels(n, contours)])
            _add(session, Grade, [row for n in done for row in _grades(n, contours)])
            _add(session, Metric, [row for n in block for row in _numbers(n, contours)])
    return study


def _add(session: Session, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.connection().execute(insert(table), rows)


def _people() -> list[dict[str, Any]]:
    people = ((1, "anna", "R01", Role.READER), (2, "lead", "R02", Role.LEAD))
    password_hash = hash_password(PASSWORD)
    return [
        {"id": n, "name": name, "pseudonym": shown, "role": role, "password_hash": password_hash}
        for n, name, shown, role in people
    ]


def _case(n: int) -> dict[str, Any]:
    split = Split.HELD_OUT if n % 10 == 0 else Split.TRAIN
    return {"id": n, "name": f"HN-{n:04}", "patient": f"P{n:04}", "split": split}


def _assignment(n: int) -> dict[str, Any]:
    return {"id": n, "case_id": n, "reader_id": 1, "presentation_order": n}


def _first_id(case: int, contours: list[_Contour]) -> int:
    return (case - 1) * 2 * len(contours) + 1


def _labels(case: int, contours: list[_Contour]) -> Iterator[dict[str, Any]]:
    """The contours under review, then their references."""
    hashes = {
        LabelSource.PSEUDO: [one.sha256 for one in contours],
        LabelSource.REFERENCE: [_reference(case, place) for place in range(len(contours))],
    }
    number = _first_id(case, contours)
    for source, sha256s in hashes.items():
        for one, sha256 in zip(contours, sha256s, strict=True):
            yield {
                "id": number,
                "case_id": case,
                "structure": one.structure,
                "source": source,
                "mask_sha256": sha256,
                "voxels": one.voxels,
                "volume_cc": one.volume_cc,
            }
            number += 1


def _reference(case: int, place: int) -> str:
    return f"{case:08x}{place:08x}".ljust(64, "0")


def _grades(case: int, contours: list[_Contour]) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(contours):
        yield {
            "assignment_id": case,
            "label_version_id": _first_id(case, contours) + place,
            "structure": one.structure,
            "scale": "han5k-3",
            "raw_code": "no",
            "level": GradeLevel.NO,
            "tags": [],
            "flagged_slices": [],
            "graded_at_utc": BEGAN + timedelta(minutes=10 * case, seconds=5 * place),
            "active_seconds": 4.0,
            "request_id": f"{case}-{place}",
        }


def _numbers(case: int, contours: list[_Contour]) -> Iterator[dict[str, Any]]:
    dice = np.random.default_rng(case).beta(20, 3, len(contours))
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
