import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.retraining.jobs.machine import choose_device, look_at_machine
from han5k_review.retraining.runs.plan import RunRequest, find_fullest_group, plan_run
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.retraining.runs.run_views import list_models, list_runs
from han5k_review.retraining.settings import PRESET_WORDS, PRESETS
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.texts.numbers import find_whole_number
from han5k_review.ui.context import attempt, page
from han5k_review.ui.retraining.models import show_models
from han5k_review.ui.retraining.run import show_run
from han5k_review.ui.retraining.run_charts import (
    build_plan_frame,
    build_run_list_frame,
    describe_needs,
)
from han5k_review.ui.retraining.run_settings import ask_settings

with page("Retraining", Action.RETRAIN) as visit:
    bench = visit.bench
    engine = bench.study.engine
    groups = list(dict.fromkeys(s.group for s in bench.catalogue))

    with reading(engine) as session:
        runs = list_runs(session)
    with st.expander("A new run", expanded=not runs):
        first, second, third = st.columns([2, 1, 3], vertical_alignment="bottom")
        preset = first.selectbox(
            "Preset",
            list(PRESETS),
            help="\n\n".join(f"**{name}**: {words}" for name, words in PRESET_WORDS.items()),
        )
        with reading(engine) as session:
            fullest = find_fullest_group(
                session,
                bench.study,
                bench.catalogue,
                count_references=bool(st.session_state.get("references", False)),
            )
        group = second.selectbox("Label group", groups, index=groups.index(fullest))
        with reading(engine) as session:
            models = list_models(session, group)
        parent = third.selectbox(
            "Continue from",
            [None, *models],
            format_func=lambda m: "nothing: train from scratch" if m is None else m.name,
        )
        references = st.checkbox(
            "References of training cases teach too",
            key="references",
            help="Off: only contours that were graded 'no revision' and accepted revisions teach.",
        )
        overrides = {"threads": bench.settings.torch_threads, **ask_settings(preset)}
        if references:
            overrides["count_references"] = True
        request = RunRequest(
            group=group,
            preset=preset,
            overrides=overrides,
            parent_model_id=parent.id if parent else None,
            device=choose_device(bench.settings.device),
        )
        machine = look_at_machine() if bench.settings.launcher == "local" else None
        with reading(engine) as session:
            plan = plan_run(session, bench.study, bench.catalogue, request, machine)
        for sentence in plan.refusals:
            st.warning(sentence)
        st.caption(" ".join([*plan.notes, describe_needs(plan)]))
        if st.button(
            f"Start a {preset} run", type="primary", disabled=not plan.can_start, key="start-run"
        ):
            with attempt():
                with transaction(engine) as session:
                    run = request_run(
                        session,
                        bench.study,
                        bench.catalogue,
                        request,
                        requested_by=visit.get_reader(),
                        now=utc_now(),
                        machine=machine,
                    )
                    st.query_params["run"] = str(run.id)
                st.rerun()
        frame = build_plan_frame(plan)
        st.dataframe(
            frame, hide_index=True, placeholder="", height=min(35 * (len(frame) + 1) + 3, 320)
        )

    if not runs:
        st.info("No run yet. Grade contours, then start a smoke run to see the loop work.")
        st.stop()
    table = st.dataframe(
        build_run_list_frame(runs),
        hide_index=True,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        key="runs",
        column_config={
            "State": st.column_config.TextColumn(width="medium"),
            "Asked for (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "Finished (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
    )
    numbers = [stored_id(run) for run in runs]
    wanted = find_whole_number(st.query_params.get("run"))
    chosen = wanted if wanted in numbers else numbers[0]
    for row in table.selection.rows:
        chosen = numbers[row]
    show_run(visit, chosen)
    with reading(engine) as session:
        made = list_models(session)
    if made:
        show_models(visit, made)
