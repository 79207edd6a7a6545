"""Progress: how many structures of each assignment have a grade in force, counted in the database.

One question for a whole worklist: 3,346 cases of 49 structures are 164,000 rows, too many to look
at case by case each time a page opens.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Subquery
from sqlalchemy.orm import aliased
from sqlmodel import Session, case, col, distinct, func, select

from han5k_review.review.drawing import is_drawn_draft
from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.store.draft_tables import Draft, DraftSubmission
from han5k_review.store.preference_tables import Preference
from han5k_review.store.protocol_tables import ReadContour
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Grade, LabelVersion

_SCOPE = (
    col(Assignment.id),
    col(Assignment.case_id),
    col(Assignment.reader_id),
    col(Assignment.protocol_id),
    col(Assignment.closed_at_utc),
)
# Made once: making an alias costs more than the query.
_NEWER_CHOICE, _NEWER_GRADE = aliased(Preference), aliased(Grade)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Of one assignment: structures it shows, those with a grade in force, the last grade."""

    case_id: int
    reader_id: int
    graded: int
    total: int
    last_graded_at_utc: datetime | None

    @property
    def is_done(self) -> bool:
        """True when every structure under review has a grade."""
        return self.total > 0 and self.graded >= self.total


def measure_progress(
    session: Session, *, reader_id: int | None = None, assignment_ids: Collection[int] | None = None
) -> Mapping[int, Progress]:
    """Assignment id -> progress: of one reader, of some assignments, or of the whole study.

    Places of adjudication are left out: nothing is graded there. A grade counts when nothing
    superseded or withdrew it and it is of the contour that the read shows now.
    """
    wanted: list[ColumnElement[bool]] = [col(Assignment.read_index) > ADJUDICATION_INDEX]
    if reader_id is not None:
        wanted.append(col(Assignment.reader_id) == reader_id)
    if assignment_ids is not None:
        wanted.append(col(Assignment.id).in_(assignment_ids))
    scope = sa.select(*_SCOPE).where(*wanted).subquery()
    totals, renewed = _count_structures(session, scope)
    graded = _count_graded(session, scope)
    if renewed:
        of_renewed = (
            select(scope.c.id, scope.c.case_id)
            .where(scope.c.case_id.in_(renewed), scope.c.protocol_id.is_(None))
            .subquery()
        )
        graded |= dict.fromkeys(session.exec(select(of_renewed.c.id)), 0)
        graded |= _count_graded(session, of_renewed, _list_present(of_renewed))
    graded |= _count_chosen(session, scope)
    graded |= _count_drawn(session, scope)
    own = _count_own(session, scope)
    last = _find_last(session, scope)
    return {
        key: Progress(
            case_id=case_id,
            reader_id=reader,
            graded=graded.get(key, 0),
            # A closed read is left where it stands.
            total=graded.get(key, 0) if closed else own.get(key, totals.get(case_id, 0)),
            last_graded_at_utc=last.get(key),
        )
        for key, case_id, reader, closed in session.exec(
            select(scope.c.id, scope.c.case_id, scope.c.reader_id, scope.c.closed_at_utc)
        )
    }


def _find_last(session: Session, scope: Subquery) -> dict[int, datetime]:
    """Assignment id -> its last act, of grading, choosing or drawing from nothing."""
    graded = select(scope.c.id, func.max(Grade.graded_at_utc)).join(
        Grade, col(Grade.assignment_id) == scope.c.id
    )
    chosen = select(scope.c.id, func.max(Preference.chosen_at_utc)).join(
        Preference, col(Preference.assignment_id) == scope.c.id
    )
    drawn = (
        select(scope.c.id, func.max(DraftSubmission.submitted_at_utc))
        .join(Draft, col(Draft.assignment_id) == scope.c.id)
        .join(DraftSubmission, col(DraftSubmission.draft_id) == col(Draft.id))
        .where(is_drawn_draft())
    )
    found: dict[int, datetime] = {}
    for query in (graded, chosen, drawn):
        found |= _pairs(session, query.group_by(scope.c.id))
    return found


