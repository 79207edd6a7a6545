"""One question on the page: the reads side by side, a picture, and what an adjudicator may do."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.adjudication import Candidate, Question
from han5k_review.review.decisions.adjudicator_assignment import open_edit_assignment
from han5k_review.review.decisions.read_comparison import find_widest_slice, measure_agreements
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.review.drafts.opening import find_draft
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Decision
from han5k_review.study import grid_of
from han5k_review.ui.places import go_to
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.revisions.asking import build_compare_query
from han5k_review.ui.revisions.cards import (
    Exhibit,
    describe_agreement,
    show_cards,
)
from han5k_review.ui.revisions.overtaken import forget_shown
from han5k_review.ui.slice_picture import OutlinedMask, build_slice_picture, choose_window
from han5k_review.ui.visit import Visit, attempt, tell

QUEUE = "question"
_REVIEWED = "Contour under review"
_PLOT_DASHES = {"solid": "solid", "dashed": "dash", "dotted": "dot", "dash-dot": "dashdot"}


def key_of(question: Question) -> str:
    """Of what is asked: another key once another contour of the structure waits, too."""
    return f"{question.case_id}-{question.structure}-{question.candidates[-1].revision.id}"


def show_question(visit: Visit, question: Question) -> None:
    """The whole of one question; an action reruns the page with what waits next."""
    study = visit.bench.study
    with reading(study.engine) as session:
        case = session.get_one(Case, question.case_id)
        session.expunge(case)
    grid = grid_of(case)
    reviewed = study.labels.get_mask(question.reviewed.mask_sha256, grid)
    exhibits = [
        Exhibit(
            candidate=candidate,
            mask=study.labels.get_mask(candidate.view.child.mask_sha256, grid),
        )
        for candidate in question.candidates
    ]
    masks = [exhibit.mask for exhibit in exhibits]
    widest = find_widest_slice(masks if len(masks) > 1 else [reviewed, *masks])
    _show_actions(visit, question, widest)
    words, picture = st.columns([3, 2])
    with words:
        show_cards(exhibits, reviewed, visit.bench.scale, visit.identity.reader_id)
        tolerance_mm = visit.bench.catalogue.get_structure(question.structure).tolerance_mm
        for agreement in measure_agreements(masks, tolerance_mm):
            st.caption(describe_agreement(agreement, exhibits))
    with picture:
        _show_picture(visit, case, question, exhibits, reviewed, widest)


def _show_actions(visit: Visit, question: Question, widest: int | None) -> None:
    own_id = visit.identity.reader_id
    open_to_me = [one for one in question.candidates if one.revision.reader_id != own_id]
    if not open_to_me:
        st.info("Only your own work waits here. Another adjudicator or the study lead decides it.")
        if st.button("Compare in the viewer", key="compare"):
            go_to("review", **build_compare_query(question, widest))
        return
    key = key_of(question)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.radio(
            "Which contour?",
            open_to_me,
            format_func=lambda one: one.name,
            horizontal=True,
            key=f"choice-{key}",
            width="content",
        )
        reason = st.text_input(
            "Reason (needed to reject)", key=f"reason-{key}", max_chars=2000, width=260
        )
        key = f"{key}-{chosen.revision.id}"
        label = f"Accept {as_text(chosen.name)}"
        is_accepted = st.button(label, type="primary", key=f"accept-{key}")
        is_edited = st.button(
            "Edit further", key=f"edit-further-{key}", help=_describe_edit(chosen)
        )
        is_rejected = st.button("Reject", key=f"reject-{key}", help="This contour does not count.")
        if st.button(
            "Compare in the viewer", key=f"compare-{key}", help="In three planes, decided by key."
        ):
            go_to("review", **build_compare_query(question, widest))
    # Below the row: an error that comes and goes within it would move its buttons.
    if is_edited:
        _edit_further(visit, question, chosen, widest)
    elif is_accepted or is_rejected:
        decision = Decision.ACCEPTED if is_accepted else Decision.REJECTED
        _decide(visit, question, chosen, decision, reason)


def _describe_edit(chosen: Candidate) -> str:
    return (
        f"Opens the viewer with a draft that starts from {chosen.name}. What you submit is a "
        "revision of your own, which a second person decides."
    )


def _decide(
    visit: Visit, question: Question, chosen: Candidate, decision: Decision, reason: str
) -> None:
    with attempt():
        with transaction(visit.bench.study.engine) as session:
            decide_revision(
                session,
                revision_id=stored_id(chosen.revision),
                decision=decision,
                reason=reason,
                adjudicator=visit.get_reader(),
                now=utc_now(),
            )
        forget_shown(QUEUE)
        end = " and locked" if decision is Decision.ACCEPTED else ""
        tell(f"{question.case}, {question.structure}: {chosen.name} {decision.value}{end}.")
        st.rerun()


def _edit_further(visit: Visit, question: Question, chosen: Candidate, widest: int | None) -> None:
    with attempt():
        with transaction(visit.bench.study.engine) as session:
            place = open_edit_assignment(
                session, case_id=question.case_id, adjudicator=visit.get_reader(), now=utc_now()
            )
            place_id = stored_id(place)
            present = find_draft(session, place_id, question.structure)
            base = present.base_label_version_id if present else chosen.view.child.id
        query = {
            "assignment": str(place_id),
            "structure": question.structure,
            "base": str(base),
            "compare": chosen.set_key,
        }
        if widest is not None:
            query["slice"] = str(widest)
        go_to("review", **query)


def _show_picture(
    visit: Visit,
    case: Case,
    question: Question,
    exhibits: Sequence[Exhibit],
    reviewed: StructureMask,
    widest: int | None,
) -> None:
    if widest is None:
        st.caption("The contours are the same on every slice.")
        return
    bench = visit.bench
    structure = bench.catalogue.get_structure(question.structure)
    window = choose_window(bench.windows, structure.window)
    base = OutlinedMask(name=_REVIEWED, mask=reviewed, colour=structure.color_hex, dash="solid")
    outlined = [
        OutlinedMask(
            name=one.candidate.name,
            mask=one.mask,
            colour=one.style.colour or structure.color_hex,
            dash=_PLOT_DASHES[one.style.line],
        )
        for one in exhibits
    ]
    hu = bench.study.volumes.get_axial_slice(case.image_sha256, widest)
    st.plotly_chart(
        build_slice_picture(hu, widest, [base, *outlined], window),
        width="stretch",
        theme=None,
        config={"displayModeBar": False},
        key="slice-picture",
    )
    st.caption(f"Slice {widest + 1} of {case.shape_ijk[2]}, where they disagree most.")
