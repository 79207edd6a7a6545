"""The list of cases: searched, filtered, ordered and cut into pages by the database.

wish = CaseWish(search="HN-01", only=CaseFilter.DRAFTS)
count = count_cases(session, wish)
rows = list_case_summaries(session, wish, first=0, most=50)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Subquery, case, distinct, func, select
from sqlmodel import Session, col

from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.store.draft_tables import Draft
from han5k_review.store.prediction_tables import LabelUncertainty
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, LabelVersion
from han5k_review.store.triage_tables import TriageRound, TriageScore
from han5k_review.store.vocabulary import DraftState, LabelSource, Split
from han5k_review.triage.doubts import DOUBTFUL

_Query = Any  # a SELECT; its columns' types are lost as it is narrowed and sorted


class CaseFilter(StrEnum):
    """Which cases are listed; the value is what the page says."""

    ALL = "all cases"
    TRAIN = "training cases"
    HELD_OUT = "held-out cases"
    UNASSIGNED = "on nobody's list"
    DRAFTS = "with edits not submitted"
    DOUBTFUL = "with a doubtful contour"


class CaseOrder(StrEnum):
    """By what the list is ordered; equal ones by name."""

    NAME = "name"
    PATIENT = "patient"
    SPLIT = "split"
    IMPORTED = "imported"
    PSEUDO_LABELS = "pseudo-labels"
    REFERENCES = "references"
    READERS = "readers"
    DRAFTS = "drafts"
    DOUBTFUL = "doubtful"
    DOUBT = "largest disagreement"


_COLUMNS = {
    CaseOrder.NAME: col(Case.name),
    CaseOrder.PATIENT: col(Case.patient),
    CaseOrder.SPLIT: col(Case.split),
    CaseOrder.IMPORTED: col(Case.imported_at_utc),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWish:
    """What somebody looks for; `search` is a part of the name of a case or patient. What has no
    value in the order comes last, whether it is `descending` or not."""

    search: str = ""
    only: CaseFilter = CaseFilter.ALL
    order: CaseOrder = CaseOrder.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """One row of the case list.

    `doubtful` counts contours under review that triage or their own predictions doubt;
    `largest_disagreement` is of those that were predicted several times.
    """

    name: str
    patient: str
    split: Split
    imported_at_utc: datetime
    pseudo_labels: int
    references: int
    readers: int
    open_drafts: int
    doubtful: int | None
    largest_disagreement: float | None


def count_cases(session: Session, wish: CaseWish) -> int:
    """How many cases the wish finds."""
    query = _narrow(select(func.count()).select_from(Case), wish)
    return int(session.execute(query).scalar_one())


def list_case_summaries(
    session: Session, wish: CaseWish, *, first: int = 0, most: int
) -> list[CaseSummary]:
    """A part of what the wish finds; the number of queries does not grow with the cases."""
    columns = (Case.id, Case.name, Case.patient, Case.split, Case.imported_at_utc)
    query = _sort(_narrow(select(*map(col, columns)), wish), wish)
    found = session.execute(query.offset(first).limit(most)).all()
    numbers = [row.id for row in found]
    under_review = _count_structures(session, UNDER_REVIEW, numbers)
    references = _count_structures(session, (LabelSource.REFERENCE,), numbers)
    readers = _pairs(session, _count_readers().where(col(Assignment.case_id).in_(numbers)))
    drafts = _pairs(session, _count_open_drafts().where(col(Draft.case_id).in_(numbers)))
    doubts = _read_doubts(session, numbers)
    return [
        CaseSummary(
            name=row.name,
            patient=row.patient,
            split=row.split,
            imported_at_utc=row.imported_at_utc,
            pseudo_labels=under_review.get(row.id, 0),
            references=references.get(row.id, 0),
            readers=readers.get(row.id, 0),
            open_drafts=drafts.get(row.id, 0),
            doubtful=doubts.get(row.id, (None, None))[0],
            largest_disagreement=doubts.get(row.id, (None, None))[1],
        )
        for row in found
    ]


def _narrow(query: _Query, wish: CaseWish) -> _Query:
    number = col(Case.id)
    words = wish.search.strip()
    if words:
        query = query.where(
            col(Case.name).icontains(words, autoescape=True)
            | col(Case.patient).icontains(words, autoescape=True)
        )
    if wish.only is CaseFilter.UNASSIGNED:
        return query.where(
            number.not_in(_count_readers().with_only_columns(col(Assignment.case_id)))
        )
    if wish.only is CaseFilter.DRAFTS:
        return query.where(number.in_(_count_open_drafts().with_only_columns(col(Draft.case_id))))
    if wish.only is CaseFilter.DOUBTFUL:
        doubts = _measure_doubts()
        return query.where(number.in_(select(doubts.c.case_id).where(doubts.c.doubtful > 0)))
    splits = {CaseFilter.TRAIN: Split.TRAIN, CaseFilter.HELD_OUT: Split.HELD_OUT}
    if wish.only in splits:
        return query.where(col(Case.split) == splits[wish.only])
    return query


def _sort(query: _Query, wish: CaseWish) -> _Query:
    value: Any
    if wish.order in _COLUMNS:
        value = _COLUMNS[wish.order]
    else:
        rows, name = _find_values(wish.order)
        query = query.outerjoin(rows, rows.c.case_id == col(Case.id))
        value = rows.c[name]
    falling = value.desc() if wish.descending else value.asc()
    return query.order_by(value.is_(None), falling, col(Case.name))


def _find_values(order: CaseOrder) -> tuple[Subquery, str]:
    """Case id -> what is counted or measured of it, and the name of that column."""
    if order is CaseOrder.DOUBTFUL:
        return _measure_doubts(), "doubtful"
    if order is CaseOrder.DOUBT:
        return _measure_doubts(), "largest"
    if order is CaseOrder.READERS:
        return _count_readers().subquery(), "count"
    if order is CaseOrder.DRAFTS:
        return _count_open_drafts().subquery(), "count"
    under_review = order is CaseOrder.PSEUDO_LABELS
    sources = UNDER_REVIEW if under_review else (LabelSource.REFERENCE,)
    return _query_structures(sources).subquery(), "count"


def _count_structures(
    session: Session, sources: Collection[LabelSource], numbers: Sequence[int]
) -> Mapping[int, int]:
    query = _query_structures(sources).where(col(LabelVersion.case_id).in_(numbers))
    return _pairs(session, query)


def _query_structures(sources: Collection[LabelSource]) -> _Query:
    """Case id -> of how many structures it has a contour of these sources."""
    counted = func.count(distinct(col(LabelVersion.structure))).label("count")
    return (
        select(col(LabelVersion.case_id), counted)
        .where(col(LabelVersion.source).in_(sources), is_shown())
        .group_by(col(LabelVersion.case_id))
    )


def _count_readers() -> _Query:
    """Readers by case; a reader who reads it again counts once."""
    return (
        select(
            col(Assignment.case_id), func.count(distinct(col(Assignment.reader_id))).label("count")
        )
        .where(col(Assignment.read_index) > ADJUDICATION_INDEX)
        .group_by(col(Assignment.case_id))
    )


def _count_open_drafts() -> _Query:
    """Drafts with a change in them, by case."""
    return (
        select(col(Draft.case_id), func.count().label("count"))
        .where(col(Draft.state) == DraftState.OPEN, col(Draft.version) > 0)
        .group_by(col(Draft.case_id))
    )


def _measure_doubts(numbers: Sequence[int] | None = None) -> Subquery:
    """Case id -> contours under review that their score or their predictions doubt, and the largest
    disagreement of any."""
    present = (
        select(func.max(col(LabelVersion.id)))
        .where(col(LabelVersion.source).in_(UNDER_REVIEW), is_shown())
        .group_by(col(LabelVersion.case_id), col(LabelVersion.structure))
    )
    if numbers is not None:
        present = present.where(col(LabelVersion.case_id).in_(numbers))
    disagreement, score = col(LabelUncertainty.disagreement), col(TriageScore.is_doubtful)
    newest = select(func.max(col(TriageRound.id))).scalar_subquery()
    number = col(LabelVersion.id)
    return (
        select(
            col(LabelVersion.case_id),
            func.sum(case(((disagreement >= DOUBTFUL) | score, 1), else_=0)).label("doubtful"),
            func.max(disagreement).label("largest"),
        )
        .outerjoin(LabelUncertainty, col(LabelUncertainty.label_version_id) == number)
        .outerjoin(
            TriageScore,
            (col(TriageScore.label_version_id) == number) & (col(TriageScore.round_id) == newest),
        )
        .where(number.in_(present), disagreement.is_not(None) | score.is_not(None))
        .group_by(col(LabelVersion.case_id))
        .subquery()
    )


def _read_doubts(session: Session, numbers: Sequence[int]) -> Mapping[int, tuple[int, float]]:
    rows = session.execute(select(_measure_doubts(numbers)))
    return {row.case_id: (int(row.doubtful), row.largest) for row in rows}


def _pairs(session: Session, query: _Query) -> dict[int, int]:
    return {int(key): int(value) for key, value in session.execute(query)}
