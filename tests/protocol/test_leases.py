"""A begun read is its reader's for the days of the protocol; then what is left goes to another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlmodel import Session, col, select

from han5k_review.protocol.lease_watch import LeaseWatch, list_freed
from han5k_review.protocol.leases import list_expired, list_leases, return_expired
from han5k_review.protocol.presets import build_preset
from han5k_review.review.assignment import list_worklist
from han5k_review.review.grading import list_current_grades
from han5k_review.review.labels import list_shown
from han5k_review.store.draft_tables import Draft
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Grade
from han5k_review.store.vocabulary import DraftState, Preset
from rigs.studies import NOON
from tests.protocol.conftest import STRUCTURES, Room
from tests.protocol.test_reads import assign, finish

LATE = NOON + timedelta(days=7)


def begin(room: Room, session: Session, *names: str) -> Assignment:
    """Both structures of a first read are open; one of them gets a grade."""
    protocol = replace(build_preset(Preset.OWN, room.facts()), lease_days=7)
    room.set(protocol)
    assign(room, session, *names)
    rows = room.list_reads(session)
    own, other = [row for row in rows if row.reader_id == room.readers[names[0]]][:2]
    finish(room, session, other)
    room.grade(session, own, STRUCTURES[0], "minor")
    return own


def test_what_is_left_goes_to_another_reader_and_no_grade_is_lost(room: Room) -> None:
    with transaction(room.study.engine) as session:
        row = begin(room, session, "anna", "ben")
        (lease,) = list_leases(session)
        assert (lease.assignment_id, lease.done, lease.total) == (row.id, 1, 2)
        assert lease.ends_at_utc == LATE
        assert list_expired(session, LATE - timedelta(seconds=1)) == []
        assert list_expired(session, LATE) == [lease]
        before = session.exec(select(Grade)).all()
        done = return_expired(session, actor="lead", now=LATE)
        assert (done.moved, done.kept) == (1, ())
        assert session.exec(select(Grade)).all() == before
        assert list(list_current_grades(session, stored_id(row))) == [STRUCTURES[0]]
        rest = session.exec(
            select(Assignment).where(
                Assignment.case_id == row.case_id, col(Assignment.closed_at_utc).is_(None)
            )
        ).one()
        assert rest.reader_id == room.readers["ben"]
        assert list(list_shown(session, rest)) == [STRUCTURES[1]]
        names = {entry.assignment_id for entry in list_worklist(session, room.readers["anna"])}
        assert row.id not in names
        assert list_leases(session) == []


def test_a_read_stays_where_nobody_else_can_read_the_case(room: Room) -> None:
    with transaction(room.study.engine) as session:
        row = begin(room, session, "anna")
        done = return_expired(session, actor="lead", now=LATE)
        assert (done.moved, done.kept) == (0, (row.alias,))
        room.grade(session, row, STRUCTURES[1], "minor")
        assert list_leases(session) == []


def test_what_ran_out_goes_on_at_the_next_look_unless_it_is_in_hand(room: Room) -> None:
    watch, study = LeaseWatch(), room.study
    with transaction(study.engine) as session:
        row = begin(room, session, "anna", "ben")
        number, reader_id, case_id, alias = stored_id(row), row.reader_id, row.case_id, row.alias
    assert watch.look(study, NOON) == 0
    with transaction(study.engine) as session:
        session.add(
            Draft(
                assignment_id=number,
                case_id=case_id,
                structure=STRUCTURES[1],
                base_label_version_id=1,
                reviewed_label_version_id=1,
                state=DraftState.OPEN,
                voxels=0,
                opened_at_utc=LATE - timedelta(minutes=30),
                changed_at_utc=LATE - timedelta(minutes=30),
            )
        )
    assert watch.look(study, LATE) == 0  # drawn in half an hour ago
    assert watch.look(study, LATE + timedelta(minutes=59)) == 0  # not asked again before the hour
    assert watch.look(study, LATE + timedelta(hours=1)) == 1
    assert watch.look(study, LATE + timedelta(hours=2)) == 0
    with reading(study.engine) as session:
        assert session.get_one(Assignment, number).closed_at_utc == LATE + timedelta(hours=1)
        assert session.exec(select(Draft.state)).one() is DraftState.DISCARDED
        (told,) = list_freed(session, since=LATE, reader_id=reader_id)
        assert (told.reader, told.case) == ("anna", alias)
        assert list_freed(session, since=LATE, reader_id=room.readers["ben"]) == []
        assert list_freed(session, since=LATE + timedelta(days=1)) == []
