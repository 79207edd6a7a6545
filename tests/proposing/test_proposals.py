"""Proposals: learned from accepted revisions, made for the other cases, and what people do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sqlmodel import select

from han5k_review.background import Desk, Hand
from han5k_review.cli.main import main
from han5k_review.errors import AccessError, RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import measure_pair
from han5k_review.proposing.background import start_round
from han5k_review.proposing.deciding import (
    list_open_to,
    refuse_proposal,
    take_proposal,
    withdraw_round,
)
from han5k_review.review.accepted import list_accepted
from han5k_review.review.assigning import assign_cases
from han5k_review.review.decisions.adjudication import list_questions
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.review.drafts.opening import OpenRequest, open_draft
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.label_sets import list_label_sets, view_task
from han5k_review.review.labels import list_under_review
from han5k_review.review.proposals import ProposalStanding, list_proposals
from han5k_review.review.refusals import DraftError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.proposal_tables import ProposalRound
from han5k_review.store.tables import Assignment, Audit, LabelVersion, Reader
from han5k_review.store.vocabulary import Decision
from han5k_review.store.work_tables import WorkKind
from han5k_review.study import get_case
from rigs.phantom_study import GRID, add_revision, build_head
from rigs.studies import add_label
from tests.proposing.conftest import LEFT, REVISED, Bench

FIRST = f"HN-{REVISED:03d}"
SECOND = f"HN-{REVISED + 1:03d}"


def mask_of(bench: Bench, contour: LabelVersion) -> StructureMask:
    return bench.study.labels.get_mask(contour.mask_sha256, GRID)


def standings(bench: Bench) -> dict[str, ProposalStanding]:
    with reading(bench.study.engine) as session:
        return {view.case: view.standing for view in list_proposals(session)}


def open_to(bench: Bench, reader: Reader) -> dict[str, int]:
    with reading(bench.study.engine) as session:
        return {v.case: stored_id(v.proposal) for v in list_open_to(session, reader)}


def assign_open(bench: Bench, case: str, *, blinded: bool) -> int:
    """Ben's read of a case."""
    with transaction(bench.study.engine) as session:
        row = get_case(session, case)
        assign_cases(session, reader=bench.ben, cases=[row], actor="lead", now=utc_now())
        read = session.exec(select(Assignment).where(Assignment.reader_id == bench.ben.id)).one()
        read.blinded = blinded
        session.add(read)
        return stored_id(read)


def test_a_systematic_truncation_is_learned_and_proposed_where_nobody_revised(
    bench: Bench,
) -> None:
    assert bench.propose(dry_run=True).round_id is None
    assert standings(bench) == {}
    report = bench.propose()
    assert len(report.gains) == REVISED
    assert report.is_systematic
    assert standings(bench) == dict.fromkeys((FIRST, SECOND), ProposalStanding.WAITING)
    with reading(bench.study.engine) as session:
        views = list_proposals(session)
        assert {view.contour.structure for view in views} == {"ParotidL"}
        for view in views:
            truth = build_head(int(view.case[3:])).masks["ParotidL"]
            base = session.get_one(LabelVersion, view.proposal.base_label_version_id)
            before, after = mask_of(bench, base), mask_of(bench, view.contour)
            dice = [
                float(measure_pair(truth, one, GRID.spacing_mm).dice) for one in (before, after)
            ]
            assert dice[0] < 0.75
            assert dice[1] > 0.95
            assert view.proposal.gain == pytest.approx(dice[1] - dice[0], abs=0.1)
            # It counts for nothing.
            under = list_under_review(session, view.contour.case_id)
            assert under["ParotidL"].id == base.id
        assert not list_questions(session, names_reads=True)
        assert len(list_accepted(session)) == REVISED
        row = session.exec(select(ProposalRound)).one()
        assert (len(row.revised), row.actor, row.skipped) == (REVISED, "lead", {})
        audit = session.exec(select(Audit).where(Audit.action == "propose")).one()
        assert (audit.detail["round"], audit.detail["proposals"]) == (row.id, LEFT)


def test_a_cancelled_round_in_the_background_stores_nothing_and_an_error_is_told(
    bench: Bench,
) -> None:
    desk = Desk(study=bench.study, kind=WorkKind.ROUND)
    hand = start_round(desk, "ParotidL", actor="ada")
    hand.cancel.set()
    assert hand.ended.wait(120)
    assert hand.ending.is_cancelled
    assert standings(bench) == {}
    with desk.hold("ParotidL", Hand(), actor="ada"), pytest.raises(SystemExit):
        main(["propose", "ParotidL", "--study", str(bench.study.root)])
    assert standings(bench) == {}
    assert start_round(desk, "BrainStem", actor="lead").ended.wait(120)
    record = desk.find_record()
    assert record is not None
    assert "3 accepted revisions of BrainStem" in record.said


