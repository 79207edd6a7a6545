"""Adjudicating a grade: the consensus of one contour, as a row of its own beside the reads.

submit_consensus(session, ConsensusRequest(label_version_id=7, last_grade_id=31, code="minor"),
                 adjudicator=ada, scale=scale, now=utc_now())
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from han5k_review.accounts.identity import build_identity
from han5k_review.accounts.may import Action, require
from han5k_review.errors import ConflictError, RuleError
from han5k_review.protocol.due_contours import DueContour, list_due
from han5k_review.protocol.record import get_version
from han5k_review.review.consensus import list_read_cases
from han5k_review.review.grading import MAX_COMMENT
from han5k_review.store.audit import add_audit
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.identity import stored_id
from han5k_review.store.protocol_tables import ReadContour
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader
from han5k_review.study.scale import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusRequest:
    """What an adjudicator says of a contour, with the newest act that they have seen."""

    label_version_id: int
    last_grade_id: int
    code: str
    comment: str = ""


def submit_consensus(
    session: Session,
    request: ConsensusRequest,
    *,
    adjudicator: Reader,
    scale: Scale,
    now: datetime,
) -> ConsensusGrade:
    """Store the consensus grade as a row of its own, with its audit row.

    AccessError for a role that may not; RuleError for a reader of the case, a contour that does not
    wait, or a code that the scale does not have; ConflictError when a read changed meanwhile.
    """
    require(build_identity(adjudicator), Action.ADJUDICATE)
    label = session.get(LabelVersion, request.label_version_id)
    if label is None:
        raise RuleError(f"A contour was expected, found none with id {request.label_version_id}.")
    subject = session.get_one(Case, label.case_id, with_for_update=True)  # one writer a case
    if label.case_id in list_read_cases(session, stored_id(adjudicator)):
        raise RuleError(
            f"A person who does not read {subject.name} was expected to adjudicate it, "
            f"{adjudicator.name} is one of its readers; another adjudicator decides."
        )
    _hold_reads(session, request.label_version_id)
    due = next(iter(list_due(session, request.label_version_id)), None)
    if due is None:
        raise RuleError(
            f"A contour that waits for an adjudicator was expected, {label.structure} of "
            f"{subject.name} does not wait any more; look at what waits now."
        )
    if due.last_grade_id != request.last_grade_id:
        raise ConflictError(
            f"The grades that were shown for {label.structure} of {subject.name} were expected, a "
            "reader has changed one since; look at them again."
        )
    if len(request.comment) > MAX_COMMENT:
        raise RuleError(
            f"A comment of at most {MAX_COMMENT} characters was expected, found "
            f"{len(request.comment)}."
        )
    return _add(session, request, due, adjudicator, scale, now)


def _add(
    session: Session,
    request: ConsensusRequest,
    due: DueContour,
    adjudicator: Reader,
    scale: Scale,
    now: datetime,
) -> ConsensusGrade:
    version = get_version(session)
    row = ConsensusGrade(
        label_version_id=due.label_version_id,
        case_id=due.case_id,
        structure=due.structure,
        protocol_id=stored_id(version),
        rule=version.adjudication,
        reads=due.reads,
        last_grade_id=due.last_grade_id,
        scale=scale.name,
        raw_code=request.code,
        level=scale.get_grade(request.code).level,
        comment=request.comment.strip(),
        adjudicator_id=stored_id(adjudicator),
        graded_at_utc=now,
    )
    session.add(row)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=adjudicator.name,
        action="adjudicate grade",
        subject=f"{due.case} {due.structure}",
        consensus=row.id,
        contour=due.label_version_id,
        rule=row.rule.value,
        code=row.raw_code,
        last_grade=row.last_grade_id,
    )
    return row


def _hold_reads(session: Session, label_version_id: int) -> None:
    """No grade of this contour comes in between: grading locks its read first."""
    shown = select(ReadContour.assignment_id).where(
        ReadContour.label_version_id == label_version_id
    )
    graded = select(Grade.assignment_id).where(Grade.label_version_id == label_version_id)
    reads = or_(col(Assignment.id).in_(shown), col(Assignment.id).in_(graded))
    session.exec(select(Assignment.id).where(reads).order_by(col(Assignment.id)).with_for_update())
