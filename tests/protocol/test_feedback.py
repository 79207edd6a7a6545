"""Training: a calibration grade is answered by the consensus, and never a counted one."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, select

from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.review.assigning import NewRead, append_reads, assign_cases
from han5k_review.review.feedback import Feedback, FeedbackKind, find_feedback
from han5k_review.review.labels import list_shown
from han5k_review.review.vigilance import measure_vigilance
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.store.vocabulary import Preset
from rigs.studies import NOON
from tests.protocol.conftest import SCALE, Room


def answer(room: Room, session: Session, row: Assignment, code: str) -> Feedback | None:
    given = room.grade(session, row, "BrainStem", code).grade
    return find_feedback(session, room.study, given, SCALE)


def test_feedback_is_the_majority_else_the_reference_and_only_in_calibration(room: Room) -> None:
    room.set(
        replace(
            build_preset(Preset.TRAINING, room.facts()),
            calibration_cases=("HN-001", "HN-002"),
        )
    )
    with transaction(room.study.engine) as session:
        wish = ReadWish(reader_ids=(room.readers["anna"],))
        plan = plan_reads(session, wish)
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
        learned, second = room.list_reads(session)
        first = answer(room, session, learned, "no")
        assert first is not None
        assert first.kind is FeedbackKind.REFERENCE
        # Boxes of 10 and 11 columns: Dice 20 / 21.
        assert "differs: Dice 0.95" in first.sentence
        known = session.get_one(Case, learned.case_id)
        for name in ("ben", "carla"):
            reader = session.get_one(Reader, room.readers[name])
            assign_cases(session, reader=reader, cases=[known], actor="lead", now=NOON)
            counted = session.exec(
                select(Assignment).where(Assignment.reader_id == reader.id)
            ).one()
            assert answer(room, session, counted, "minor") is None
        again = answer(room, session, learned, "major")
        assert again is not None
        assert (again.kind, again.agrees) == (FeedbackKind.MAJORITY, False)
        assert "Minor revision" in again.sentence
        append_reads(session, second.reader_id, [NewRead(case_id=second.case_id)], now=NOON)
        assert answer(room, session, second, "no") is None  # she reads it for the study, too


def test_vigilance_is_the_share_of_planted_errors_with_its_exact_interval(room: Room) -> None:
    room.set(replace(build_preset(Preset.ACCEPTANCE, room.facts()), planted_share=0.2))
    with transaction(room.study.engine) as session:
        wish = ReadWish(reader_ids=(room.readers["anna"],))
        plan = plan_reads(session, wish)
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
        found = 0
        for row in room.list_reads(session):
            for structure, label in list_shown(session, row).items():
                is_found = label.source == "planted" and found < 4
                room.grade(session, row, structure, "major" if is_found else "no")
                found += is_found
        vigilance = measure_vigilance(session)[room.readers["anna"]]
    assert (vigilance.found, vigilance.planted) == (4, 5)  # a fifth of 24 contours
    interval = vigilance.estimate.interval
    assert interval is not None
    # Clopper-Pearson of 4 of 5, from published tables: 28.4 % to 99.5 %.
    assert (round(interval.low, 3), round(interval.high, 3)) == (0.284, 0.995)
