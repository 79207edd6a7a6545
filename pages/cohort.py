import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.store.work_tables import WorkKind
from han5k_review.ui.cohort.measuring import show_desk
from han5k_review.ui.cohort.query import ask_query, read_cohort
from han5k_review.ui.cohort.views import (
    show_missing,
    show_plot,
    show_structures,
    show_trend,
    show_volumes,
    show_worst,
)
from han5k_review.ui.visit import page
from han5k_review.ui.work_view import find_record

VIEWS = ("Plot", "Per structure", "Worst pairs", "Volumes", "Trend", "No number")

with page("Cohort", Action.READ_ANY_CASE) as visit:
    bench = visit.bench
    query = ask_query(bench)
    if query.reference == query.prediction:
        st.info("Choose two different label sources to measure one against the other.")
        st.stop()
    record = find_record(WorkKind.EVALUATION)
    cohort = read_cohort(bench, query)
    show_desk(visit, cohort, record)
    if not cohort.plan.pairs:
        st.info(
            f"No structure has both: {query.prediction.title} and {query.reference.title}. "
            "Import references with `han5k import --reference`, accept revisions, let a model "
            "predict, or widen the filters."
        )
        st.stop()
    view = st.segmented_control(
        "View",
        VIEWS,
        default=VIEWS[0],
        key="view",
        label_visibility="collapsed",
        required=True,
        bind="query-params",
    )
    if view == "Trend":
        show_trend(bench, query)
    elif view == "No number":
        show_missing(cohort)
    elif cohort.frame.empty:
        st.info("No number yet: measure the pairs above; numbers appear when that is through.")
    elif view == "Plot":
        show_plot(bench, cohort)
    elif view == "Per structure":
        show_structures(cohort)
    elif view == "Worst pairs":
        show_worst(cohort)
    else:
        show_volumes(cohort)
