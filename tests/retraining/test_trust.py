from __future__ import annotations

from dataclasses import replace

import pytest

from han5k_review.retraining.teaching.trust import (
    LabelRef,
    ReviewRecord,
    TrustReason,
    choose_reference,
    judge,
)
from han5k_review.store.vocabulary import GradeLevel, ReferenceKind

PSEUDO = LabelRef(label_version_id=1, mask_sha256="a" * 64)
REVISION = LabelRef(label_version_id=2, mask_sha256="b" * 64)
REFERENCE = LabelRef(label_version_id=3, mask_sha256="c" * 64)


def record(
    *levels: GradeLevel,
    under: LabelRef | None = PSEUDO,
    accepted: LabelRef | None = None,
    current: bool = False,
    reference: LabelRef | None = None,
) -> ReviewRecord:
    return ReviewRecord(
        case_id=1,
        structure="ParotidL",
        under_review=under,
        levels=levels,
        accepted=accepted,
        accepted_is_current=current,
        reference=reference,
    )


def test_a_pseudo_label_graded_no_revision_is_trusted() -> None:
    verdict = judge(record(GradeLevel.NO))
    assert (verdict.trusted, verdict.label) == (True, PSEUDO)


def test_an_empty_contour_that_every_reader_calls_absent_teaches_background() -> None:
    empty = replace(PSEUDO, is_empty=True)
    verdict = judge(record(GradeLevel.ABSENT, GradeLevel.ABSENT, under=empty))
    assert (verdict.trusted, verdict.reason) == (True, TrustReason.ABSENT_CONFIRMED)
    for levels in ((GradeLevel.ABSENT, GradeLevel.MAJOR), (GradeLevel.NOT_ASSESSABLE,), ()):
        assert not judge(record(*levels, under=empty)).trusted
    held_out = choose_reference(record(GradeLevel.ABSENT, under=empty))
    assert held_out is not None
    assert held_out.kind is ReferenceKind.UNCHANGED


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ((), TrustReason.NOT_GRADED),
        ((GradeLevel.MINOR,), TrustReason.NEEDS_REVISION),
        ((GradeLevel.MAJOR,), TrustReason.NEEDS_REVISION),
        ((GradeLevel.NOT_ASSESSABLE,), TrustReason.NOT_ASSESSABLE),
        ((GradeLevel.ABSENT,), TrustReason.NOT_ASSESSABLE),
        ((GradeLevel.NO, GradeLevel.MAJOR), TrustReason.READERS_DISAGREE),
    ],
)
def test_every_other_grade_leaves_it_untrusted(
    levels: tuple[GradeLevel, ...], reason: TrustReason
) -> None:
    verdict = judge(record(*levels))
    assert (verdict.trusted, verdict.reason) == (False, reason)


def test_an_accepted_revision_is_trusted_with_its_own_contour() -> None:
    verdict = judge(record(GradeLevel.MAJOR, accepted=REVISION, current=True))
    assert (verdict.trusted, verdict.label) == (True, REVISION)


def test_a_newer_contour_accepted_as_it_is_wins_over_an_older_revision() -> None:
    assert judge(record(GradeLevel.NO, accepted=REVISION)).label == PSEUDO
    assert judge(record(GradeLevel.MAJOR, accepted=REVISION)).label == REVISION


def test_a_reference_teaches_only_when_the_lead_says_so() -> None:
    known = record(reference=REFERENCE)
    assert not judge(known).trusted
    assert judge(known, count_reference=True).label == REFERENCE


def test_a_held_out_case_is_judged_by_the_most_independent_contour() -> None:
    everything = record(GradeLevel.NO, accepted=REVISION, current=True, reference=REFERENCE)
    found = choose_reference(everything)
    assert found is not None
    assert (found.kind, found.label) == (ReferenceKind.REFERENCE, REFERENCE)
    revised = choose_reference(record(GradeLevel.MINOR, accepted=REVISION, current=True))
    assert revised is not None
    assert revised.kind is ReferenceKind.REVISED
    unchanged = choose_reference(record(GradeLevel.NO))
    assert unchanged is not None
    assert unchanged.kind is ReferenceKind.UNCHANGED
    assert choose_reference(record()) is None


def test_a_contour_locked_as_it_is_teaches_but_never_decides() -> None:
    locked = replace(
        record(GradeLevel.MINOR, accepted=PSEUDO, current=True), accepted_is_unrevised=True
    )
    verdict = judge(locked)
    assert (verdict.trusted, verdict.label) == (True, PSEUDO)
    assert verdict.reason is TrustReason.ACCEPTED_AS_IT_IS
    reference = choose_reference(locked)
    assert reference is not None
    assert reference.kind is ReferenceKind.UNCHANGED  # a model predicted it: shown apart
