"""The rows of a cohort as they stand in its tables: the same for the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from han5k_review.store.vocabulary import (
    GradeLevel,
    Role,
    SignatureAct,
    TriageKind,
)
from rigs.bulk_rows import Contour, find_label

COHORT, STRUCTURES, READERS, READS = 3346, 49, 12, 2
UNGRADED = 2  # cases at the end of the list
BEGAN = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
_LEAD = READERS + 1
_CHANGED = 50
_CODES = (("no", GradeLevel.NO), ("minor", GradeLevel.MINOR), ("major", GradeLevel.MAJOR))
_SHARES = (0.62, 0.30, 0.08)  # of the levels, over all structures


def read_id(case: int, read: int) -> int:
    return (case - 1) * READS + read + 1


def choose_reader(case: int, read: int) -> int:
    """Two different readers of each case; every pair of readers meets."""
    first = case % READERS
    step = 1 + (case // READERS) % (READERS - 1)
    return (first + read * step) % READERS + 1


def list_people() -> list[dict[str, Any]]:
    readers = [(n, f"reader {n}", f"R{n:02}", Role.READER) for n in range(1, READERS + 1)]
    return [
        {"id": n, "name": name, "pseudonym": shown, "role": role, "password_hash": "-"}
        for n, name, shown, role in [*readers, (_LEAD, "lead", f"R{_LEAD:02}", Role.LEAD)]
    ]


def build_round(contours: int) -> dict[str, Any]:
    return {
        "id": 1,
        "version": "benchmark",
        "kind": TriageKind.COHORT,
        "content_sha256": "0" * 64,
        "contours": contours,
        "graded": 0,
        "actor": "lead",
        "made_at_utc": BEGAN - timedelta(days=1),
    }


def build_read(case: int, read: int, protocol: int) -> dict[str, Any]:
    number = read_id(case, read)
    return {
        "id": number,
        "case_id": case,
        "reader_id": choose_reader(case, read),
        "presentation_order": number,
        "protocol_id": protocol,
        "alias": f"{number * 7919 % 1_000_003:06}",
    }


def list_shown(case: int, contours: list[Contour]) -> Iterator[dict[str, Any]]:
    for read in range(READS):
        for place, one in enumerate(contours):
            yield {
                "assignment_id": read_id(case, read),
                "structure": one.structure,
                "label_version_id": find_label(case, place, STRUCTURES),
            }


def _grade_id(case: int, read: int, place: int) -> int:
    return ((case - 1) * READS + read) * STRUCTURES + place + 1


def list_grades(case: int, contours: list[Contour]) -> Iterator[dict[str, Any]]:
    """First grades; every fiftieth was changed afterwards (ids of changes lie far above)."""
    rng = np.random.default_rng(case)
    true = rng.choice(3, len(contours), p=_SHARES)
    for read in range(READS):
        other = rng.choice(3, len(contours), p=_SHARES)
        levels = np.where(rng.random(len(contours)) < 0.7, true, other)
        seconds = rng.gamma(2.0, 4.0, len(contours))
        for place, one in enumerate(contours):
            number = _grade_id(case, read, place)
            row = {
                "id": number,
                "assignment_id": read_id(case, read),
                "label_version_id": find_label(case, place, STRUCTURES),
                "structure": one.structure,
                "scale": "han5k-3",
                "raw_code": _CODES[levels[place]][0],
                "level": _CODES[levels[place]][1],
                "tags": ["over"] if levels[place] == 2 else [],
                "flagged_slices": [3] if levels[place] == 2 else [],
                "confidence": 1 + number % 5,
                "graded_at_utc": BEGAN + timedelta(minutes=10 * case, seconds=5 * place),
                "active_seconds": float(seconds[place]),
                "supersedes_id": None,
                "request_id": f"first-{number}",
            }
            yield row
            if number % _CHANGED == 0:
                yield row | {
                    "id": number + 1_000_000,
                    "raw_code": "minor",
                    "level": GradeLevel.MINOR,
                    "graded_at_utc": row["graded_at_utc"] + timedelta(minutes=3),
                    "supersedes_id": number,
                    "request_id": f"again-{number}",
                }


def build_signature(case: int, read: int) -> dict[str, Any]:
    reader = choose_reader(case, read)
    return {
        "assignment_id": read_id(case, read),
        "act": SignatureAct.SIGNED,
        "by_id": reader,
        "signer": f"reader {reader}",
        "meaning": "benchmark",
        "grades": STRUCTURES,
        "grades_sha256": "0" * 64,
        "at_utc": BEGAN + timedelta(minutes=10 * case + 9),
    }


def list_scores(case: int) -> Iterator[dict[str, Any]]:
    doubts = np.random.default_rng(case + 10_000).random(STRUCTURES)
    for place in range(STRUCTURES):
        doubtful = bool(doubts[place] > 0.95)
        yield {
            "round_id": 1,
            "label_version_id": find_label(case, place, STRUCTURES),
            "doubt": float(doubts[place]),
            "is_doubtful": doubtful,
            "reasons": ["Its volume is unusual."] if doubtful else [],
        }
