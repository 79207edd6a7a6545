"""The evaluation of this process on the page: start, progress, cancel, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from han5k_review.accounts.may import Action, require
from han5k_review.evaluation.background import (
    BackgroundEvaluation,
    EvaluationRecord,
    EvaluationState,
)
from han5k_review.evaluation.plan import EvaluationPlan
from han5k_review.store.columns import utc_now
from han5k_review.texts.counts import say_count
from han5k_review.ui.cohort.query import Cohort
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt, open_bench

_LOOK_SECONDS = 1.0


@st.cache_resource(show_spinner=False)
def open_desk() -> BackgroundEvaluation:
    """The one evaluation of this process, found again by every visit."""
    bench = open_bench()
    return BackgroundEvaluation(bench.study, threads=bench.settings.processes)


def find_record() -> EvaluationRecord | None:
    """The evaluation as it stands; a page asks before it reads numbers, and shows both together.

    Then numbers are never older than the evaluation said to be over beside them.
    """
    return open_desk().record


def show_desk(visit: Visit, cohort: Cohort, record: EvaluationRecord | None) -> None:
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
        _show_running(visit)
        return
    if record is not None and record.state is EvaluationState.STOPPED:
        st.error(f"The evaluation stopped. {as_text(record.error)}")
    if not cohort.left:
        return
    if not visit.may(Action.EVALUATE):
        st.info("Somebody who may start evaluations can measure what is left.")
    elif st.button(_describe_left(cohort), type="primary", key="measure"):
        with attempt():
            require(visit.identity, Action.EVALUATE)
            open_desk().start(plan, actor=visit.identity.name)
            st.rerun()


def show_case_desk(
    visit: Visit,
    plan: EvaluationPlan,
    record: EvaluationRecord | None,
    left: int,
    place: DeltaGenerator,
) -> None:
    """The same desk for one case: a button at `place` while nothing runs, else what runs now."""
    if record is not None and record.is_running:
        _show_running(visit)
        return
    if not left or not visit.may(Action.EVALUATE):
        return
    if place.button(f"Measure {say_count(left, 'pair')}", key="measure-case"):
        with attempt():
            require(visit.identity, Action.EVALUATE)
            open_desk().start(plan, actor=visit.identity.name)
            st.rerun()


def _describe_left(cohort: Cohort) -> str:
    if cohort.left == cohort.failed:
        return f"Try {say_count(cohort.left, 'failed pair')} again"
    return f"Measure {say_count(cohort.left, 'pair')}"


@st.fragment(run_every=_LOOK_SECONDS)
def _show_running(visit: Visit) -> None:
    desk = open_desk()
    record = desk.record
    if record is None or not record.is_running:
        st.rerun()
    bar, button = st.columns([6, 1], vertical_alignment="bottom")
    bar.progress(record.done / max(record.total, 1), text=describe_running(record, utc_now()))
    if visit.may(Action.EVALUATE) and button.button(
        "Cancel", key="cancel", disabled=record.cancel_requested, width="stretch"
    ):
        desk.cancel()
        st.rerun(scope="fragment")


def describe_running(record: EvaluationRecord, now: datetime) -> str:
    """One line of a running evaluation: what, how far, how long still, who started it."""
    words = f"Measuring {record.title}: {record.done} of {say_count(record.total, 'pair')}"
    if record.failed:
        words += f", {record.failed} failed"
    if record.cancel_requested:
        return f"{words}. Stops after the cases in work."
    seconds = (now - record.started_at_utc).total_seconds()
    fresh = record.done - record.first_done
    if fresh > 0 and seconds >= 1:
        left = timedelta(seconds=round(seconds * (record.total - record.done) / fresh))
        words += f", about {left} left"
    return f"{words}. Started by {record.actor}; it goes on when you leave the page."


def describe_last(record: EvaluationRecord | None) -> str:
    """One sentence of an evaluation that is over; nothing of one that runs."""
    if record is None or record.finished_at_utc is None:
        return ""
    return (
        f"Last evaluation {record.state.value} {say_time(record.finished_at_utc)} "
        f"({record.title}: {record.done - record.failed} of "
        f"{say_count(record.total, 'pair')} with numbers)."
    )
