import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.review.revising import decide_revision, list_revisions
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.vocabulary import Decision
from han5k_review.ui.context import attempt, page
from han5k_review.ui.lock_view import show_locks
from han5k_review.ui.places import page_file
from han5k_review.ui.tables import build_revision_frame

with page("Revisions", Action.ADJUDICATE) as visit:
    with reading(visit.bench.study.engine) as session:
        views = list_revisions(session)
    waiting = [view for view in views if view.decision is None]

    if not views:
        st.info(
            "No revision has been submitted yet. A corrected contour is uploaded on its case's "
            "page, or with `han5k revise`."
        )
    else:
        st.caption(f"{len(waiting)} of {len(views)} revisions wait for a decision.")
        table = st.dataframe(
            build_revision_frame(views),
            hide_index=True,
            placeholder="",
            on_select="rerun",
            selection_mode="single-row",
            selection_default={"selection": {"rows": [views.index(waiting[0])]}}
            if waiting
            else None,
            key="revisions",
            column_config={
                "VRD %": st.column_config.NumberColumn(
                    format="%.1f", help="|AI xor revised| / |AI|"
                ),
                "Submitted (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            },
        )
        rows = table.selection.rows
        if rows:
            view = views[rows[0]]
            st.subheader(f"{view.case}, {view.child.structure}", anchor=False)
            st.page_link(
                page_file("review"),
                label="Look at it in the viewer",
                query_params={"case": view.case, "structure": view.child.structure},
            )
            reason = st.text_input("Reason (needed to reject)", key=f"reason-{view.revision.id}")
            accept, reject, _ = st.columns([1, 1, 4])
            decision = None
            if accept.button("Accept", type="primary"):
                decision = Decision.ACCEPTED
            if reject.button("Reject"):
                decision = Decision.REJECTED
            if decision is not None:
                with attempt():
                    with transaction(visit.bench.study.engine) as session:
                        decide_revision(
                            session,
                            revision_id=view.revision.id or 0,
                            decision=decision,
                            reason=reason,
                            adjudicator=visit.get_reader(),
                            now=utc_now(),
                        )
                    st.rerun()
    show_locks(visit)
