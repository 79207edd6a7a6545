"""A reader study of any size, written straight into its database.

Every case has the same small masks, two contours of each structure (under review and reference)
with their numbers, a score of triage, and two reads of a blinded protocol by two of twelve readers,
who disagree as people do. One grade of fifty was changed. All reads are signed but the last tenth;
the last two cases wait to be graded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert, text
from sqlmodel import Session, SQLModel

from han5k_review.importing.study import create_study
from han5k_review.metrics import Definition
from han5k_review.metrics.definition import DEFINITION_VERSIONS
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.store.engine import transaction
from han5k_review.store.protocol_tables import ReadContour
from han5k_review.store.run_tables import Metric
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader
from han5k_review.store.triage_tables import TriageRound, TriageScore
from han5k_review.store.vocabulary import (
    GradeLevel,
    LabelSource,
    Preset,
    Role,
    SignatureAct,
    Split,
    TriageKind,
)
from han5k_review.study import read_study_catalogue
from rigs.studies import make_box, make_grid

COHORT, STRUCTURES, READERS, READS = 3346, 49, 12, 2
UNGRADED = 2  # cases at the end of the list
BEGAN = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
_LEAD = READERS + 1
_BLOCK = 200  # cases whose rows go in together
_CHANGED = 50
_CODES = (("no", GradeLevel.NO), ("minor", GradeLevel.MINOR), ("major", GradeLevel.MAJOR))
_SHARES = (0.62, 0.30, 0.08)  # of the levels, over all structures


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """One structure that every case has."""

    structure: str
    sha256: str
    voxels: int
    volume_cc: float
    tolerance_mm: float


def build_cohort(root: Path, cases: int, database_url: str | None = None) -> Study:
    """A study of `cases` that were all read by two readers, on SQLite or at `database_url`."""
    study = create_study(root, "A whole cohort", now_utc=BEGAN, database_url=database_url)
    grid = make_grid((24, 24, 12))
    contours = []
    for place, one in enumerate([*read_study_catalogue(study)][:STRUCTURES]):
        mask = make_box(grid, (2, 5 + place // 7), (3, 6 + place % 7), (2, 9))
        contours.append(
            Contour(
                structure=str(one.name),
                sha256=study.labels.put_mask(mask),
                voxels=mask.voxel_count,
                volume_cc=mask.volume_cc,
                tolerance_mm=one.tolerance_mm,
            )
        )
    place_of = {
        "shape_ijk": list(grid.shape),
        "affine_ras": [list(line) for line in grid.affine_ras],
    }
    with transaction(study.engine) as session:
        _add(session, Reader, _people())
        _add(session, Case, (_case(n) | place_of for n in range(1, cases + 1)))
        _add(session, TriageRound, [_round(cases * STRUCTURES)])
    blocks = [range(n, min(n + _BLOCK, cases + 1)) for n in range(1, cases + 1, _BLOCK)]
    with transaction(study.engine) as session:
        for block in blocks:
            _add(session, LabelVersion, (row for n in block for row in _labels(n, contours)))
    with transaction(study.engine) as session:
        protocol = _set_protocol(session, study)
        for block in blocks:
            _add_reads(session, block, cases, contours, protocol)
    _settle(study)
    return study


def list_waiting(cases: int) -> list[tuple[int, int]]:
    """(assignment id, reader id) of the reads that nobody has graded."""
    last = range(cases - UNGRADED + 1, cases + 1)
    return [(_read_id(n, read), _reader(n, read)) for n in last for read in range(READS)]


def find_label(case: int, place: int) -> int:
    """Id of the contour under review of the structure at this place."""
    return (case - 1) * 2 * STRUCTURES + place + 1


def _read_id(case: int, read: int) -> int:
    return (case - 1) * READS + read + 1


def _reader(case: int, read: int) -> int:
    """Two different readers of each case; every pair of readers meets."""
    first = case % READERS
    step = 1 + (case // READERS) % (READERS - 1)
    return (first + read * step) % READERS + 1


def _add_reads(
    session: Session, block: range, cases: int, contours: list[Contour], protocol: int
) -> None:
    graded = [n for n in block if n <= cases - UNGRADED]
    signed = [n for n in graded if n <= 0.9 * cases]
    _add(session, Assignment, (_read(n, r, protocol) for n in block for r in range(READS)))
    _add(session, ReadContour, (row for n in block for row in _shown(n, contours)))
    _add(session, Grade, (row for n in graded for row in _grades(n, contours)))
    _add(session, ReadSignature, (_signature(n, r) for n in signed for r in range(READS)))
    _add(session, Metric, (row for n in block for row in _numbers(n, contours)))
    _add(session, TriageScore, (row for n in block for row in _scores(n)))


def _add(session: Session, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while part := list(islice(left, 10_000)):
        session.connection().execute(insert(table), part)


def _settle(study: Study) -> None:
    """What PostgreSQL does by itself a minute later: its next ids, and what it knows of sizes."""
    if study.engine.dialect.name != "postgresql":
        return
    named = (Reader, Case, LabelVersion, Assignment, Grade, TriageRound)
    with study.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (str(one.__tablename__) for one in named):
            newest = f"(SELECT max(id) FROM {table})"
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {newest})")
            )
        connection.execute(text("ANALYZE"))


def _people() -> list[dict[str, Any]]:
    readers = [(n, f"reader {n}", f"R{n:02}", Role.READER) for n in range(1, READERS + 1)]
    return [
        {"id": n, "name": name, "pseudonym": shown, "role": role, "password_hash": "-"}
        for n, name, shown, role in [*readers, (_LEAD, "lead", f"R{_LEAD:02}", Role.LEAD)]
    ]


def _case(n: int) -> dict[str, Any]:
    split = Split.HELD_OUT if n % 10 == 0 else Split.TRAIN
    return {
        "id": n,
        "name": f"HN-{n:04}",
        "patient": f"P{n:04}",
        "split": split,
        "image_sha256": f"{n:064x}",
    }


def _set_protocol(session: Session, study: Study) -> int:
    facts = read_facts(session, study)
    protocol = build_preset(Preset.TWO_READS, facts)
    row = set_protocol(
        session, protocol, facts, change=Change(actor="lead", now=BEGAN, reason="A whole cohort.")
    )
    assert row.id is not None
    return row.id


def _round(contours: int) -> dict[str, Any]:
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


def _read(case: int, read: int, protocol: int) -> dict[str, Any]:
    number = _read_id(case, read)
    return {
        "id": number,
        "case_id": case,
        "reader_id": _reader(case, read),
        "presentation_order": number,
        "protocol_id": protocol,
        "alias": f"{number * 7919 % 1_000_003:06}",
    }


def _labels(case: int, contours: list[Contour]) -> Iterator[dict[str, Any]]:
    """The contours under review, then their references."""
    for source, shift in ((LabelSource.PSEUDO, 0), (LabelSource.REFERENCE, STRUCTURES)):
        for place, one in enumerate(contours):
            is_reference = source is LabelSource.REFERENCE
            yield {
                "id": find_label(case, place) + shift,
                "case_id": case,
                "structure": one.structure,
                "source": source,
                "mask_sha256": _reference(case, place) if is_reference else one.sha256,
                "voxels": one.voxels,
                "volume_cc": one.volume_cc,
            }


def _reference(case: int, place: int) -> str:
    return f"{case:08x}{place:08x}".ljust(64, "0")


def _shown(case: int, contours: list[Contour]) -> Iterator[dict[str, Any]]:
    for read in range(READS):
        for place, one in enumerate(contours):
            yield {
                "assignment_id": _read_id(case, read),
                "structure": one.structure,
                "label_version_id": find_label(case, place),
            }


def _grade_id(case: int, read: int, place: int) -> int:
    return ((case - 1) * READS + read) * STRUCTURES + place + 1


def _grades(case: int, contours: list[Contour]) -> Iterator[dict[str, Any]]:
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
                "assignment_id": _read_id(case, read),
                "label_version_id": find_label(case, place),
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


def _signature(case: int, read: int) -> dict[str, Any]:
    reader = _reader(case, read)
    return {
        "assignment_id": _read_id(case, read),
        "act": SignatureAct.SIGNED,
        "by_id": reader,
        "signer": f"reader {reader}",
        "meaning": "benchmark",
        "grades": STRUCTURES,
        "grades_sha256": "0" * 64,
        "at_utc": BEGAN + timedelta(minutes=10 * case + 9),
    }


def _scores(case: int) -> Iterator[dict[str, Any]]:
    doubts = np.random.default_rng(case + 10_000).random(STRUCTURES)
    for place in range(STRUCTURES):
        doubtful = bool(doubts[place] > 0.95)
        yield {
            "round_id": 1,
            "label_version_id": find_label(case, place),
            "doubt": float(doubts[place]),
            "is_doubtful": doubtful,
            "reasons": ["Its volume is unusual."] if doubtful else [],
        }


def _numbers(case: int, contours: list[Contour]) -> Iterator[dict[str, Any]]:
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
