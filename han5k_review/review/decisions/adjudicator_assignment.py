"""An adjudicator edits a case in an assignment of read index 0, with nothing to grade.

Drafts, leases and patches work there as in any assignment. What is submitted is a revision like any
other, and waits for a second person: nobody judges their own work (docs/decisions/0008).
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from han5k_review.errors import RuleError
from han5k_review.store.audit import add_audit
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, Reader


def open_edit_assignment(
    session: Session, *, case_id: int, adjudicator: Reader, now: datetime
) -> Assignment:
    """This adjudicator's assignment in the case, made at the first visit.

    The caller has checked that this person may decide on revisions. RuleError for a case or a
    person that is not stored.
    """
    case = session.get(Case, case_id, with_for_update=True)  # two tabs make one assignment
    if case is None or adjudicator.id is None:
        raise RuleError(f"A stored case and adjudicator were expected, found case {case_id}.")
    known = session.exec(
        select(Assignment).where(
            Assignment.case_id == case_id,
            Assignment.reader_id == adjudicator.id,
            Assignment.read_index == ADJUDICATION_INDEX,
        )
    ).one_or_none()
    if known is not None:
        return known
    assignment = Assignment(
        case_id=case_id,
        reader_id=adjudicator.id,
        presentation_order=0,
        read_index=ADJUDICATION_INDEX,
        blinded=False,
        created_at_utc=now,
    )
    session.add(assignment)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=adjudicator.name,
        action="open adjudication",
        subject=case.name,
        assignment=assignment.id,
    )
    return assignment