def _count_chosen(session: Session, scope: Subquery) -> dict[int, int]:
    """Assignment id -> structures with a choice in force, of the reads of a forced choice."""
    return _pairs(
        session,
        select(scope.c.id, func.count())
        .join(Preference, col(Preference.assignment_id) == scope.c.id)
        .outerjoin(_NEWER_CHOICE, col(_NEWER_CHOICE.supersedes_id) == col(Preference.id))
        .where(col(_NEWER_CHOICE.supersedes_id).is_(None), col(Preference.choice).is_not(None))
        .group_by(scope.c.id),
    )


def _count_drawn(session: Session, scope: Subquery) -> dict[int, int]:
    """Assignment id -> structures that were drawn and submitted, of the reads from nothing."""
    return _pairs(
        session,
        select(scope.c.id, func.count(distinct(col(Draft.structure))))
        .join(Draft, col(Draft.assignment_id) == scope.c.id)
        .join(DraftSubmission, col(DraftSubmission.draft_id) == col(Draft.id))
        .where(is_drawn_draft())
        .group_by(scope.c.id),
    )


def _count_own(session: Session, scope: Subquery) -> dict[int, int]:
    """Assignment id -> contours, of the reads of a protocol; these never change."""
    return _pairs(
        session,
        select(scope.c.id, func.count())
        .join(ReadContour, col(ReadContour.assignment_id) == scope.c.id)
        .group_by(scope.c.id),
    )


def _count_structures(session: Session, scope: Subquery) -> tuple[dict[int, int], list[int]]:
    """Case id -> structures under review; and the cases where one of them was drawn anew.

    Only in those can a grade be of a contour that is not under review any more: contours that are
    not shown (`is_shown`) are drawn ones too.
    """
    shown = case((is_shown(), col(LabelVersion.structure)), else_=None)
    versions, structures = func.count(), func.count(distinct(shown))
    rows = session.exec(
        select(LabelVersion.case_id, structures, versions)
        .where(
            col(LabelVersion.source).in_(UNDER_REVIEW),
            col(LabelVersion.case_id).in_(select(scope.c.case_id)),
        )
        .group_by(col(LabelVersion.case_id))
    ).all()
    return (
        {case_id: count for case_id, count, _ in rows},
        [case_id for case_id, count, drawn in rows if drawn > count],
    )


def _count_graded(
    session: Session, scope: Subquery, present: Subquery | None = None
) -> dict[int, int]:
    """Assignment id -> how many of its structures have a grade in force.

    With `present` only grades of these contours count.
    """
    query = (
        select(scope.c.id, func.count())
        .join(Grade, col(Grade.assignment_id) == scope.c.id)
        .outerjoin(_NEWER_GRADE, col(_NEWER_GRADE.supersedes_id) == col(Grade.id))
        .where(col(_NEWER_GRADE.supersedes_id).is_(None), col(Grade.raw_code).is_not(None))
        .group_by(scope.c.id)
    )
    if present is not None:
        query = query.join(present, present.c.version_id == col(Grade.label_version_id))
    return _pairs(session, query)


def _list_present(scope: Subquery) -> Subquery:
    """The newest contour under review of each structure, in the cases of `scope`."""
    return (
        select(col(LabelVersion.case_id), func.max(LabelVersion.id).label("version_id"))
        .where(
            col(LabelVersion.source).in_(UNDER_REVIEW),
            is_shown(),
            col(LabelVersion.case_id).in_(select(scope.c.case_id)),
        )
        .group_by(col(LabelVersion.case_id), col(LabelVersion.structure))
        .subquery()
    )


def _pairs(session: Session, query: Any) -> dict[int, Any]:
    return {int(key): value for key, value in session.exec(query)}
