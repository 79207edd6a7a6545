"""Leases: which browser tab may write to a draft now. A takeover is knowing, and leaves a trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from han5k_review.review.edit_rules import EditRules
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.columns import format_utc
from han5k_review.store.draft_tables import Draft
from han5k_review.store.tables import Assignment, Reader
from han5k_review.store.vocabulary import DraftState

OTHER_TAB = "your other tab"
OTHER_READER = "another reader"


def is_leased(draft: Draft, now: datetime) -> bool:
    """True while somebody holds the draft."""
    return (
        draft.lease_holder is not None
        and draft.lease_until_utc is not None
        and draft.lease_until_utc > now
    )


def renew_lease(draft: Draft, holder: str, rules: EditRules, now: datetime) -> None:
    """Give the lease to `holder` from now on."""
    draft.lease_holder = holder
    draft.lease_until_utc = now + timedelta(seconds=rules.lease_seconds)


def end_lease(draft: Draft) -> None:
    """Nobody holds the draft."""
    draft.lease_holder = None
    draft.lease_until_utc = None


def leave_lease(draft: Draft, now: datetime) -> None:
    """Nobody holds the draft any more, and its lease ran out now: it was left, not put away."""
    draft.lease_until_utc = now


def check_holder(draft: Draft, holder: str) -> None:
    """Return when `holder` had the lease last, even if it ran out; DraftError otherwise.

    A lease that ran out and that nobody took is still the holder's: a laptop that slept goes on.
    """
    if draft.lease_holder == holder:
        return
    if draft.lease_holder is None:
        raise DraftError(
            Reason.LEASE_LOST,
            f"{draft.structure} was left and is open in no tab; take over here to go on with it.",
        )
    raise DraftError(
        Reason.LEASE_LOST,
        f"{draft.structure} is now edited in another tab or on another machine of yours; take over "
        "here to go on with it.",
        lease=describe_lease(draft, OTHER_TAB),
    )


def check_free(draft: Draft, holder: str, *, take_over: bool, now: datetime) -> bool:
    """True when opening takes the lease from another tab knowingly; DraftError when not asked."""
    if not is_leased(draft, now) or draft.lease_holder == holder:
        return False
    if take_over:
        return True
    raise DraftError(
        Reason.LEASE_HELD,
        f"{draft.structure} is being edited in another tab or on another machine of yours; close "
        "it there, or take over here.",
        lease=describe_lease(draft, OTHER_TAB),
    )


def check_one_editor(
    session: Session, assignment: Assignment, structure: str, *, take_over: bool, now: datetime
) -> bool:
    """Where the study allows one editor: end the leases of others; True when one was in force.

    DraftError when another reader edits and `take_over` was not asked for. A blinded reader
    does not learn who it is.
    """
    others = _list_others(session, assignment, structure)
    held = next((draft for draft in others if is_leased(draft, now)), None)
    if held is not None and not take_over:
        name = OTHER_READER if assignment.blinded else _name_of(session, held)
        raise DraftError(
            Reason.LEASE_HELD,
            f"The study allows one editor per structure, and {name} edits {structure} now; wait, "
            "or take over.",
            lease=describe_lease(held, name),
        )
    for draft in others:
        end_lease(draft)
        session.add(draft)
    return held is not None


def describe_lease(draft: Draft, holder: str | None) -> dict[str, Any]:
    """The lease as an answer shows it."""
    until = draft.lease_until_utc
    return {
        "holder": holder,
        "until_utc": None if until is None else format_utc(until),
    }


def _list_others(session: Session, assignment: Assignment, structure: str) -> Sequence[Draft]:
    return session.exec(
        select(Draft).where(
            Draft.case_id == assignment.case_id,
            Draft.structure == structure,
            Draft.state == DraftState.OPEN,
            col(Draft.assignment_id) != assignment.id,
        )
    ).all()


def _name_of(session: Session, draft: Draft) -> str:
    assignment = session.get(Assignment, draft.assignment_id)
    reader = None if assignment is None else session.get(Reader, assignment.reader_id)
    return OTHER_READER if reader is None else reader.name