def test_where_revisions_have_nothing_in_common_none_is_made_and_it_is_said(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    moves = ((1, 0), (-1, 0), (1, 1), (-1, 1))  # voxels, axis: each goes another way
    with transaction(bench.study.engine) as session:
        reader = session.get_one(Reader, 1)
        for number, (voxels, axis) in enumerate(moves):
            case = get_case(session, f"HN-{number:03d}")
            drawn = list_under_review(session, stored_id(case))["BrainStem"]
            moved = np.roll(mask_of(bench, drawn).dense(), voxels, axis)
            after = StructureMask.from_dense(moved, GRID)
            add_revision(session, bench.study, case, drawn, after, reader, Decision.ACCEPTED)
    with pytest.raises(SystemExit) as ended:
        main(["propose", "Brainstem", "--study", str(bench.study.root)])
    assert not ended.value.code
    said = capsys.readouterr().out
    assert "BrainStem: learned from 4 accepted revisions" in said
    assert "no systematic change: no proposal is made" in said
    assert "0 proposals in round 1" in said
    assert standings(bench) == {}


def test_locked_accepted_and_waiting_contours_get_none_and_it_is_said_why(bench: Bench) -> None:
    with pytest.raises(RuleError, match="3 accepted revisions of BrainStem or more"):
        bench.propose("BrainStem")
    with transaction(bench.study.engine) as session:
        case = get_case(session, FIRST)
        pseudo = list_under_review(session, stored_id(case))["ParotidL"]
        lock_structure(session, label_version_id=stored_id(pseudo), by=bench.ada, now=utc_now())
    report = bench.propose()
    assert report.skipped == {FIRST: "locked"}
    (number,) = open_to(bench, bench.ada).values()
    with transaction(bench.study.engine) as session:
        take_proposal(
            session, bench.study.labels, proposal_id=number, reader=bench.ada, now=utc_now()
        )
    assert bench.propose().skipped[SECOND] == "a revision waits for an adjudicator"


def test_taking_one_makes_a_revision_that_waits_for_another_person(proposed_on_both: Bench) -> None:
    bench = proposed_on_both
    number = open_to(bench, bench.ada)[FIRST]
    with transaction(bench.study.engine) as session:
        revision = take_proposal(
            session, bench.study.labels, proposal_id=number, reader=bench.ada, now=utc_now()
        )
        child = session.get_one(LabelVersion, revision.label_version_id)
        (view,) = [v for v in list_proposals(session) if v.proposal.id == number]
        assert child.started_from_id == view.contour.id
        assert child.mask_sha256 == view.contour.mask_sha256
        assert revision.reviewed_id == view.proposal.base_label_version_id
    with reading(bench.study.engine) as session:
        (question,) = list_questions(session, names_reads=True)
        assert (question.case, question.candidates[0].name) == (FIRST, "R2's contour")
        assert len(list_accepted(session)) == REVISED
        submitted = session.exec(select(Audit).where(Audit.action == "submit revision")).all()[-1]
        assert (submitted.actor, submitted.detail["proposal"]) == ("ada", number)
        taken = session.exec(select(Audit).where(Audit.action == "proposal taken")).one()
        assert (taken.actor, taken.detail["round"]) == ("ada", 1)
    with pytest.raises(RuleError, match="is taken"), transaction(bench.study.engine) as session:
        refuse_proposal(session, proposal_id=number, reader=bench.ada, now=utc_now())
    assert standings(bench)[FIRST] is ProposalStanding.TAKEN


def test_refused_and_withdrawn_ones_are_gone_and_the_same_is_not_proposed_again(
    proposed: Bench,
) -> None:
    bench = proposed
    with transaction(bench.study.engine) as session:
        number = open_to(bench, bench.ada)[FIRST]
        refuse_proposal(session, proposal_id=number, reader=bench.ada, now=utc_now(), reason="no")
        with pytest.raises(RuleError, match="reason"):
            withdraw_round(session, 1, actor="lead", reason=" ", now=utc_now())
        count = withdraw_round(session, 1, actor="lead", reason="a wrong revision", now=utc_now())
    assert count == 1
    found = standings(bench)
    assert found == {FIRST: ProposalStanding.REFUSED, SECOND: ProposalStanding.WITHDRAWN}
    assert bench.propose().skipped == {FIRST: "the same proposal was refused before"}
    assert list(open_to(bench, bench.ada)) == [SECOND]


def test_a_proposal_for_a_contour_that_was_replaced_is_outdated(proposed: Bench) -> None:
    bench = proposed
    number = open_to(bench, bench.ada)[FIRST]
    with transaction(bench.study.engine) as session:
        case = get_case(session, FIRST)
        add_label(session, bench.study, case, "ParotidL", build_head(9).masks["ParotidL"])
    assert standings(bench)[FIRST] is ProposalStanding.OUTDATED
    with (
        pytest.raises(RuleError, match="outdated: the contour that it would correct"),
        transaction(bench.study.engine) as session,
    ):
        take_proposal(
            session, bench.study.labels, proposal_id=number, reader=bench.ada, now=utc_now()
        )


def test_a_blinded_read_has_none_and_an_open_one_may_start_a_draft_with_it(proposed: Bench) -> None:
    bench = proposed
    read_id = assign_open(bench, FIRST, blinded=True)
    with transaction(bench.study.engine) as session:
        read = session.get_one(Assignment, read_id)
        number = open_to(bench, bench.ada)[FIRST]
        (base,) = [stored_id(v.contour) for v in list_proposals(session) if v.proposal.id == number]
        start: Callable[[], object] = lambda: open_draft(  # noqa: E731
            session,
            assignment=read,
            reader=bench.ben,
            request=OpenRequest(structure="ParotidL", holder="tab", base_id=base),
            may_edit_any=False,
            rules=EditRules(),
            now=utc_now(),
        )
        keys = {found.key for found in list_label_sets(session, read.case_id, view_task(read))}
        assert "q" not in keys
        with pytest.raises(DraftError, match="another contour"):
            start()
        assert open_to(bench, bench.ben) == {}
        with pytest.raises(AccessError, match="not blinded"):
            refuse_proposal(session, proposal_id=number, reader=bench.ben, now=utc_now())
        read.blinded = False
        session.add(read)
        session.flush()
        sets = {
            found.key: found for found in list_label_sets(session, read.case_id, view_task(read))
        }
        assert sets["q"].versions["ParotidL"].id == base
        assert [v.case for v in list_open_to(session, bench.ben)] == [FIRST]
        start()
