import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.protocol.due_contours import list_due
from han5k_review.retraining.predictions.decisions import list_acts
from han5k_review.retraining.predictions.prediction_record import list_predictions
from han5k_review.retraining.runs.run_views import list_runs
from han5k_review.review.decisions.adjudication import list_questions
from han5k_review.review.overview import list_disagreements, measure_overview
from han5k_review.review.vigilance import measure_vigilance
from han5k_review.store.audit import find_audit_head
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.ui.cases.listing import show_no_case
from han5k_review.ui.overview_view import (
    DISAGREEMENT_COLUMNS,
    PACE_COLUMNS,
    build_disagreement_rows,
    build_pace_frame,
    describe_audit_head,
    describe_disk,
    list_waiting,
    show_stages,
    show_waiting,
)
from han5k_review.ui.places import go_to, page_file
from han5k_review.ui.protocol.leases_view import free_leases
from han5k_review.ui.retraining.prediction_rounds import is_waiting
from han5k_review.ui.rows.order import find_order, sort_rows
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.visit import page

MOST_DISAGREEMENTS = 20

with page("Overview", Action.ASSIGN) as visit:
    bench = visit.bench
    now = utc_now()
    free_leases(visit)
    with reading(bench.study.engine) as session:
        overview = measure_overview(session, now=now)
        questions = len(list_questions(session, names_reads=True)) + len(list_due(session))
        runs = list_runs(session)
        acts = list_acts(session)
        predictions = sum(is_waiting(row, acts) for row in list_predictions(session))
        vigilance = measure_vigilance(session)
        disagreements = list_disagreements(session, most=MOST_DISAGREEMENTS)
        head = find_audit_head(session)
        session.expunge_all()

    if not any(overview.cases.values()):
        show_no_case(visit)
        st.stop()

    show_stages(overview)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("What waits", anchor=False)
        show_waiting(list_waiting(overview, questions, runs, predictions, now))
        st.caption(describe_disk(bench.study))
        st.caption(describe_audit_head(head))
    with right:
        st.subheader("Readers disagree", anchor=False)
        if disagreements:
            words = {grade.level.value: grade.title for grade in bench.scale.grades}
            order = find_order("disagreements")
            rows = build_disagreement_rows(disagreements, words)
            opened = show_rows(
                DISAGREEMENT_COLUMNS,
                sort_rows(DISAGREEMENT_COLUMNS, rows, order),
                key="disagreements",
                label="Structures that readers graded differently",
                order=order,
                height=212,
            )
            if opened is not None:
                chosen = disagreements[int(opened)]
                go_to("review", case=chosen.case, structure=chosen.structure)
        else:
            st.caption("No structure has two different grades yet.")

    st.subheader("Readers", anchor=False)
    if overview.readers:
        st.dataframe(
            build_pace_frame(overview.readers, now, vigilance),
            hide_index=True,
            placeholder="",
            column_config=PACE_COLUMNS,
        )
    else:
        st.info("Nobody has a case yet.")
        st.page_link(page_file("study"), label="Assign cases")
