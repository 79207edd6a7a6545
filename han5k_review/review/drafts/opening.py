"""Drafts: opening, resuming, taking over, leaving and discarding one reader's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from han5k_review.errors import DataError, RuleError
from han5k_review.review.assistance import is_assisted
from han5k_review.review.decisions.locking import check_unlocked
from han5k_review.review.drafts.leases import (
    check_free,
    check_holder,
    check_one_editor,
    end_lease,
    leave_lease,
    renew_lease,
)
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.labels import UNDER_REVIEW, find_shown
from han5k_review.review.preferences import is_forced_choice
from han5k_review.review.proposals import list_proposed
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.review.signatures import check_unsigned
from han5k_review.store.audit import add_audit
from han5k_review.store.draft_tables import Draft
from han5k_review.store.engine import LockLine, queue_by_number
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, LabelVersion, Reader
from han5k_review.store.vocabulary import DraftState, LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """What a tab asks for when it opens a draft.

    `holder` is the tab; `take_over` ends another one's lease; a new draft starts from the label
    version `base_id`, or (None) from the contour under review.
    """

    structure: str
    holder: str
    take_over: bool = False
    base_id: int | None = None


def list_drafts(session: Session, assignment_id: int) -> Sequence[Draft]:
    """The open drafts of an assignment, oldest first."""
    return session.exec(
        select(Draft)
        .where(Draft.assignment_id == assignment_id, Draft.state == DraftState.OPEN)
        .order_by(col(Draft.id))
    ).all()


def find_draft(session: Session, assignment_id: int, structure: str) -> Draft | None:
    """The open draft of a structure, None when there is none."""
    return session.exec(
        select(Draft).where(
            Draft.assignment_id == assignment_id,
            Draft.structure == structure,
            Draft.state == DraftState.OPEN,
        )
    ).one_or_none()


def get_draft(session: Session, assignment_id: int, structure: str) -> Draft:
    """The open draft of a structure; DraftError `no_draft` otherwise."""
    draft = find_draft(session, assignment_id, structure)
    if draft is None:
        raise DraftError(Reason.NO_DRAFT, f"An open draft of {structure} was expected; open one.")
    return draft


def get_open_draft(
    session: Session, assignment: Assignment, structure: str, draft_id: int
) -> Draft:
    """The draft a request names, locked for this transaction; it must be the open one here."""
    draft = session.get(Draft, draft_id, with_for_update=True, populate_existing=True)
    is_here = (
        draft is not None and draft.assignment_id == assignment.id and draft.structure == structure
    )
    if draft is None or not is_here:
        raise DraftError(
            Reason.ANOTHER_DRAFT,
            f"A stroke for the open draft of {structure} in this case was expected, found one for "
            "another draft; reload the case.",
        )
    if draft.state is not DraftState.OPEN:
        raise DraftError(
            Reason.ANOTHER_DRAFT,
            f"An open draft of {structure} was expected, this one was {draft.state} on "
            f"{draft.changed_at_utc:%Y-%m-%d %H:%M} UTC; open a new one to edit further.",
        )
    return draft


def open_draft(
    session: Session,
    *,
    assignment: Assignment,
    reader: Reader,
    request: OpenRequest,
    may_edit_any: bool,
    rules: EditRules,
    now: datetime,
) -> tuple[Draft, bool]:
    """Open or resume the draft of a structure and give its lease to the tab; (draft, is new).

    DraftError when the structure is not under review, is locked, or is held by another tab (or,
    where the study allows one editor, another reader) and `take_over` was not asked for.
    `may_edit_any` lets an adjudicator start from anybody's revision.
    """
    structure, take_over = request.structure, request.take_over
    assignment_id = stored_id(assignment)
    session.get(Assignment, assignment_id, with_for_update=True)  # one draft, one lease
    _check_open(session, assignment)
    reviewed = find_shown(session, assignment, structure)
    if reviewed is None:
        raise DraftError(
            Reason.NOT_UNDER_REVIEW,
            f"A structure under review in this case was expected, found {structure!r}.",
        )
    if reviewed.source is not LabelSource.EMPTY:
        check_unlocked(session, assignment.case_id, structure)
    _check_unsigned(session, assignment_id)
    draft = find_draft(session, assignment_id, structure)
    is_new = draft is None
    taken = False
    if rules.one_editor:
        queue_by_number(session, LockLine.CASE_EDITORS, assignment.case_id)
        taken = check_one_editor(session, assignment, structure, take_over=take_over, now=now)
    if draft is None:
        base = _get_base(session, assignment, reviewed, request.base_id, may_edit_any=may_edit_any)
        draft = _new_draft(assignment, structure, reviewed, base, now)
    else:
        taken = check_free(draft, request.holder, take_over=take_over, now=now) or taken
    renew_lease(draft, request.holder, rules, now)
    session.add(draft)
    session.flush()
    if is_new or taken:
        add_audit(
            session,
            at_utc=now,
            actor=reader.name,
            action="open draft" if is_new else "take over draft",
            subject=f"assignment {assignment_id} {structure}",
            draft=draft.id,
            took_over=taken,
        )
    return draft, is_new


def keep_lease(
    session: Session,
    draft: Draft,
    *,
    holder: str,
    release: bool,
    place: dict[str, Any] | None,
    rules: EditRules,
    now: datetime,
    closing: bool = False,
) -> None:
    """Renew the holder's lease, or give it back; remember the place it looks at.

    `closing`: it comes back because the page closes, so the draft is offered when it is reopened.
    """
    check_holder(draft, holder)
    if place is not None:
        draft.place = place
    if release and closing:
        leave_lease(draft, now)
    elif release:
        end_lease(draft)
    else:
        renew_lease(draft, holder, rules, now)
    session.add(draft)


def discard_draft(
    session: Session, draft: Draft, *, holder: str, reader: Reader, now: datetime
) -> None:
    """Close the draft without a revision; its journal stays."""
    check_holder(draft, holder)
    close_draft(session, draft, DraftState.DISCARDED, now)
    add_audit(
        session,
        at_utc=now,
        actor=reader.name,
        action="discard draft",
        subject=f"assignment {draft.assignment_id} {draft.structure}",
        draft=draft.id,
        version=draft.version,
    )


def close_draft(session: Session, draft: Draft, state: DraftState, now: datetime) -> None:
    """Move the draft out of the open state for good."""
    draft.state = state
    draft.changed_at_utc = now
    end_lease(draft)
    session.add(draft)


def is_outdated(session: Session, draft: Draft) -> bool:
    """True when the contour under review is no longer the one this draft revises."""
    assignment = session.get_one(Assignment, draft.assignment_id)
    present = find_shown(session, assignment, draft.structure)
    return present is None or present.id != draft.reviewed_label_version_id


def _check_open(session: Session, assignment: Assignment) -> None:
    if assignment.closed_at_utc is not None:
        raise DraftError(
            Reason.NOT_UNDER_REVIEW,
            "A read that goes on was expected, this one was closed by the study lead or since its "
            "time was over; what was done in it is kept. Open your worklist for the next case.",
        )
    if is_forced_choice(session, stored_id(assignment)):
        raise DraftError(
            Reason.NOT_UNDER_REVIEW,
            "A read whose contours may be edited was expected, found a forced choice; choose one "
            "of the two contours.",
        )


def _check_unsigned(session: Session, assignment_id: int) -> None:
    try:
        check_unsigned(session, assignment_id)
    except RuleError as error:
        raise DraftError(Reason.SIGNED, str(error)) from error


def _get_base(
    session: Session,
    assignment: Assignment,
    reviewed: LabelVersion,
    base_id: int | None,
    *,
    may_edit_any: bool,
) -> LabelVersion:
    if base_id is None or base_id == reviewed.id:
        return reviewed
    base = session.get(LabelVersion, base_id)
    if base is not None and base.case_id == reviewed.case_id:
        is_own = base.source is LabelSource.REVISION and base.reader_id == assignment.reader_id
        is_own |= _is_proposed(session, assignment, base, reviewed)
        fits = base.structure == reviewed.structure and base.source not in UNDER_REVIEW
        if fits and (is_own or may_edit_any):
            return base
    # One answer for all others: a reader does not learn which contours there are.
    whose = "A" if may_edit_any else "Your own"
    raise DraftError(
        Reason.NOT_UNDER_REVIEW,
        f"{whose} revision of {reviewed.structure} in this case was expected to start from, found "
        "another contour.",
    )


def _is_proposed(
    session: Session, assignment: Assignment, base: LabelVersion, reviewed: LabelVersion
) -> bool:
    """Whether `base` is proposed for the contour of a read that may have assistance."""
    if assignment.blinded or not is_assisted(session, assignment):
        return False
    waiting = list_proposed(session, assignment.case_id).get(reviewed.structure)
    return waiting is not None and waiting.id == base.id


def _new_draft(
    assignment: Assignment,
    structure: str,
    reviewed: LabelVersion,
    base: LabelVersion,
    now: datetime,
) -> Draft:
    if assignment.id is None or reviewed.id is None or base.id is None:
        raise DataError("A stored assignment and stored contours were expected.")
    return Draft(
        assignment_id=assignment.id,
        case_id=assignment.case_id,
        structure=structure,
        base_label_version_id=base.id,
        reviewed_label_version_id=reviewed.id,
        state=DraftState.OPEN,
        voxels=base.voxels,
        opened_at_utc=now,
        changed_at_utc=now,
    )
