"""Evaluations on the page: start, and what came of the last one."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from han5k_review.accounts.may import Action, require
from han5k_review.evaluation.background import start_evaluation
from han5k_review.evaluation.plan import EvaluationPlan
from han5k_review.store.work_tables import BackgroundWork, WorkKind, WorkState
from han5k_review.texts.counts import say_count
from han5k_review.ui.cohort.query import Cohort
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt
from han5k_review.ui.work_view import open_desk, show_running


def show_desk(visit: Visit, cohort: Cohort, record: BackgroundWork | None) -> None:
    """What is measured and what is left; a running evaluation moves by itself.

    `record` is what `find_record` said before the cohort was read.
    """
    plan = cohort.plan
    st.caption(
        f"{plan.prediction.title.capitalize()} against {plan.reference.title}: "
        f"{len(cohort.frame)} of {say_count(len(plan.pairs), 'pair')} "
        f"measured, {cohort.failed} failed, "
        f"{say_count(len(plan.gaps), 'structure')} without a pair. {describe_last(record)}"
    )
    if record is not None and record.is_running:
        show_running(visit, WorkKind.EVALUATION)
        return
    if record is not None and record.state is WorkState.STOPPED:
        st.error(f"The evaluation stopped. {as_text(record.said)}")
    if not cohort.left:
        return
    if not visit.may(Action.EVALUATE):
        st.info("Somebody who may start evaluations can measure what is left.")
    elif st.button(_describe_left(cohort), type="primary", key="measure"):
        _start(visit, plan)


def show_case_desk(
    visit: Visit,
    plan: EvaluationPlan,
    record: BackgroundWork | None,
    left: int,
    place: DeltaGenerator,
) -> None:
    """The same desk for one case: a button at `place` while nothing runs, else what runs now."""
    if record is not None and record.is_running:
        show_running(visit, WorkKind.EVALUATION)
        return
    if not left or not visit.may(Action.EVALUATE):
        return
    if place.button(f"Measure {say_count(left, 'pair')}", key="measure-case"):
        _start(visit, plan)


def _describe_left(cohort: Cohort) -> str:
    if cohort.left == cohort.failed:
        return f"Try {say_count(cohort.left, 'failed pair')} again"
    return f"Measure {say_count(cohort.left, 'pair')}"


def _start(visit: Visit, plan: EvaluationPlan) -> None:
    with attempt():
        require(visit.identity, Action.EVALUATE)
        start_evaluation(
            open_desk(WorkKind.EVALUATION),
            plan,
            threads=visit.bench.settings.processes,
            actor=visit.identity.name,
        )
        st.rerun()


def describe_last(record: BackgroundWork | None) -> str:
    """One sentence of an evaluation that is over; nothing of one that runs."""
    if record is None or record.finished_at_utc is None:
        return ""
    return (
        f"Last evaluation {record.state.value} {say_time(record.finished_at_utc)} "
        f"({record.title}: {record.done - record.failed} of "
        f"{say_count(record.total, 'pair')} with numbers)."
    )
