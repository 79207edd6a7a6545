import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.evaluation.plan import plan_evaluation
from han5k_review.evaluation.rows import NOT_MEASURED
from han5k_review.review.labels import list_under_review
from han5k_review.review.signatures import check_sees_sources
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.work_tables import WorkKind
from han5k_review.study import find_case
from han5k_review.ui.cases.frames import (
    build_case_frame,
    build_history_frame,
    choose_columns,
    describe_case,
)
from han5k_review.ui.cases.listing import show_case_list
from han5k_review.ui.cohort.measuring import show_case_desk
from han5k_review.ui.dose_view import show_dose
from han5k_review.ui.links import show_contour_links
from han5k_review.ui.places import go_to
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.tables import DOUBT_COLUMNS, METRIC_COLUMNS
from han5k_review.ui.uploads import show_upload
from han5k_review.ui.visit import page
from han5k_review.ui.work_view import find_record

with page("Cases", Action.READ_ANY_CASE) as visit:
    bench = visit.bench
    with reading(bench.study.engine) as session:
        case = find_case(session, st.query_params.get("case", ""))
        if case is not None:
            session.expunge(case)
    show_case_list(visit, case)
    if case is None:
        st.stop()

    name = case.name
    record = find_record(WorkKind.EVALUATION)
    with reading(bench.study.engine) as session:
        check_sees_sources(session, visit.identity.reader_id, stored_id(case))
        plan = plan_evaluation(session, bench.catalogue, cases=(name,))
        frame = build_case_frame(session, bench.catalogue, bench.scale, case)
        history = build_history_frame(session, case)
        under_review = list_under_review(session, stored_id(case))
        structures = list(under_review)
    open_pairs = int((frame["reason"] == NOT_MEASURED).sum()) if len(frame) else 0

    heading, view, solid, measure = st.columns([3, 2, 1, 2], vertical_alignment="center")
    heading.subheader(as_text(name), anchor=False)
    if view.button("Open in the viewer", type="primary", key="open-viewer"):
        go_to("review", case=name)
    if solid.button("3-D", key="open-surfaces"):
        go_to("surfaces", case=name)
    show_case_desk(visit, plan, record, open_pairs, measure)

    st.caption(describe_case(case))
    tabs = st.tabs(["Structures", "Dose", "History", "Upload a revision"])
    with tabs[0]:
        columns, definition = choose_columns(frame)
        st.dataframe(
            frame,
            hide_index=True,
            placeholder="",
            height=min(35 * (len(frame) + 1) + 3, 640),
            column_order=columns,
            column_config={
                **METRIC_COLUMNS,
                **DOUBT_COLUMNS,
                "volume_cc": st.column_config.NumberColumn("Volume cc", format="%.2f"),
                "reason": st.column_config.TextColumn("No numbers because"),
                **{  # a reader's grade, in words
                    str(column): st.column_config.TextColumn(width=115)
                    for column in frame
                    if str(column)[1:].isdigit()
                },
            },
        )
        if definition:
            st.caption(f"Distances by the definition {definition} (docs/correctness.md).")
        base = f"/api/cases/{case.id}/contours/a"
        show_contour_links(base)
    with tabs[1]:
        show_dose(bench, case, under_review)
    with tabs[2]:
        st.dataframe(
            history,
            hide_index=True,
            placeholder="",
            column_config={"Volume cc": st.column_config.NumberColumn(format="%.2f")},
        )
    with tabs[3]:
        if visit.may(Action.GRADE):
            show_upload(visit, case, structures)
        else:
            st.info("Corrections are made by readers, adjudicators and the study lead.")
