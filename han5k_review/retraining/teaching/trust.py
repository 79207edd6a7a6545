"""The trust rule: which contour of a case may teach or judge a model, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from han5k_review.store.vocabulary import GradeLevel, ReferenceKind


class TrustReason(StrEnum):
    """Why a contour is trusted or not. The value is the phrase a person reads."""

    REVISION_ACCEPTED = "revision accepted"
    ACCEPTED_AS_IT_IS = "accepted as it is"
    GRADED_NO_REVISION = "graded 'no revision'"
    ABSENT_CONFIRMED = "empty, and every grade says that the organ is absent"
    REFERENCE = "reference contour counted as trusted"
    REPLAYED = "replayed: no revision accepted, kept as the parent knew it"
    DOUBTFUL = "not replayed: empty, odd in volume, or doubtful"
    LEFT_REPLAY = "not replayed: revisions took its place"
    NOT_SAMPLED = "not in the sample of this run"
    NO_LABEL = "no label"
    NOT_GRADED = "not graded"
    NEEDS_REVISION = "graded for revision, no accepted revision yet"
    NOT_ASSESSABLE = "not assessable, absent or wrong organ"
    READERS_DISAGREE = "readers disagree"
    NO_REFERENCE = "no reference, no accepted revision"


UNCHANGED = frozenset(
    {
        TrustReason.GRADED_NO_REVISION,
        TrustReason.ACCEPTED_AS_IT_IS,
        TrustReason.ABSENT_CONFIRMED,
    }
)
"""Of a contour that people left as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRef:
    """A stored label version, the hash of its mask, and the model that made it, if one did."""

    label_version_id: int
    mask_sha256: str
    model_version_id: int | None = None
    is_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord:
    """What the study knows of one structure of one case.

    `under_review` is the newest pseudo-label or prediction; `levels` are the current grades it
    has; `accepted` is the accepted contour (review/accepted.py), `accepted_is_current` says
    whether it corrects the version under review, and `accepted_is_unrevised` whether it is a
    contour that nobody revised, locked as it is.
    """

    case_id: int
    structure: str
    under_review: LabelRef | None = None
    levels: tuple[GradeLevel, ...] = ()
    accepted: LabelRef | None = None
    accepted_is_current: bool = False
    accepted_is_unrevised: bool = False
    reference: LabelRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The verdict on one structure of one case; `label` is the contour to use when trusted."""

    trusted: bool
    reason: TrustReason
    label: LabelRef | None = None


def judge(record: ReviewRecord, *, count_reference: bool = False) -> Trust:
    """Whether the contour may teach.

    In this order: the contour accepted for the version under review (a revision of it, or itself,
    locked as it is); that version itself when every current grade says "no revision", or when it is
    empty and every grade says "absent", so that the organ is background there; the contour
    accepted for an earlier version; and, only with `count_reference`, the reference contour.
    Everything else is untrusted.
    """
    if record.accepted and record.accepted_is_current:
        return _accepted(record.accepted, record)
    if record.under_review and record.levels and set(record.levels) == {GradeLevel.NO}:
        return _trusted(record.under_review, TrustReason.GRADED_NO_REVISION)
    if record.under_review and record.under_review.is_empty and _says_absent(record):
        return _trusted(record.under_review, TrustReason.ABSENT_CONFIRMED)
    if record.accepted:
        return _accepted(record.accepted, record)
    if count_reference and record.reference:
        return _trusted(record.reference, TrustReason.REFERENCE)
    return Trust(trusted=False, reason=_why_not(record), label=record.under_review)


def _says_absent(record: ReviewRecord) -> bool:
    """Of a contour with voxels the same grade says "wrong organ", which teaches nothing."""
    return bool(record.levels) and set(record.levels) == {GradeLevel.ABSENT}


def _accepted(label: LabelRef, record: ReviewRecord) -> Trust:
    unrevised = record.accepted_is_unrevised
    reason = TrustReason.ACCEPTED_AS_IT_IS if unrevised else TrustReason.REVISION_ACCEPTED
    return _trusted(label, reason)


def _trusted(label: LabelRef, reason: TrustReason) -> Trust:
    return Trust(trusted=True, reason=reason, label=label)


def _why_not(record: ReviewRecord) -> TrustReason:
    levels = set(record.levels)
    if record.under_review is None:
        return TrustReason.NO_LABEL
    if not levels:
        return TrustReason.NOT_GRADED
    if GradeLevel.NO in levels:
        return TrustReason.READERS_DISAGREE
    if levels <= {GradeLevel.NOT_ASSESSABLE, GradeLevel.ABSENT}:
        return TrustReason.NOT_ASSESSABLE
    return TrustReason.NEEDS_REVISION


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutReference:
    """A contour of a held-out case that models are measured against, and its kind."""

    kind: ReferenceKind
    label: LabelRef


def choose_reference(record: ReviewRecord) -> HeldOutReference | None:
    """What to measure against on a held-out case, or None when nothing there is trusted.

    An independent reference first, then an accepted revision, then a pseudo-label accepted
    unchanged. The last came from a model, so models that agree with it look better than they are:
    it is reported apart and never decides.
    """
    if record.reference:
        return HeldOutReference(kind=ReferenceKind.REFERENCE, label=record.reference)
    trust = judge(record)
    if not trust.trusted or trust.label is None:
        return None
    unchanged = trust.reason in UNCHANGED
    kind = ReferenceKind.UNCHANGED if unchanged else ReferenceKind.REVISED
    return HeldOutReference(kind=kind, label=trust.label)
