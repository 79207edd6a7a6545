"""What a draft may start from, and what a decision on its revision locks."""

from __future__ import annotations

import pytest
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.review.decisions.locking import (
    find_lock,
    list_locks,
    lock_structure,
    unlock_structure,
)
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.draft_tables import StructureLock
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import LabelVersion, Reader
from han5k_review.store.vocabulary import Decision, LabelSource
from tests.review.conftest import NOON, Bench, block
from tests.review.drafting import open_it, read_draft


def test_a_draft_starts_from_ones_own_revision_an_adjudicators_from_any(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        revision = submit_revision(
            session,
            bench.study.labels,
            case=bench.case,
            structure="ParotidL",
            before=block(1),
            after=block(2),
            reader=bench.ben,
            now=NOON,
        )
        child_id = revision.label_version_id
        assert revision.apl_mm is not None
    with pytest.raises(DraftError, match="Your own revision of ParotidL"):
        open_it(bench, "tab one!", base_id=child_id)
    open_it(bench, "tab one!", base_id=child_id, may_edit_any=True)
    assert read_draft(bench).sha256 == block(2).sha256


@pytest.mark.parametrize("base", ["BrainStem", None])
def test_a_draft_never_starts_from_another_structure(bench: Bench, base: str | None) -> None:
    base_id = bench.versions[base] if base else 999
    with pytest.raises(DraftError) as refused:
        open_it(bench, "tab one!", base_id=base_id, may_edit_any=True)
    assert refused.value.reason is Reason.NOT_UNDER_REVIEW


def submit_block(bench: Bench, reader: Reader, start: int) -> int:
    with transaction(bench.study.engine) as session:
        revision = submit_revision(
            session,
            bench.study.labels,
            case=bench.case,
            structure="ParotidL",
            before=block(1),
            after=block(start),
            reader=reader,
            now=NOON,
        )
        return stored_id(revision)


def decide(bench: Bench, revision_id: int, decision: Decision, reason: str = "") -> None:
    with transaction(bench.study.engine) as session:
        decide_revision(
            session,
            revision_id=revision_id,
            decision=decision,
            reason=reason,
            adjudicator=bench.ben,
            now=NOON,
        )


def test_accepting_locks_and_rejecting_what_was_accepted_unlocks(bench: Bench) -> None:
    first = submit_block(bench, bench.anna, 2)
    second = submit_block(bench, bench.anna, 3)
    decide(bench, first, Decision.ACCEPTED)
    with pytest.raises(DraftError) as refused:
        open_it(bench, "tab one!")
    assert refused.value.reason is Reason.LOCKED
    with pytest.raises(RuleError, match="locked"):
        submit_block(bench, bench.anna, 4)
    with pytest.raises(RuleError, match="unlock it"):
        decide(bench, second, Decision.ACCEPTED)
    decide(bench, first, Decision.REJECTED, "the second is better")
    decide(bench, second, Decision.ACCEPTED)
    with reading(bench.study.engine) as session:
        rows = session.exec(select(StructureLock)).all()
        lock = find_lock(session, stored_id(bench.case), "ParotidL")
        assert [row.locked for row in rows] == [True, False, True]
        assert rows[1].reason == "the second is better"
        assert lock is not None
        version = session.get_one(LabelVersion, lock.label_version_id)
        assert version.mask_sha256 == block(3).sha256
        assert version.source is LabelSource.REVISION
        case_id = stored_id(bench.case)
        assert list(list_locks(session, [case_id])) == [(case_id, "ParotidL")]


def test_unlocking_needs_a_lock_and_a_reason(bench: Bench) -> None:
    case_id = stored_id(bench.case)

    def unlock(reason: str) -> None:
        with transaction(bench.study.engine) as session:
            unlock_structure(
                session,
                case_id=case_id,
                structure="ParotidL",
                reason=reason,
                by=bench.ben,
                now=NOON,
            )

    with pytest.raises(RuleError, match="is open to edits"):
        unlock("because")
    with transaction(bench.study.engine) as session:
        lock_structure(session, label_version_id=bench.versions["ParotidL"], by=bench.ben, now=NOON)
    with pytest.raises(RuleError, match="reason"):
        unlock("  ")
    unlock("wrong patient")
    open_it(bench, "tab one!")
