"""One retraining run on the page: live while it works, numbers and decision when it waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.retraining.jobs.machine import look_at_machine
from han5k_review.retraining.runs.lifecycle import WORK
from han5k_review.retraining.runs.restarts import has_epochs_left, start_again
from han5k_review.retraining.runs.run_commands import decline, promote, request_cancel
from han5k_review.retraining.runs.run_views import LIVE, RunView, get_run_view, list_runs
from han5k_review.retraining.teaching.gate import Verdict
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.vocabulary import RunState
from han5k_review.ui.local_time import say_time
from han5k_review.ui.places import go_to
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.retraining.run_charts import (
    build_difference_chart,
    build_learning_chart,
    build_verdict_frame,
    build_worst_frame,
    describe_files,
    describe_progress,
    describe_verdicts,
    list_reasons,
)
from han5k_review.ui.retraining.run_comparison import show_comparison
from han5k_review.ui.rows.columns import Column, Kind, list_rows
from han5k_review.ui.rows.order import find_order, sort_rows
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.tables import list_telling
from han5k_review.ui.visit import Visit, attempt

_LOOK_SECONDS = 2
_SHOWN_REASONS = 8
_NUMBERS = {
    "Gate": st.column_config.TextColumn(width=105),
    "Interval": st.column_config.TextColumn(width=145),
    "HD95 interval": st.column_config.TextColumn(width=125),
    "Before Dice": st.column_config.NumberColumn(format="%.3f"),
    "After Dice": st.column_config.NumberColumn(format="%.3f"),
    "In use Dice": st.column_config.NumberColumn(format="%.3f"),
    "Difference": st.column_config.NumberColumn(format="%+.3f"),
    "Surface Dice": st.column_config.NumberColumn(
        format="%+.3f", help="After minus before, at the structure's tolerance."
    ),
    "HD95 mm": st.column_config.NumberColumn(
        format="%+.2f", help="After minus before; of an empty contour 100 mm."
    ),
}

_WORST = (
    Column(title="Case"),
    Column(title="Structure"),
    Column(title="Before Dice", kind=Kind.NUMBER, decimals=3),
    Column(title="After Dice", kind=Kind.NUMBER, decimals=3),
    Column(title="Difference", kind=Kind.NUMBER, decimals=3, signed=True),
    Column(title="HD95 difference mm", kind=Kind.NUMBER, decimals=2, signed=True),
)


def show_run(visit: Visit, run_id: int, runs: Sequence[RetrainRun]) -> None:
    """Draw the run; while it is queued or works, look again every two seconds.

    `runs` is the list above it, as it was drawn.
    """
    with reading(visit.bench.study.engine) as session:
        view = get_run_view(session, visit.bench.study, run_id)
    if view.run.state in LIVE:
        _show_live(visit, run_id, _list_states(runs))
    else:
        _show_view(visit, view)
        show_comparison(visit, view, runs)


@st.fragment(run_every=_LOOK_SECONDS)
def _show_live(visit: Visit, run_id: int, shown: dict[int, RunState]) -> None:
    """The run as it is now; when any run is not as the list says, the whole page is drawn anew."""
    with reading(visit.bench.study.engine) as session:
        view = get_run_view(session, visit.bench.study, run_id)
        present = _list_states(list_runs(session))
    if present != shown:
        st.rerun()
    _show_view(visit, view)


def _list_states(runs: Sequence[RetrainRun]) -> dict[int, RunState]:
    return {stored_id(run): run.state for run in runs}


def _show_view(visit: Visit, view: RunView) -> None:
    run = view.run
    st.subheader(f"Run {run.id}: {run.state.value.replace('_', ' ')}", anchor=False)
    if run.error:
        st.error(as_text(run.error))
    if run.state is RunState.QUEUED:
        st.caption(f"Waits for the worker of {run.device}.")
    if run.state in WORK:
        share, words = describe_progress(run.progress)
        st.progress(min(max(share, 0.0), 1.0), text=words)
    if run.state in LIVE and visit.may(Action.RETRAIN):
        _show_cancel(visit, stored_id(run), asked=run.cancel_requested)
    if run.state in (RunState.FAILED, RunState.CANCELLED) and visit.may(Action.RETRAIN):
        _show_again(visit, stored_id(run), run.settings)
    if run.device == "cpu" and run.preset != "smoke" and run.state in LIVE:
        st.warning("On a CPU this preset takes months; it is meant for a GPU.")
    if view.epochs:
        st.plotly_chart(build_learning_chart(view.epochs), key=f"learning-{run.id}")
    if view.verdicts:
        _show_verdicts(view)
    if run.state is RunState.AWAITING_APPROVAL and visit.may(Action.PROMOTE):
        _show_decision(visit, view)
    if view.files_bytes:
        st.caption(describe_files(view))
    with st.expander("Events and log"):
        for happened in view.events:
            at = say_time(happened.at_utc, seconds=True)
            detail = ", ".join(f"{key}: {value}" for key, value in happened.payload.items())
            st.text(f"{at}  {happened.kind}  {detail}")
        st.code("\n".join(view.log) or "No log yet.", language=None)


def _show_verdicts(view: RunView) -> None:
    st.caption(
        f"Held-out cases; before: {view.before_is}, after: this run's model. Mean Dice, paired "
        "differences of patients with a 95 % t interval. Worse: surely, and by more than a Dice of "
        "0.01. Not worse: the interval ends above -0.01. More needed: so many more patients like "
        "these would decide."
    )
    frame = build_verdict_frame(view.verdicts)
    if "In use Dice" in frame:
        st.caption(
            "In use: the contours under review when the run began. A structure is worse when it is "
            "worse than before or worse than those."
        )
    if view.run.preset == "smoke":
        st.caption(
            "A smoke run shows that the loop works. From scratch its coarse, small network leaves "
            "most small structures empty, and the gate says so."
        )
    st.markdown(f"**{describe_verdicts(view.verdicts)}**")
    reasons = list_reasons(view.verdicts)
    if reasons:
        with st.expander("Why", expanded=len(reasons) <= _SHOWN_REASONS):
            st.markdown("\n".join(f"* {sentence}" for sentence in reasons))
    if any(v.dice_difference for v in view.verdicts):
        st.plotly_chart(
            build_difference_chart(view.verdicts),
            key=f"differences-{view.run.id}",
            config={"displaylogo": False},
        )
    st.dataframe(
        frame,
        hide_index=True,
        placeholder="",
        column_order=list_telling(frame, map(str, frame)),
        column_config=_NUMBERS,
    )
    _show_worst(view)


def _show_worst(view: RunView) -> None:
    worst = build_worst_frame(view.scores)
    if worst.empty:
        return
    with st.expander("Held-out cases, largest fall first"):
        st.caption("Click a row to look at it in the viewer.")
        key = f"worst-{view.run.id}"
        order = find_order(key)
        places = [
            {"case": str(case), "structure": str(structure)}
            for case, structure in zip(worst["Case"], worst["Structure"], strict=True)
        ]
        addresses = [f"review?{urlencode(place)}" for place in places]
        rows = sort_rows(_WORST, list_rows(worst.to_dict("list"), addresses), order)
        label = "Held-out cases"
        opened = show_rows(_WORST, rows, key=key, label=label, order=order, height=320)
        if opened is not None:
            go_to("review", **places[int(opened)])


def _show_again(visit: Visit, run_id: int, settings: Mapping[str, Any]) -> None:
    """A failed or cancelled run: once more, with less memory if asked."""
    bench = visit.bench
    target = float(settings["memory_target_gb"])
    kept = has_epochs_left(bench.study, run_id)
    st.caption(
        "Started again it goes on from its last epoch, unless contours changed meanwhile."
        if kept
        else "Started again it begins with its first epoch."
    )
    left, right, _ = st.columns([1, 1, 2], vertical_alignment="bottom")
    wanted = left.number_input(
        "Memory target in GB",
        min_value=target / 16,
        max_value=target,
        value=target,
        format="%.3f",
        key=f"again-memory-{run_id}",
        help="Lower it when memory ran out: the same network trains on smaller patches.",
    )
    if right.button("Start it again", key=f"again-{run_id}", width="stretch"):
        with attempt():
            with transaction(bench.study.engine) as session:
                run = start_again(
                    session,
                    bench.study,
                    bench.catalogue,
                    run_id,
                    requested_by=visit.get_reader(),
                    now=utc_now(),
                    memory_target_gb=wanted if wanted < target else None,
                    machine=look_at_machine() if bench.settings.launcher == "local" else None,
                )
                st.query_params["run"] = str(run.id)
            st.rerun()


def _show_cancel(visit: Visit, run_id: int, *, asked: bool) -> None:
    if st.button("Cancel the run", key=f"cancel-{run_id}", disabled=asked):
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                request_cancel(session, run_id, actor=visit.identity.name, now=utc_now())
            st.rerun()


def _show_decision(visit: Visit, view: RunView) -> None:
    run_id = stored_id(view.run)
    failed = [v.structure for v in view.verdicts if v.verdict is Verdict.WORSE]
    reason = st.text_input("Reason (needed)", key=f"reason-{run_id}")
    despite = bool(failed) and st.checkbox(
        f"Promote although the gate finds worse: {', '.join(failed)} (not predicted unless named)",
        key=f"despite-{run_id}",
    )
    yes, no, _ = st.columns([1, 1, 4])
    chosen = None
    if yes.button("Promote", type="primary", key=f"promote-{run_id}"):
        chosen = "promote"
    if no.button("Decline", key=f"decline-{run_id}"):
        chosen = "decline"
    if chosen is None:
        return
    with attempt():
        with transaction(visit.bench.study.engine) as session:
            if chosen == "promote":
                promote(
                    session,
                    run_id,
                    actor=visit.identity.name,
                    reason=reason,
                    now=utc_now(),
                    despite_gate=despite,
                )
            else:
                decline(session, run_id, actor=visit.identity.name, reason=reason, now=utc_now())
        st.rerun()
