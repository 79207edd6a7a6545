import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.evaluation.frames import build_metrics_frame, build_summary_frame
from han5k_review.evaluation.plan import plan_evaluation
from han5k_review.evaluation.rows import list_metrics
from han5k_review.evaluation.run import EvaluationProgress, run_evaluation
from han5k_review.evaluation.summary import build_summary
from han5k_review.store.engine import reading
from han5k_review.ui.charts import MEASURES, build_strip_chart
from han5k_review.ui.context import attempt, page
from han5k_review.ui.places import go_to
from han5k_review.ui.tables import METRIC_COLUMNS, SUMMARY_COLUMNS

with page("Cohort", Action.READ_ANY_CASE) as visit:
    bench = visit.bench
    with reading(bench.study.engine) as session:
        plan = plan_evaluation(session, bench.catalogue)
        rows = list_metrics(session, plan)
    measured = [row for row in rows if row.panel is not None]
    left = len(plan.pairs) - len(measured)

    st.caption(
        "Pseudo-labels against their references: "
        f"{len(measured)} of {len(plan.pairs)} pairs measured, "
        f"{len(plan.gaps)} structures have no pair."
    )
    if left and visit.may(Action.EVALUATE):
        if st.button(f"Measure {left} pairs", type="primary", key="measure"):
            bar = st.progress(0.0, text="Measuring ...")

            def show(progress: EvaluationProgress) -> None:
                bar.progress(
                    progress.done / max(progress.total, 1),
                    text=f"{progress.done} of {progress.total} pairs, {progress.case}",
                )

            with attempt():
                run_evaluation(bench.study, plan, progress=show, actor=visit.identity.name)
                st.rerun()
    elif not plan.pairs:
        st.info("No case has a reference yet. Import references with `han5k import --reference`.")

    if measured:
        frame = build_metrics_frame(measured)
        tabs = st.tabs(["Plots", "Per structure", "Worst pairs", "Not measured"])
        with tabs[0]:
            titles = [measure.title for measure in MEASURES]
            title = st.segmented_control(
                "Measure", titles, default=titles[0], label_visibility="collapsed"
            )
            chosen = MEASURES[titles.index(title or titles[0])]
            st.plotly_chart(
                build_strip_chart(frame, chosen, bench.catalogue), key=f"chart-{chosen.column}"
            )
            hidden = int((frame[chosen.column].abs() == float("inf")).sum())
            if hidden:
                st.caption(f"{hidden} infinite values (one mask is empty) are not drawn.")
        with tabs[1]:
            st.dataframe(
                build_summary_frame(build_summary(rows)),
                hide_index=True,
                placeholder="",
                column_order=list(SUMMARY_COLUMNS),
                column_config=SUMMARY_COLUMNS,
            )
        with tabs[2]:
            st.caption("Click a row to look at it in the viewer.")
            worst = frame.sort_values(
                chosen.column, ascending=not chosen.lower_is_better
            ).reset_index(drop=True)
            table = st.dataframe(
                worst,
                hide_index=True,
                placeholder="",
                on_select="rerun",
                selection_mode="single-row",
                key="worst",
                column_order=list(METRIC_COLUMNS),
                column_config=METRIC_COLUMNS,
            )
            for row in table.selection.rows:
                go_to(
                    "review",
                    case=str(worst.loc[row, "case"]),
                    structure=str(worst.loc[row, "structure"]),
                )
        with tabs[3]:
            missing = build_metrics_frame([row for row in rows if row.panel is None])
            st.dataframe(missing[["case", "structure", "reason"]], hide_index=True, placeholder="")
