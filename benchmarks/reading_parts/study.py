"""The study of benchmarks/reading.py: many cases that share one synthetic CT and its contours.

Rows are inserted in bulk, so that 3,346 cases x 50 structures with grades, references and numbers
take seconds. Contours under review are real files, the same in each case. References are rows with
a hash of their own and no file: pages look at their numbers, and nobody opens them here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from han5k_review.accounts.passwords import hash_password
from han5k_review.importing.study import create_study
from han5k_review.store.engine import transaction
from han5k_review.store.run_tables import Metric
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader
from han5k_review.store.vocabulary import GradeLevel, Role
from han5k_review.study import read_study_catalogue
from rigs.bulk_rows import (
    Contour,
    add_rows,
    build_case,
    find_label,
    list_labels,
    list_numbers,
    put_contour,
)
from rigs.viewer_cases import patient_case

PASSWORD = "a benchmark's password"
COHORT = 3346
BEGAN = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
DONE_SHARE = 0.4  # of the reader's list, from its start: the next case is in the middle of it
_BLOCK = 200  # cases whose rows go in together


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
        put_contour(study, catalogue.get_structure(name), mask)
        for name, mask in patient.masks.items()
    ]
    numbers = range(1, cases + 1)
    with transaction(study.engine) as session:
        add_rows(session, Reader, _people())
        add_rows(session, Case, [build_case(n) | common for n in numbers])
        add_rows(session, Assignment, [_assignment(n) for n in numbers])
        for first in range(1, cases + 1, _BLOCK):
            block = range(first, min(first + _BLOCK, cases + 1))
            done = [n for n in block if n <= DONE_SHARE * cases]
            add_rows(
                session, LabelVersion, [row for n in block for row in list_labels(n, contours)]
            )
            add_rows(session, Grade, [row for n in done for row in _grades(n, contours)])
            add_rows(session, Metric, [row for n in block for row in list_numbers(n, contours)])
    return study


def _people() -> list[dict[str, Any]]:
    people = ((1, "anna", "R01", Role.READER), (2, "lead", "R02", Role.LEAD))
    password_hash = hash_password(PASSWORD)
    return [
        {"id": n, "name": name, "pseudonym": shown, "role": role, "password_hash": password_hash}
        for n, name, shown, role in people
    ]


def _assignment(n: int) -> dict[str, Any]:
    return {"id": n, "case_id": n, "reader_id": 1, "presentation_order": n}


def _grades(case: int, contours: list[Contour]) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(contours):
        yield {
            "assignment_id": case,
            "label_version_id": find_label(case, place, len(contours)),
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
