import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.review.assignment import find_next_assignment
from han5k_review.store.engine import reading
from han5k_review.ui.places import find_assignment_id, go_to, page_file
from han5k_review.ui.review_payload import build_case_payload, build_task_payload
from han5k_review.ui.revisions.asking import ask_in_viewer, decide_in_viewer, skip_in_viewer
from han5k_review.ui.style import show_disclaimer
from han5k_review.ui.view_choice import ViewChoice
from han5k_review.ui.visit import Visit, page
from han5k_review.viewer import ViewerEvent, ViewerEventKind, find_event, view


def follow(visit: Visit, asked: ViewerEvent) -> None:
    """Go where the viewer asks, before the case of now is built once more for nothing."""
    choice = ViewChoice.from_query(st.query_params.to_dict())
    if asked.kind is ViewerEventKind.NEXT_CASE:
        here = find_assignment_id(st.query_params.to_dict())
        with reading(visit.bench.study.engine) as session:
            upcoming = find_next_assignment(session, visit.identity.reader_id, after=here)
        if upcoming is None:
            go_to("worklist")
        st.query_params.from_dict({"assignment": str(upcoming)})
    elif asked.kind in (ViewerEventKind.DECIDE, ViewerEventKind.NEXT_QUESTION):
        visit.require(Action.ADJUDICATE)
        is_decided = asked.kind is ViewerEventKind.DECIDE
        place = (
            decide_in_viewer(visit, asked, choice) if is_decided else skip_in_viewer(visit, choice)
        )
        if not place:
            go_to("revisions")
        st.query_params.from_dict(place)


with page(None) as visit:
    asked = find_event("viewer")
    if asked is not None:
        follow(visit, asked)
    case = st.query_params.get("case")
    wanted = find_assignment_id(st.query_params.to_dict())
    choice = ViewChoice.from_query(st.query_params.to_dict())
    with reading(visit.bench.study.engine) as session:
        if case:
            payload = build_case_payload(session, visit, case, choice)
            payload = ask_in_viewer(session, visit, payload, choice)
        elif wanted is not None:
            payload = build_task_payload(session, visit, wanted, choice)
        else:
            upcoming = find_next_assignment(session, visit.identity.reader_id)
            if upcoming is None:
                show_disclaimer()
                st.info("Nothing is left to grade on your worklist.")
                st.page_link(page_file("worklist"), label="Go to the worklist")
                st.stop()
            st.query_params["assignment"] = str(upcoming)
            payload = build_task_payload(session, visit, upcoming, choice)

    view(payload, key="viewer")
