"""The sheet `Revisions`: every corrected contour, what it changed, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from han5k_review.exports.columns import Column, Kind, Sheet, column
from han5k_review.exports.study_rows import StudyRows
from han5k_review.review.decisions.adjudication import Standing, settle_standings
from han5k_review.review.decisions.revising import RevisionView
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Reader

_T, _I, _N, _UTC = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """A submitted revision, where it stands, and who decided on it."""

    view: RevisionView
    standing: Standing
    adjudicator: Reader | None


_WHAT: tuple[Column[RevisionRow], ...] = (
    column("revision_id", "Revision", _I, "revision", "Its number.", lambda r: r.view.revision.id),
    column("case", "Case", _T, "case", "Pseudonym of the case.", lambda r: r.view.case),
    column(
        "structure",
        "Structure",
        _T,
        "contour",
        "Name in the study's structure table.",
        lambda r: r.view.child.structure,
    ),
    column(
        "reader",
        "Reader",
        _T,
        "reader",
        "Pseudonym of who submitted it.",
        lambda r: r.view.reader,
    ),
    column(
        "submitted_at_utc",
        "Submitted",
        _UTC,
        "revision",
        "When it was submitted.",
        lambda r: r.view.revision.submitted_at_utc,
        "UTC",
    ),
    column(
        "label_version",
        "Label version",
        _I,
        "contour",
        "The revised contour.",
        lambda r: r.view.child.id,
    ),
    column(
        "started_from_label_version",
        "Started from version",
        _I,
        "contour",
        "The contour the edit began with.",
        lambda r: r.view.child.started_from_id,
    ),
    column(
        "reviewed_label_version",
        "Version under review",
        _I,
        "contour",
        "The contour it is measured against.",
        lambda r: r.view.revision.reviewed_id,
    ),
    column(
        "corrected_source",
        "Corrects",
        _T,
        "contour",
        "Label source of that contour; `empty`: drawn from nothing, and kept apart.",
        lambda r: r.view.source.value,
    ),
    column(
        "mask_sha256",
        "Mask hash",
        _T,
        "contour",
        "SHA-256 of the revised mask.",
        lambda r: r.view.child.mask_sha256,
    ),
)

_EDIT: tuple[Column[RevisionRow], ...] = (
    column(
        "vrd",
        "VRD",
        _N,
        "revision",
        "Volumetric revision degree |contour xor revised| / |contour|, a fraction.",
        lambda r: r.view.revision.vrd,
    ),
    column(
        "apl_mm",
        "Added path length",
        _N,
        "revision",
        "Contour of the revision that the contour under review does not cover.",
        lambda r: r.view.revision.apl_mm,
        "mm",
    ),
    column(
        "slices_edited",
        "Slices edited",
        _I,
        "revision",
        "Axial slices that differ from the contour under review.",
        lambda r: r.view.revision.slices_edited,
    ),
    column(
        "active_seconds",
        "Active time",
        _N,
        "revision",
        "Active time of editing, idle over 60 s left out; empty for a file.",
        lambda r: r.view.revision.active_seconds,
        "s",
    ),
)

_GRADE: tuple[Column[RevisionRow], ...] = (
    column(
        "grade_code",
        "Grade",
        _T,
        "grade",
        "The reader's grade of the contour under review, given before or after the edit, as "
        "recorded.",
        lambda r: r.view.grade.raw_code if r.view.grade else None,
    ),
    column(
        "grade_level",
        "Grade level",
        _T,
        "grade",
        "Its level: `no`, `minor`, `major`, `not_assessable` or `absent`.",
        lambda r: r.view.grade.level if r.view.grade else None,
    ),
    column(
        "graded_at_utc",
        "Graded",
        _UTC,
        "grade",
        "When that grade was stored.",
        lambda r: r.view.grade.graded_at_utc if r.view.grade else None,
        "UTC",
    ),
)

_DECISION: tuple[Column[RevisionRow], ...] = (
    column(
        "standing",
        "Stands",
        _T,
        "revision",
        "`waiting`, `accepted`, `rejected`, `not chosen` (another contour is accepted), or "
        "`replaced by a newer one`.",
        lambda r: r.standing.value,
    ),
    column(
        "adjudicator",
        "Adjudicator",
        _T,
        "reader",
        "Pseudonym of who decided last.",
        lambda r: r.adjudicator.pseudonym if r.adjudicator else None,
    ),
    column(
        "decided_at_utc",
        "Decided",
        _UTC,
        "revision",
        "When.",
        lambda r: r.view.decision.decided_at_utc if r.view.decision else None,
        "UTC",
    ),
    column(
        "reason",
        "Reason",
        _T,
        "revision",
        "The adjudicator's words.",
        lambda r: r.view.decision.reason if r.view.decision else None,
    ),
)

REVISIONS: Sheet[RevisionRow] = Sheet(
    key="revisions",
    title="Revisions",
    row="a submitted revision, graded or not",
    columns=(*_WHAT, *_EDIT, *_GRADE, *_DECISION),
)


def build_revision_rows(rows: StudyRows) -> list[RevisionRow]:
    """All revisions, oldest first."""
    views: Sequence[RevisionView] = rows.revisions
    standings = settle_standings(views, rows.accepted)
    readers: Mapping[int, Reader] = rows.readers
    return [
        RevisionRow(
            view=view,
            standing=standings[stored_id(view.revision)],
            adjudicator=readers.get(view.decision.decided_by_id) if view.decision else None,
        )
        for view in views
    ]
