"""Questions for an adjudicator: what waits, what became of the rest, and who edits where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sqlmodel import Session, select

from han5k_review.errors import AccessError, RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.accepted import list_accepted
from han5k_review.review.assigning import assign_cases
from han5k_review.review.assignment import list_worklist
from han5k_review.review.decisions.adjudication import (
    Question,
    Standing,
    list_questions,
    settle_standings,
)
from han5k_review.review.decisions.adjudicator_assignment import open_edit_assignment
from han5k_review.review.decisions.locking import unlock_structure
from han5k_review.review.decisions.read_comparison import (
    count_disagreement,
    find_widest_slice,
    measure_agreements,
)
from han5k_review.review.decisions.revising import decide_revision, list_revisions
from han5k_review.review.drafts.opening import OpenRequest, open_draft
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.grading import GradeRequest, get_own_assignment, submit_grade
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Reader
from han5k_review.store.vocabulary import Decision, Role
from tests.review.conftest import GRID, NOON, Bench, block
from tests.review.test_label_sets import revise


def stands(session: Session) -> list[Standing]:
    views = list_revisions(session)
    return list(settle_standings(views, list_accepted(session)).values())


def waiting(session: Session, *, names_reads: bool = True) -> Sequence[Question]:
    return list_questions(session, names_reads=names_reads)


def decide(session: Session, revision_id: int, decision: Decision, by: Reader) -> None:
    decide_revision(
        session,
        revision_id=revision_id,
        decision=decision,
        reason="seen",
        adjudicator=by,
        now=NOON,
    )


@pytest.fixture
def carla(bench: Bench) -> Reader:
    with transaction(bench.study.engine) as session:
        session.expire_on_commit = False
        row = Reader(name="carla", pseudonym="R3", role=Role.ADJUDICATOR, password_hash="x")
        session.add(row)
    return row


def test_reads_of_one_structure_are_one_question(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        revise(bench, session, bench.ben, block(3))
        revise(bench, session, bench.anna, block(2))
        revise(bench, session, bench.ben, block(4))
        (question,) = waiting(session)
        assert (question.case, question.structure) == ("HN-001", "ParotidL")
        assert question.reviewed.id == bench.versions["ParotidL"]
        assert [(one.name, one.set_key, one.revision.id) for one in question.candidates] == [
            ("R1's contour", "r2", 2),
            ("R2's contour", "r1", 3),
        ]
        (blinded,) = waiting(session, names_reads=False)
        assert [one.name for one in blinded.candidates] == ["Read 2", "Read 1"]
        assert stands(session) == [Standing.REPLACED, Standing.WAITING, Standing.WAITING]


def test_what_was_not_chosen_waits_again_after_an_unlocking(bench: Bench, carla: Reader) -> None:
    with transaction(bench.study.engine) as session:
        revise(bench, session, bench.ben, block(3))
        revise(bench, session, bench.anna, block(2))
        decide(session, 2, Decision.ACCEPTED, carla)
        assert stands(session) == [Standing.NOT_CHOSEN, Standing.ACCEPTED]
        assert waiting(session) == []
        unlock_structure(
            session,
            case_id=stored_id(bench.case),
            structure="ParotidL",
            reason="a later look",
            by=carla,
            now=NOON,
        )
        assert stands(session) == [Standing.WAITING, Standing.ACCEPTED]
        decide(session, 1, Decision.REJECTED, carla)
        assert stands(session) == [Standing.REJECTED, Standing.ACCEPTED]


def test_an_adjudicators_edit_starts_from_a_read_and_waits_for_another_person(
    bench: Bench, carla: Reader
) -> None:
    with transaction(bench.study.engine) as session:
        read = revise(bench, session, bench.anna, block(2))
        place = open_edit_assignment(
            session, case_id=stored_id(bench.case), adjudicator=bench.ben, now=NOON
        )
        again = open_edit_assignment(
            session, case_id=stored_id(bench.case), adjudicator=bench.ben, now=NOON
        )
        assert place.id == again.id
        draft, _ = open_draft(
            session,
            assignment=place,
            reader=bench.ben,
            request=OpenRequest(structure="ParotidL", holder="a tab of ben", base_id=read.id),
            may_edit_any=True,
            rules=EditRules(),
            now=NOON,
        )
        assert draft.base_label_version_id == read.id
        revise(bench, session, bench.ben, block(4), started_from=read.id)
        (question,) = waiting(session)
        assert [one.name for one in question.candidates] == ["R1's contour", "R2's edit"]
        with pytest.raises(RuleError, match="second person"):
            decide(session, 2, Decision.ACCEPTED, bench.ben)
        decide(session, 2, Decision.ACCEPTED, carla)
        assert stands(session) == [Standing.NOT_CHOSEN, Standing.ACCEPTED]


def test_a_place_to_edit_is_no_task(bench: Bench, carla: Reader) -> None:
    with transaction(bench.study.engine) as session:
        place = open_edit_assignment(
            session, case_id=stored_id(bench.case), adjudicator=carla, now=NOON
        )
        assert list_worklist(session, stored_id(carla)) == []
        request = GradeRequest(
            request_id="carla-grades",
            structure="ParotidL",
            label_version_id=bench.versions["ParotidL"],
            code="no",
        )
        with pytest.raises(RuleError, match="read of this case"):
            submit_grade(
                session,
                assignment_id=stored_id(place),
                reader=carla,
                scale=bench.scale,
                request=request,
                now=NOON,
            )
        cases = [bench.case]
        assert assign_cases(session, reader=carla, cases=cases, actor="lead", now=NOON) == 1
        mine = select(Assignment.read_index).where(Assignment.reader_id == carla.id)
        assert sorted(session.exec(mine)) == [0, 1]


def test_who_is_no_adjudicator_any_more_loses_the_place(bench: Bench, carla: Reader) -> None:
    with transaction(bench.study.engine) as session:
        place = open_edit_assignment(
            session, case_id=stored_id(bench.case), adjudicator=carla, now=NOON
        )
        carla.role = Role.READER
        with pytest.raises(AccessError, match="for adjudicators"):
            get_own_assignment(session, stored_id(place), carla)


def drawn(*slices: str) -> StructureMask:
    """A mask of 12 x 12 x 6 voxels: one picture per axial slice from k = 1, rows are i."""
    dense = np.zeros(GRID.shape, dtype=bool)
    for k, picture in enumerate(slices, start=1):
        for i, row in enumerate(picture.split()):
            dense[i, : len(row), k] = [letter == "#" for letter in row]
    return StructureMask.from_dense(dense, GRID)


def test_the_slice_of_largest_disagreement_is_where_most_voxels_are_not_shared() -> None:
    first = drawn("## ##", "## ##", "##")
    second = drawn("## ##", "#. ..", "##")
    third = drawn("## ##", "## ##", "#.")
    assert count_disagreement([first, second, third]) == {2: 3, 3: 1}
    assert find_widest_slice([first, second, third]) == 2
    assert find_widest_slice([first, first]) is None
    assert count_disagreement([StructureMask.empty(GRID), third]) == {1: 4, 2: 4, 3: 1}


def test_two_reads_agree_as_their_voxels_say() -> None:
    # 10 voxels and 7, of which 7 are shared: 2 x 7 / 17.
    first = drawn("## ##", "## ##", "##")
    second = drawn("## ##", "#. ..", "##")
    (found,) = measure_agreements([first, second], 1.0)
    assert (found.first, found.second) == (0, 1)
    assert found.panel.dice == pytest.approx(14 / 17)
