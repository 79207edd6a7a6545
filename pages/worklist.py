import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.review.assignment import find_next, list_worklist
from han5k_review.review.labels import list_under_review
from han5k_review.review.pauses import find_pause
from han5k_review.store.engine import reading
from han5k_review.store.tables import Case
from han5k_review.texts.counts import say_count
from han5k_review.ui.links import show_contour_links
from han5k_review.ui.places import go_to, page_file
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.protocol.leases_view import free_leases, show_own_leases
from han5k_review.ui.revisions.proposal_queue import show_proposals
from han5k_review.ui.rows.order import find_order, sort_rows
from han5k_review.ui.rows.pages import ask_page
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.tables import WORKLIST_COLUMNS, build_worklist_rows, say_upcoming
from han5k_review.ui.uploads import show_upload
from han5k_review.ui.visit import page

with page("Worklist", Action.GRADE) as visit:
    free_leases(visit)
    with reading(visit.bench.study.engine) as session:
        entries = list_worklist(session, visit.identity.reader_id)
        pause = find_pause(session, visit.identity.reader_id)

    upcoming = find_next(entries)
    done = sum(entry.is_done for entry in entries)
    graded = sum(entry.graded for entry in entries)
    total = sum(entry.total for entry in entries)

    if not entries:
        if visit.may(Action.ASSIGN):
            st.info("No case is assigned to you.")
            st.page_link(page_file("study"), label="Assign cases")
        else:
            st.info("No case is assigned to you yet. Ask the study lead for cases.")
    else:
        left, middle, right = st.columns([2, 1, 1], vertical_alignment="center")
        if pause is not None:
            left.info(f"Reading is paused by {as_text(pause.actor)}: {as_text(pause.reason)}")
        elif upcoming is None:
            left.success("Every case on your list is graded.")
        else:
            label = say_upcoming(upcoming)
            if left.button(label, type="primary", key="next-case", shortcut="Enter"):
                go_to("review", assignment=str(upcoming.assignment_id))
        middle.metric("Cases finished", f"{done:,} / {len(entries):,}")
        right.metric("Structures graded", f"{graded:,} / {total:,}")

        show_own_leases(visit)
        if not visit.may(Action.ADJUDICATE):  # theirs are on the page Revisions
            show_proposals(visit)
        unsigned = sum(entry.is_done and entry.signed_at_utc is None for entry in entries)
        st.caption("Click a row to open its case, a heading to order the list.")
        if unsigned:
            number = say_count(unsigned, "finished case is", "finished cases are")
            st.caption(f"{number} not signed yet; Ctrl+S in the viewer signs.")
        order = find_order("worklist")
        first = entries.index(upcoming) if upcoming and order is None else 0
        rows = sort_rows(WORKLIST_COLUMNS, build_worklist_rows(entries), order)
        shown = ask_page(f"worklist-{order}", rows, first)
        opened = show_rows(WORKLIST_COLUMNS, shown, key="worklist", label="Your cases", order=order)
        if opened is not None:
            go_to("review", assignment=opened)

        named = [entry for entry in entries if entry.is_named and not entry.is_manual]
    if entries and named:
        with st.expander("Correct a case in another tool"):
            entry = st.selectbox("Case", named, format_func=lambda one: one.case)
            with reading(visit.bench.study.engine) as session:
                case = session.get_one(Case, entry.case_id)
                structures = list(list_under_review(session, entry.case_id))
                session.expunge(case)
            base = f"/api/assignments/{entry.assignment_id}/contours/a"
            show_contour_links(base)
            show_upload(visit, case, structures)
