"""Which label versions a reader sees, and which of them counts now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from han5k_review.store.prediction_tables import PredictionDecision, PredictionLabel, PredictionRun
from han5k_review.store.protocol_tables import ReadContour
from han5k_review.store.tables import Assignment, LabelVersion
from han5k_review.store.vocabulary import LabelSource, PredictionAct, PredictionState

UNDER_REVIEW = (LabelSource.PSEUDO, LabelSource.PREDICTION)


def is_shown() -> ColumnElement[bool]:
    """True for every label version but those of a prediction that nobody put under review.

    What a model predicted waits for a person's word; withdrawn, it is as if it had not been there,
    and the contour of before is under review again. No row is changed for it.
    """
    put = select(PredictionDecision.prediction_id).where(
        PredictionDecision.act == PredictionAct.PUT_UNDER_REVIEW
    )
    withdrawn = select(PredictionDecision.prediction_id).where(
        PredictionDecision.act == PredictionAct.WITHDRAWN
    )
    prediction_id = col(PredictionLabel.prediction_id)
    withheld = select(PredictionLabel.label_version_id).where(
        prediction_id.not_in(put) | prediction_id.in_(withdrawn)
    )
    return col(LabelVersion.id).not_in(withheld)


def _select_newest(case_id: int, sources: Sequence[LabelSource]) -> SelectOfScalar[LabelVersion]:
    """Those of one structure oldest first."""
    return (
        select(LabelVersion)
        .where(LabelVersion.case_id == case_id, col(LabelVersion.source).in_(sources), is_shown())
        .order_by(col(LabelVersion.id))
    )


def _select_shown(assignment: Assignment) -> SelectOfScalar[LabelVersion]:
    if assignment.protocol_id is None:
        return _select_newest(assignment.case_id, UNDER_REVIEW)
    return (
        select(LabelVersion)
        .join(ReadContour, col(ReadContour.label_version_id) == col(LabelVersion.id))
        .where(ReadContour.assignment_id == assignment.id)
        .order_by(col(LabelVersion.id))
    )


def list_newest(
    session: Session, case_id: int, sources: Sequence[LabelSource]
) -> Mapping[str, LabelVersion]:
    """Structure -> its newest label version of one of `sources` in this case."""
    return {row.structure: row for row in session.exec(_select_newest(case_id, sources))}


def list_under_review(session: Session, case_id: int) -> Mapping[str, LabelVersion]:
    """Structure -> the pseudo-label that is to be graded now."""
    return list_newest(session, case_id, UNDER_REVIEW)


def list_shown(session: Session, assignment: Assignment) -> Mapping[str, LabelVersion]:
    """Structure -> the contour that this read shows and grades, whatever its source.

    A read of a protocol keeps its contours; any other shows what is under review now.
    """
    return {row.structure: row for row in session.exec(_select_shown(assignment))}


def list_shown_ids(session: Session, assignment: Assignment) -> Mapping[str, int]:
    """Structure -> the id of the contour that `list_shown` has; cheaper, for who only counts."""
    query = _select_shown(assignment).with_only_columns(
        col(LabelVersion.structure), col(LabelVersion.id)
    )
    return {structure: number for structure, number in session.execute(query)}


def find_shown(session: Session, assignment: Assignment, structure: str) -> LabelVersion | None:
    """The contour of one structure that this read shows, as `list_shown` has it; None without."""
    query = _select_shown(assignment).where(LabelVersion.structure == structure)
    rows = session.exec(query).all()
    return rows[-1] if rows else None


def list_right(session: Session, assignment: Assignment) -> Mapping[str, LabelVersion]:
    """Structure -> the contour on the right, in a forced choice; empty in any other read."""
    rows = session.exec(
        select(LabelVersion)
        .join(ReadContour, col(ReadContour.right_id) == col(LabelVersion.id))
        .where(ReadContour.assignment_id == assignment.id)
    )
    return {row.structure: row for row in rows}


def list_waiting(session: Session, case_id: int) -> Mapping[str, LabelVersion]:
    """Structure -> the newest contour of a finished prediction that nobody decided on yet."""
    decided = select(PredictionDecision.prediction_id)
    rows = session.exec(
        select(LabelVersion)
        .join(PredictionLabel, col(PredictionLabel.label_version_id) == LabelVersion.id)
        .join(PredictionRun, col(PredictionRun.id) == PredictionLabel.prediction_id)
        .where(
            LabelVersion.case_id == case_id,
            PredictionRun.state == PredictionState.DONE,
            col(PredictionRun.id).not_in(decided),
        )
        .order_by(col(LabelVersion.id))
    )
    return {row.structure: row for row in rows}


def list_references(session: Session, case_id: int) -> Mapping[str, LabelVersion]:
    """Structure -> the newest reference contour."""
    return list_newest(session, case_id, (LabelSource.REFERENCE,))


def list_earlier(session: Session, case_id: int) -> Mapping[str, LabelVersion]:
    """Structure -> the contour that was under review before the present one."""
    rows = session.exec(
        select(LabelVersion)
        .where(
            LabelVersion.case_id == case_id, col(LabelVersion.source).in_(UNDER_REVIEW), is_shown()
        )
        .order_by(col(LabelVersion.id))
    )
    present: dict[str, LabelVersion] = {}
    earlier: dict[str, LabelVersion] = {}
    for row in rows:
        if row.structure in present:
            earlier[row.structure] = present[row.structure]
        present[row.structure] = row
    return earlier
