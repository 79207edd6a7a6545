"""A reader signs a complete read; nothing in it changes until a lead says why it must."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select, update

from han5k_review.errors import AccessError, ConflictError, RuleError
from han5k_review.review.drafts.opening import OpenRequest, open_draft
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.refusals import DraftError
from han5k_review.review.signatures import check_sees_sources, find_signature
from han5k_review.review.signing import MEANING, is_as_signed, sign_read, unlock_read
from han5k_review.store.draft_tables import Draft
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.tables import Assignment, Audit, Grade
from han5k_review.store.vocabulary import Role, SignatureAct
from rigs.studies import NOON, add_reader
from tests.review.conftest import STRUCTURES, Bench

LATER = NOON + timedelta(hours=1)


def give(session: Session, bench: Bench, structure: str, code: str | None = "no") -> Grade:
    request = GradeRequest(
        request_id=uuid.uuid4().hex,
        structure=structure,
        label_version_id=bench.versions[structure],
        code=code,
    )
    return submit_grade(
        session,
        assignment_id=bench.assignment_id,
        reader=bench.anna,
        scale=bench.scale,
        request=request,
        now=NOON,
    ).grade


def sign(session: Session, bench: Bench) -> ReadSignature:
    for structure in STRUCTURES:
        give(session, bench, structure)
    return sign_read(session, assignment_id=bench.assignment_id, reader=bench.anna, now=LATER)


def test_a_signature_says_who_when_what_and_of_which_grades(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        made = sign(session, bench)
        assert (made.signer, made.at_utc, made.meaning) == ("anna", LATER, MEANING)
        assert (made.act, made.grades) == (SignatureAct.SIGNED, 3)
        again = sign_read(session, assignment_id=1, reader=bench.anna, now=LATER)
        assert again.id == made.id
        hashed = made.grades_sha256
    with transaction(bench.study.engine) as session:  # as the database gives it back
        audited = session.exec(select(Audit).where(Audit.action == "sign read")).one()
        assert audited.detail["grades_sha256"] == hashed
        found = find_signature(session, bench.assignment_id)
        assert found is not None
        assert is_as_signed(session, found)


def test_a_read_with_a_structure_left_or_an_edit_begun_is_not_signed(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        give(session, bench, "BrainStem")
        with pytest.raises(RuleError, match=r"each of the 3 structures .* found 1"):
            sign_read(session, assignment_id=1, reader=bench.anna, now=LATER)
    with transaction(bench.study.engine) as session:
        for structure in STRUCTURES[1:]:
            give(session, bench, structure)
        begin_edit(session, bench).version = 1
        session.flush()
        with pytest.raises(RuleError, match="found ParotidL; submit or"):
            sign_read(session, assignment_id=1, reader=bench.anna, now=LATER)
        with pytest.raises(AccessError):
            sign_read(session, assignment_id=1, reader=bench.ben, now=LATER)


def begin_edit(session: Session, bench: Bench) -> Draft:
    draft, _ = open_draft(
        session,
        assignment=session.get_one(Assignment, bench.assignment_id),
        reader=bench.anna,
        request=OpenRequest(structure="ParotidL", holder="one-tab-of-anna"),
        may_edit_any=False,
        rules=EditRules(),
        now=NOON,
    )
    return draft


def test_a_signed_read_takes_no_grade_and_no_edit_until_it_is_unlocked(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        session.expire_on_commit = False
        lena = add_reader(session, "lena", Role.LEAD, pseudonym="R9")
        sign(session, bench)
    with transaction(bench.study.engine) as session:
        for code in ("major", None):
            with pytest.raises(RuleError, match=r"signed by anna on .* ask the study lead"):
                give(session, bench, "BrainStem", code)
        with pytest.raises(DraftError, match="signed by anna") as refused:
            begin_edit(session, bench)
        assert refused.value.reason == "signed"
    with transaction(bench.study.engine) as session:
        with pytest.raises(AccessError, match="unlock signed reads"):
            unlock_read(session, assignment_id=1, reason="a slip", by=bench.ben, now=LATER)
        with pytest.raises(RuleError, match="say why"):
            unlock_read(session, assignment_id=1, reason="  ", by=lena, now=LATER)
        opened = unlock_read(session, assignment_id=1, reason="wrong window", by=lena, now=LATER)
        assert (opened.act, opened.meaning) == (SignatureAct.UNLOCKED, "wrong window")
        with pytest.raises(RuleError, match="one that is open"):
            unlock_read(session, assignment_id=1, reason="again", by=lena, now=LATER)
        give(session, bench, "BrainStem", "major")
        first = session.exec(select(ReadSignature).order_by(col(ReadSignature.id))).first()
        assert first is not None
        assert not is_as_signed(session, first)
        second = sign_read(session, assignment_id=1, reader=bench.anna, now=LATER)
        assert second.grades_sha256 != first.grades_sha256


def test_a_signature_cannot_be_altered(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        made = stored_id(sign(session, bench))
    change = update(ReadSignature).where(col(ReadSignature.id) == made).values(grades=2)
    with (
        pytest.raises(ConflictError, match="never changed"),
        transaction(bench.study.engine) as session,
    ):
        session.exec(change)


def test_who_reads_a_case_blind_sees_its_sources_after_signing(bench: Bench) -> None:
    anna, case = stored_id(bench.anna), stored_id(bench.case)
    with transaction(bench.study.engine) as session:
        with pytest.raises(AccessError, match="You read this case blind"):
            check_sees_sources(session, anna, case)
        sign(session, bench)
        check_sees_sources(session, anna, case)
        check_sees_sources(session, anna + 100, case)  # reads nothing of it
