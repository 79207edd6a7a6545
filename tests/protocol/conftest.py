"""A small study to plan: twelve cases of two structures with references, and four readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session, select

from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.protocol.rules import Protocol, StudyFacts
from han5k_review.review.grading import GradeOutcome, GradeRequest, submit_grade
from han5k_review.review.labels import list_shown
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Reader
from han5k_review.store.vocabulary import LabelSource
from han5k_review.study.scale import Scale, read_scale
from rigs.databases import open_new_study
from rigs.studies import (
    NOON,
    ROOT,
    add_case,
    add_identity,
    add_label,
    add_reader,
    make_box,
    make_grid,
)

STRUCTURES = ("BrainStem", "ParotidL")
CASES = 12
SCALE: Scale = read_scale(ROOT / "data" / "scales.csv", "han5k-3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The study and its readers by name."""

    study: Study
    readers: dict[str, int]

    def facts(self) -> StudyFacts:
        with reading(self.study.engine) as session:
            return read_facts(session, self.study)

    def set(self, protocol: Protocol, reason: str = "") -> int:
        with transaction(self.study.engine) as session:
            change = Change(actor="lead", now=NOON, reason=reason)
            return set_protocol(session, protocol, self.facts(), change=change).number

    def grade(self, session: Session, row: Assignment, structure: str, code: str) -> GradeOutcome:
        return submit_grade(
            session,
            assignment_id=stored_id(row),
            reader=session.get_one(Reader, row.reader_id),
            scale=SCALE,
            request=GradeRequest(
                request_id=f"request-{row.id}-{structure}-{code}",
                structure=structure,
                label_version_id=stored_id(list_shown(session, row)[structure]),
                code=code,
            ),
            now=NOON,
        )

    def list_reads(self, session: Session) -> list[Assignment]:
        query = select(Assignment).where(Assignment.protocol_id != None)  # noqa: E711
        return list(session.exec(query.order_by(Assignment.presentation_order)))  # type: ignore[arg-type]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    study = open_new_study(tmp_path / "study")
    add_identity(study)
    grid = make_grid((24, 24, 12))
    with transaction(study.engine) as session:
        for number in range(CASES):
            case = add_case(session, f"HN-{number:03d}", grid)
            for place, name in enumerate(STRUCTURES):
                mask = make_box(grid, (4 + place, 14 + place), (6, 16), (2, 9))
                add_label(session, study, case, name, mask)
                add_label(
                    session,
                    study,
                    case,
                    name,
                    make_box(grid, (4 + place, 15), (6, 16), (2, 9)),
                    LabelSource.REFERENCE,
                )
        readers = {
            name: stored_id(add_reader(session, name)) for name in ("anna", "ben", "carla", "dora")
        }
    yield Room(study=study, readers=readers)
    study.engine.dispose()
