"""What a page keeps of a plan: the plan's numbers, and never older than the study."""

from __future__ import annotations

from sqlmodel import select

from han5k_review.exports.release import Reason, ReleaseRequest, plan_release
from han5k_review.exports.release.outlook import (
    COUNTED_TABLES,
    build_outlook,
    read_outlook_stamp,
)
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, LabelVersion, Reader
from han5k_review.store.vocabulary import GradeLevel
from rigs.phantom_study import add_grade
from rigs.queries import noting_tables

NEVER_CHANGED = {"draft", "read_contour"}  # in what a plan reads of them


def test_every_table_that_a_plan_reads_is_in_its_stamp(study: Study) -> None:
    with noting_tables(study.engine) as read:
        plan_release(study)
    assert read - {str(one.__tablename__) for one in COUNTED_TABLES} == NEVER_CHANGED


def test_a_grade_changes_the_stamp_and_the_numbers_and_a_place_in_the_viewer_does_not(
    study: Study,
) -> None:
    before, plan = build_outlook(study, ReleaseRequest()), plan_release(study)
    assert (before.contours, before.cases) == (len(plan.lines), len(plan.cases))
    assert before.structures == tuple(plan.count_structures())
    with transaction(study.engine) as session:
        read = session.exec(select(Assignment)).first()
        assert read is not None
        read.resume_structure, read.resume_slice = "ParotidL", 3
        session.add(read)
    assert read_outlook_stamp(study) == before.stamp
    with transaction(study.engine) as session:
        parotid = select(LabelVersion).where(
            LabelVersion.case_id == 4, LabelVersion.structure == "ParotidL"
        )
        place = session.exec(select(Assignment).where(Assignment.case_id == 4)).one()
        add_grade(session, place, session.exec(parotid).one(), GradeLevel.MAJOR)
    after = build_outlook(study, ReleaseRequest())
    assert after.stamp != before.stamp
    majors = [
        {one.structure: one for one in outlook.structures}["ParotidL"].left_out.get(Reason.MAJOR, 0)
        for outlook in (before, after)
    ]
    assert majors == [0, 1]


def test_a_change_of_a_row_that_may_change_or_of_the_study_s_table_changes_the_stamp(
    study: Study,
) -> None:
    stamps = [read_outlook_stamp(study)]
    with transaction(study.engine) as session:
        reader = session.exec(select(Reader)).first()
        assert reader is not None
        reader.pseudonym = "R9"
        session.add(reader)
    stamps.append(read_outlook_stamp(study))
    table = study.tables / "structures.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    stamps.append(read_outlook_stamp(study))
    assert len(set(stamps)) == 3
