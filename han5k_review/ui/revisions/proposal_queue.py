"""Proposals that wait for this person: a picture of each, taken, edited or refused by one key."""

from __future__ import annotations

import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.read_comparison import count_disagreement
from han5k_review.review.label_sets import PROPOSAL_KEY, get_style
from han5k_review.review.proposals import ProposalView
from han5k_review.store.engine import reading
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.study import grid_of
from han5k_review.texts.counts import say_count
from han5k_review.ui.places import go_to
from han5k_review.ui.revisions.overtaken import forget_shown, tell_overtaken
from han5k_review.ui.revisions.proposal_asking import (
    build_look_query,
    decide_on_proposal,
    describe_gain,
    list_proposals_here,
    pop_told,
)
from han5k_review.ui.slice_picture import OutlinedMask, build_slice_picture, choose_window
from han5k_review.ui.visit import Visit, attempt, tell

_PICTURES = 3
_QUEUE = "proposal"


def show_proposals(visit: Visit) -> None:
    """The one with the largest predicted gain first; nothing where none waits."""
    waiting = list_proposals_here(visit)
    told = pop_told()
    if not waiting and told is None:
        return
    st.subheader("Proposals", anchor=False)
    if told is not None:
        tell(told)
    if not waiting:
        return
    chosen = st.selectbox(
        f"{say_count(len(waiting), 'proposal waits', 'proposals wait')}, the largest predicted "
        "gain first",
        waiting,
        format_func=lambda one: f"{one.case}, {one.contour.structure}: {describe_gain(one)}",
        key="proposal-chosen",
    )
    tell_overtaken(
        _QUEUE,
        shown=_key_of(chosen),
        name=f"{chosen.case}, {chosen.contour.structure}",
        waiting=[_key_of(one) for one in waiting],
    )
    _show_actions(visit, chosen)
    _show_pictures(visit, chosen)


def _key_of(view: ProposalView) -> str:
    return str(view.proposal.id)


def _show_actions(visit: Visit, view: ProposalView) -> None:
    key = _key_of(view)
    with st.container(horizontal=True), attempt():
        if st.button(
            "Take",
            type="primary",
            key=f"proposal-take-{key}",
            shortcut="a",
            help="It becomes your revision.",
        ):
            decide_on_proposal(visit, view, "accepted")
            forget_shown(_QUEUE)
            st.rerun()
        if st.button(
            "Edit",
            key=f"proposal-edit-{key}",
            shortcut="e",
            help="Opens the editor on the proposal.",
        ):
            go_to("review", **decide_on_proposal(visit, view, "edited"))
        if st.button("Refuse", key=f"proposal-refuse-{key}", shortcut="x", help="Nothing changes."):
            decide_on_proposal(visit, view, "rejected")
            forget_shown(_QUEUE)
            st.rerun()
        if visit.may(Action.READ_ANY_CASE) and st.button(
            "Look in the viewer",
            key=f"proposal-look-{key}",
            help="In three planes, with the same keys.",
        ):
            go_to("review", **build_look_query(visit, view))
    st.caption(
        "Learned from accepted revisions of this structure. It counts for nothing until you take "
        "it; then it waits for a second person."
    )


def _show_pictures(visit: Visit, view: ProposalView) -> None:
    """The slices that change most, the contour under review and the proposal on each."""
    bench = visit.bench
    with reading(bench.study.engine) as session:
        case = session.get_one(Case, view.contour.case_id)
        base = session.get_one(LabelVersion, view.proposal.base_label_version_id)
        session.expunge_all()
    grid = grid_of(case)
    before = bench.study.labels.get_mask(base.mask_sha256, grid)
    after = bench.study.labels.get_mask(view.contour.mask_sha256, grid)
    structure = bench.catalogue.get_structure(view.contour.structure)
    outlined = [
        OutlinedMask(
            name="Contour under review", mask=before, colour=structure.color_hex, dash="solid"
        ),
        OutlinedMask(
            name="Proposal",
            mask=after,
            colour=get_style(PROPOSAL_KEY).colour or structure.color_hex,
            dash="dash",
        ),
    ]
    window = choose_window(bench.windows, structure.window)
    slices = choose_slices(before, after)
    for column, k in zip(st.columns(_PICTURES), slices, strict=False):
        hu = bench.study.volumes.get_axial_slice(case.image_sha256, k)
        column.plotly_chart(
            build_slice_picture(hu, k, outlined, window),
            width="stretch",
            theme=None,
            config={"displayModeBar": False},
            key=f"proposal-picture-{k}",
        )
        column.caption(f"Slice {k + 1} of {case.shape_ijk[2]}")


def choose_slices(before: StructureMask, after: StructureMask) -> list[int]:
    """Up to three axial slices k, ascending: that which changes most of each third that changes."""
    apart = count_disagreement([before, after])
    changed = sorted(apart)
    size = -(-len(changed) // _PICTURES)
    parts = [changed[start : start + size] for start in range(0, len(changed), size or 1)]
    return [max(part, key=lambda k: apart[k]) for part in parts]
