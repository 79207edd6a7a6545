"""What people do with proposals: take one as it is, refuse it, withdraw those of a round.

To edit one is no decision of its own: a draft begins with it, and its revision says so.
Adjudicators decide on every proposal that they may see, readers in their own open reads, where
nothing is blinded and the protocol allows assistance.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.accounts.may import MAY, Action
from han5k_review.errors import AccessError, DataError, RuleError
from han5k_review.review.assistance import is_assisted
from han5k_review.review.decisions.submitting import Edit, add_whole_revision
from han5k_review.review.edit_check import measure_edit
from han5k_review.review.labels import find_shown
from han5k_review.review.proposals import ProposalStanding, ProposalView, list_proposals
from han5k_review.review.signatures import list_blind_cases, list_signatures
from han5k_review.store.audit import add_audit
from han5k_review.store.draft_tables import Draft
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.proposal_tables import Proposal, ProposalDecision, ProposalRound
from han5k_review.store.tables import Assignment, Case, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import DraftState, ProposalAct
from han5k_review.study import grid_of


def list_open_to(session: Session, reader: Reader) -> list[ProposalView]:
    """The proposals that wait and that this person may decide on, the largest gain first."""
    waiting = [
        view for view in list_proposals(session) if view.standing is ProposalStanding.WAITING
    ]
    if Action.ADJUDICATE in MAY[reader.role]:
        blind = list_blind_cases(session, stored_id(reader)) if waiting else set()
        found = [view for view in waiting if view.contour.case_id not in blind]
    else:
        found = [view for view in waiting if find_read(session, view, reader) is not None]
    return sorted(found, key=lambda view: -view.proposal.gain)


def find_read(session: Session, view: ProposalView, reader: Reader) -> Assignment | None:
    """This person's own open read in which the proposal may be seen; None where there is none.

    A read by an alias is none: a list of proposals names the case.
    """
    reads = session.exec(
        select(Assignment)
        .where(
            Assignment.case_id == view.contour.case_id,
            Assignment.reader_id == reader.id,
            Assignment.read_index > 0,
            col(Assignment.blinded).is_(False),
            col(Assignment.closed_at_utc).is_(None),
            col(Assignment.alias).is_(None),
        )
        .order_by(col(Assignment.id))
    ).all()
    signed = list_signatures(session, [stored_id(read) for read in reads]) if reads else {}
    for read in reads:
        shown = find_shown(session, read, view.contour.structure)
        fits = shown is not None and shown.id == view.proposal.base_label_version_id
        if fits and stored_id(read) not in signed and is_assisted(session, read):
            return read
    return None


def take_proposal(
    session: Session, labels: LabelFiles, *, proposal_id: int, reader: Reader, now: datetime
) -> Revision:
    """The proposal as it is becomes this person's revision, which waits for another's word.

    RuleError unless it waits, while somebody draws the structure, or in a signed read; AccessError
    where this person may not see it.
    """
    view = get_open(session, proposal_id, reader)
    contour = view.contour
    _check_undrawn(session, view)
    case = session.get_one(Case, contour.case_id)
    reviewed = session.get_one(LabelVersion, view.proposal.base_label_version_id)
    before, after = (labels.get_mask(one.mask_sha256, grid_of(case)) for one in (reviewed, contour))
    edit = Edit(
        reviewed=reviewed,
        started_from_id=stored_id(contour),
        after=after,
        measure=measure_edit(before, after),
    )
    revision = add_whole_revision(session, labels, case=case, reader=reader, edit=edit, now=now)
    _decide(session, view, ProposalAct.TAKEN, actor=reader.name, now=now, revision=revision)
    return revision


def refuse_proposal(
    session: Session, *, proposal_id: int, reader: Reader, now: datetime, reason: str = ""
) -> ProposalDecision:
    """Nothing changes, and the same contour is not proposed again; errors as `take_proposal`."""
    view = get_open(session, proposal_id, reader)
    return _decide(
        session, view, ProposalAct.REFUSED, actor=reader.name, now=now, reason=reason.strip()
    )


def withdraw_round(
    session: Session, round_id: int, *, actor: str, reason: str, now: datetime
) -> int:
    """Withdraw what still waits of a round; how many.

    DataError when there is no such round, RuleError without a reason.
    """
    if session.get(ProposalRound, round_id) is None:
        raise DataError(f"A round of proposals {round_id} was expected, found none.")
    if not reason.strip():
        raise RuleError("Please give a reason for withdrawing proposals.")
    waiting = [
        view
        for view in list_proposals(session)
        if view.proposal.round_id == round_id and view.standing is ProposalStanding.WAITING
    ]
    for view in waiting:
        _decide(session, view, ProposalAct.WITHDRAWN, actor=actor, now=now, reason=reason.strip())
    return len(waiting)


def get_open(session: Session, proposal_id: int, reader: Reader) -> ProposalView:
    """The proposal, if it waits and this person may decide on it; RuleError, AccessError."""
    row = session.get(Proposal, proposal_id, with_for_update=True)  # two people decide at once
    if row is None:
        raise RuleError(f"A proposal {proposal_id} was expected, found none.")
    contour = session.get_one(LabelVersion, row.label_version_id)
    view = next(
        one for one in list_proposals(session, [contour.case_id]) if one.proposal.id == row.id
    )
    if view.standing is not ProposalStanding.WAITING:
        raise RuleError(
            f"A proposal that waits was expected, that for {contour.structure} of {view.case} is "
            f"{view.standing}."
        )
    if all(one.proposal.id != row.id for one in list_open_to(session, reader)):
        raise AccessError(
            "A proposal for a case that you may see was expected: as an adjudicator, once your own "
            "blinded read of it is signed; as a reader, in an open read of yours that is not "
            "blinded and may have assistance."
        )
    return view


def _check_undrawn(session: Session, view: ProposalView) -> None:
    contour = view.contour
    drawn = session.exec(
        select(Draft).where(
            Draft.case_id == contour.case_id,
            Draft.structure == contour.structure,
            Draft.state == DraftState.OPEN,
            Draft.version > 0,
        )
    ).first()
    if drawn is not None:
        raise RuleError(
            f"{contour.structure} of {view.case} is being drawn by a reader; wait until that draft "
            "is submitted or discarded, or refuse the proposal."
        )


def _decide(
    session: Session,
    view: ProposalView,
    act: ProposalAct,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    revision: Revision | None = None,
) -> ProposalDecision:
    row = ProposalDecision(
        proposal_id=stored_id(view.proposal),
        act=act,
        revision_id=None if revision is None else revision.id,
        actor=actor,
        reason=reason,
        decided_at_utc=now,
    )
    session.add(row)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"proposal {act.value}",
        subject=f"{view.case} {view.contour.structure}",
        proposal=view.proposal.id,
        round=view.proposal.round_id,
        revision=row.revision_id,
        reason=reason,
    )
    return row
