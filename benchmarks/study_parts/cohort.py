"""A reader study of any size, written straight into its database.

Every case has the same small masks, two contours of each structure (under review and reference)
with their numbers, a score of triage, and two reads of a blinded protocol by two of twelve readers,
who disagree as people do. One grade of fifty was changed. All reads are signed but the last tenth;
the last two cases wait to be graded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from benchmarks.study_parts.cohort_rows import (
    BEGAN,
    READS,
    STRUCTURES,
    UNGRADED,
    build_read,
    build_round,
    build_signature,
    choose_reader,
    list_grades,
    list_people,
    list_scores,
    list_shown,
    read_id,
)
from han5k_review.importing.study import create_study
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
    Preset,
)
from han5k_review.study import read_study_catalogue
from rigs.bulk_rows import (
    Contour,
    add_rows,
    build_case,
    list_labels,
    list_numbers,
    put_contour,
)
from rigs.studies import make_box, make_grid

_BLOCK = 200  # cases whose rows go in together


def build_cohort(root: Path, cases: int, database_url: str | None = None) -> Study:
    """A study of `cases` that were all read by two readers, on SQLite or at `database_url`."""
    study = create_study(root, "A whole cohort", now_utc=BEGAN, database_url=database_url)
    grid = make_grid((24, 24, 12))
    contours = []
    for place, one in enumerate([*read_study_catalogue(study)][:STRUCTURES]):
        mask = make_box(grid, (2, 5 + place // 7), (3, 6 + place % 7), (2, 9))
        contours.append(put_contour(study, one, mask))
    place_of = {
        "shape_ijk": list(grid.shape),
        "affine_ras": [list(line) for line in grid.affine_ras],
    }
    with transaction(study.engine) as session:
        add_rows(session, Reader, list_people())
        add_rows(session, Case, (_case(n) | place_of for n in range(1, cases + 1)))
        add_rows(session, TriageRound, [build_round(cases * STRUCTURES)])
    blocks = [range(n, min(n + _BLOCK, cases + 1)) for n in range(1, cases + 1, _BLOCK)]
    with transaction(study.engine) as session:
        for block in blocks:
            add_rows(
                session, LabelVersion, (row for n in block for row in list_labels(n, contours))
            )
    with transaction(study.engine) as session:
        protocol = _set_protocol(session, study)
        for block in blocks:
            _add_reads(session, block, cases, contours, protocol)
    _settle(study)
    return study


def _case(n: int) -> dict[str, Any]:
    return build_case(n) | {"image_sha256": f"{n:064x}"}


def list_waiting(cases: int) -> list[tuple[int, int]]:
    """(assignment id, reader id) of the reads that nobody has graded."""
    last = range(cases - UNGRADED + 1, cases + 1)
    return [(read_id(n, read), choose_reader(n, read)) for n in last for read in range(READS)]


def _add_reads(
    session: Session, block: range, cases: int, contours: list[Contour], protocol: int
) -> None:
    graded = [n for n in block if n <= cases - UNGRADED]
    signed = [n for n in graded if n <= 0.9 * cases]
    add_rows(session, Assignment, (build_read(n, r, protocol) for n in block for r in range(READS)))
    add_rows(session, ReadContour, (row for n in block for row in list_shown(n, contours)))
    add_rows(session, Grade, (row for n in graded for row in list_grades(n, contours)))
    add_rows(session, ReadSignature, (build_signature(n, r) for n in signed for r in range(READS)))
    add_rows(session, Metric, (row for n in block for row in list_numbers(n, contours)))
    add_rows(session, TriageScore, (row for n in block for row in list_scores(n)))


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


def _set_protocol(session: Session, study: Study) -> int:
    facts = read_facts(session, study)
    protocol = build_preset(Preset.TWO_READS, facts)
    row = set_protocol(
        session, protocol, facts, change=Change(actor="lead", now=BEGAN, reason="A whole cohort.")
    )
    assert row.id is not None
    return row.id
