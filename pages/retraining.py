import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.retraining.runs.run_views import list_models, list_runs
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.texts.numbers import find_whole_number
from han5k_review.ui.places import go_to
from han5k_review.ui.retraining.models import show_models
from han5k_review.ui.retraining.new_run import ask_new_run
from han5k_review.ui.retraining.run import show_run
from han5k_review.ui.retraining.run_list import RUN_COLUMNS, build_run_rows
from han5k_review.ui.retraining.worker_state import show_worker_state
from han5k_review.ui.rows.order import find_order, sort_rows
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.visit import page

RUNS_HEIGHT = 320

with page("Retraining", Action.RETRAIN) as visit:
    bench = visit.bench
    with reading(bench.study.engine) as session:
        runs = list_runs(session)
        made = list_models(session)
    show_worker_state(visit)
    with st.expander("A new run", expanded=not runs):
        ask_new_run(visit)

    if runs:
        numbers = [stored_id(run) for run in runs]
        wanted = find_whole_number(st.query_params.get("run"))
        chosen = wanted if wanted in numbers else numbers[0]
        order = find_order("runs")
        rows = sort_rows(RUN_COLUMNS, build_run_rows(runs, chosen), order)
        opened = show_rows(
            RUN_COLUMNS, rows, key="runs", label="Runs", order=order, height=RUNS_HEIGHT
        )
        if opened is not None and opened != str(chosen):
            go_to("retraining", run=opened)
        show_run(visit, chosen, runs)
    else:
        st.info("No run yet. Grade contours, then start a smoke run to see the loop work.")
    if made:
        show_models(visit, made)
