"""A proposal asked about in the viewer: what it needs to decide by key, and which comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st
from sqlmodel import Session

from han5k_review.errors import Han5kError
from han5k_review.proposing.deciding import (
    find_read,
    list_open_to,
    refuse_proposal,
    take_proposal,
)
from han5k_review.review.decisions.adjudicator_assignment import open_edit_assignment
from han5k_review.review.decisions.read_comparison import find_widest_slice
from han5k_review.review.label_sets import PROPOSAL_KEY, UNDER_REVIEW_KEY
from han5k_review.review.proposals import ProposalView
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.study import grid_of
from han5k_review.ui.view_choice import ViewChoice
from han5k_review.ui.visit import Visit
from han5k_review.viewer import Decision as Asked
from han5k_review.viewer import DecisionCandidate, ViewerEvent, ViewerPayload

_TOLD = "proposal-told"


def list_proposals_here(visit: Visit) -> list[ProposalView]:
    """What waits for this person, the largest predicted gain first."""
    with reading(visit.bench.study.engine) as session:
        found = list_open_to(session, visit.get_reader())
        session.expunge_all()
        return found


def pop_told() -> str | None:
    """What became of the proposal before; once."""
    told = st.session_state.pop(_TOLD, None)
    return None if told is None else str(told)


def ask_about_proposal(
    session: Session, visit: Visit, payload: ViewerPayload, choice: ViewChoice
) -> ViewerPayload:
    """The payload with the proposal for its structure; as it is where none waits."""
    waiting = list_open_to(session, visit.get_reader())
    found = _find(waiting, payload.case, choice.structure)
    if found is None:
        return payload
    asked = Asked(
        structure=found.contour.structure,
        candidates=(
            DecisionCandidate(
                revision=stored_id(found.proposal),
                set=PROPOSAL_KEY,
                name="Proposal",
                facts=describe_gain(found),
            ),
        ),
        waiting=len(waiting),
        told=pop_told(),
        proposal=True,
    )
    return replace(payload, decision=asked, side_by_side=False)


def describe_gain(view: ProposalView) -> str:
    """What is predicted, in a few words."""
    return f"predicted gain in Dice {view.proposal.gain:+.2f}"


def decide_on_proposal(visit: Visit, view: ProposalView, decision: str) -> Mapping[str, str]:
    """Take (`accepted`), refuse (`rejected`) or edit it; where to go then, {} nowhere."""
    number, name = stored_id(view.proposal), f"{view.case}, {view.contour.structure}"
    if decision == "edited":
        return build_edit_query(visit, view)
    study = visit.bench.study
    with transaction(study.engine) as session:
        reader, now = visit.get_reader(), utc_now()
        if decision == "accepted":
            take_proposal(session, study.labels, proposal_id=number, reader=reader, now=now)
            st.session_state[_TOLD] = f"{name}: taken; it waits for a second person."
        else:
            refuse_proposal(session, proposal_id=number, reader=reader, now=now)
            st.session_state[_TOLD] = f"{name}: refused."
    return {}


def decide_proposal_in_viewer(visit: Visit, event: ViewerEvent) -> Mapping[str, str]:
    """Store the decision; where to go then. What is refused is told where it was asked."""
    before = list_proposals_here(visit)
    found = next((one for one in before if one.proposal.id == event.revision), None)
    if found is None:
        return {}
    try:
        place = decide_on_proposal(visit, found, event.decision or "")
    except Han5kError as error:
        st.session_state[_TOLD] = str(error)
        return build_look_query(visit, found)
    if place:
        return place
    left = list_proposals_here(visit)
    return build_look_query(visit, left[0]) if left else {}


def skip_proposal_in_viewer(visit: Visit, choice: ViewChoice) -> Mapping[str, str]:
    """The parameters of the proposal after this one, wrapping around."""
    waiting = list_proposals_here(visit)
    here = _find(waiting, choice.case, choice.structure)
    if not waiting:
        return {}
    place = waiting.index(here) + 1 if here in waiting else 0
    return build_look_query(visit, waiting[place % len(waiting)])


def build_look_query(visit: Visit, view: ProposalView) -> dict[str, str]:
    """The address of the review page where both contours are drawn over each other."""
    query = {"case": view.case, "structure": view.contour.structure}
    query |= {"first": UNDER_REVIEW_KEY, "compare": PROPOSAL_KEY}
    return query | _name_slice(visit, view)


def build_edit_query(visit: Visit, view: ProposalView) -> dict[str, str]:
    """The address of the editor with a draft that begins with the proposal.

    In a reader's own read; for others where an adjudicator edits.
    """
    with transaction(visit.bench.study.engine) as session:
        reader = visit.get_reader()
        read = find_read(session, view, reader) or open_edit_assignment(
            session, case_id=view.contour.case_id, adjudicator=reader, now=utc_now()
        )
        number = stored_id(read)
    query = {"assignment": str(number), "structure": view.contour.structure}
    query |= {"base": str(view.contour.id), "compare": PROPOSAL_KEY}
    return query | _name_slice(visit, view)


def _name_slice(visit: Visit, view: ProposalView) -> dict[str, str]:
    """Where the two contours differ most."""
    study = visit.bench.study
    with reading(study.engine) as session:
        grid = grid_of(session.get_one(Case, view.contour.case_id))
        base = session.get_one(LabelVersion, view.proposal.base_label_version_id)
        hashes = (base.mask_sha256, view.contour.mask_sha256)
    widest = find_widest_slice([study.labels.get_mask(one, grid) for one in hashes])
    return {} if widest is None else {"slice": str(widest)}


def _find(
    waiting: Sequence[ProposalView], case: str | None, structure: str | None
) -> ProposalView | None:
    return next(
        (one for one in waiting if (one.case, one.contour.structure) == (case, structure)), None
    )
