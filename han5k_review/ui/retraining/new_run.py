"""The form of a new run: what it would teach from, on what, and why it cannot start."""

from __future__ import annotations

from typing import Any

import streamlit as st

from han5k_review.retraining.jobs.machine import Machine, choose_device, look_at_machine
from han5k_review.retraining.presets import PRESET_WORDS, PRESETS
from han5k_review.retraining.runs.plan import LabelGroup, RunRequest, list_groups, plan_run
from han5k_review.retraining.runs.resource_estimate import describe_needs
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.retraining.runs.run_views import find_usual_parent, list_models
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import ModelState
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.retraining.run_charts import build_plan_frame
from han5k_review.ui.retraining.run_settings import ask_settings, describe_changed
from han5k_review.ui.visit import Bench, Visit, attempt

_NAMED = 3


def ask_new_run(visit: Visit) -> None:
    """The form; started, the address names the new run."""
    bench = visit.bench
    request = _ask_request(visit)
    machine = look_at_machine() if bench.settings.launcher == "local" else None
    with reading(bench.study.engine) as session:
        plan = plan_run(session, bench.study, bench.catalogue, request, machine)
    for sentence in plan.refusals:
        st.warning(as_text(sentence))
    told = describe_changed(request.preset, request.overrides)
    needs = describe_needs(plan.needs, plan.disk_free_gb, request.device)
    st.caption(" ".join(filter(None, [told, *plan.notes, needs])))
    label = f"Start a {request.preset} run"
    if st.button(label, type="primary", disabled=not plan.can_start, key="start-run"):
        _start(visit, request, machine)
    frame = build_plan_frame(plan)
    height = min(35 * (len(frame) + 1) + 3, 320)
    judged = st.column_config.NumberColumn(help="Reference contours of held-out cases.")
    columns = {"Judged on": judged}
    st.dataframe(frame, hide_index=True, placeholder="", height=height, column_config=columns)


def _ask_request(visit: Visit) -> RunRequest:
    bench = visit.bench
    first, second, third = st.columns([1, 3, 3], vertical_alignment="bottom")
    with first:
        preset = st.selectbox(
            "Preset",
            list(PRESETS),
            help="\n\n".join(f"**{name}**: {words}" for name, words in PRESET_WORDS.items()),
        )
    with second:
        group = _ask_group(bench)
    with third:
        parent = _ask_parent(bench, group)
    references = st.checkbox(
        "Also train on reference contours",
        key="references",
        help="Of training cases. Off: only contours that were graded 'no revision' and accepted "
        "revisions are trained on.",
    )
    overrides: dict[str, Any] = {"threads": bench.settings.torch_threads, **ask_settings(preset)}
    if references:
        overrides["count_references"] = True
    return RunRequest(
        group=group,
        preset=preset,
        overrides=overrides,
        parent_model_id=parent.id if parent else None,
        device=choose_device(bench.settings.device),
    )


def _ask_group(bench: Bench) -> str:
    counted = bool(st.session_state.get("references", False))
    with reading(bench.study.engine) as session:
        groups = list_groups(session, bench.catalogue, count_references=counted)
    names = {group.name: describe_group(group) for group in groups}
    chosen: str = st.selectbox(
        "Label group",
        list(names),
        format_func=names.__getitem__,
        help="Each label group has a network of its own. Trusted: contours of training cases that "
        "were accepted; the group with most of them comes first.",
    )
    return chosen


def _ask_parent(bench: Bench, group: str) -> ModelVersion | None:
    with reading(bench.study.engine) as session:
        models = list_models(session, group)
        usual = find_usual_parent(session, group)
    offered: list[ModelVersion | None] = [None, *models]
    chosen: ModelVersion | None = st.selectbox(
        "Continue from",
        offered,
        index=offered.index(usual),
        format_func=lambda m: "nothing: train from scratch" if m is None else _name(m),
        key=f"parent-{group}",
    )
    return chosen


def describe_group(group: LabelGroup) -> str:
    """Its name, a few of its structures, and what it could be trained on."""
    names = ", ".join(group.structures[:_NAMED])
    more = ", ..." if len(group.structures) > _NAMED else ""
    count = say_count(len(group.structures), "structure")
    trusted = say_count(group.trusted, "trusted contour")
    return f"{group.name}: {count}, {trusted} ({names}{more})"


def _name(model: ModelVersion) -> str:
    return f"{model.name} (in use)" if model.state == ModelState.PROMOTED else model.name


def _start(visit: Visit, request: RunRequest, machine: Machine | None) -> None:
    bench = visit.bench
    with attempt():
        with transaction(bench.study.engine) as session:
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
