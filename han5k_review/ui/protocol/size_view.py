"""The planner: how many cases, readers and repeats, what they show, and expert time."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from han5k_review.protocol.rules import Protocol
from han5k_review.protocol.size import SECONDS_PER_GRADE, StudyPlan, plan_study
from han5k_review.protocol.words import describe_certificate, say_share
from han5k_review.texts.counts import say_count
from han5k_review.ui.visit import attempt

_COLUMNS = {
    "Truly acceptable": st.column_config.TextColumn(),
    "Released": st.column_config.NumberColumn(format="%.0f %%"),
    "Median patients": st.column_config.NumberColumn(
        help="Patients until half of such structures are released; empty where fewer are."
    ),
    "Mean patients": st.column_config.NumberColumn(format="%.0f"),
}


def show_size(protocol: Protocol, *, cases: int, readers: int) -> None:
    """Three numbers, then effort and operating characteristics."""
    left, middle, right = st.columns(3)
    with left:
        wanted = int(st.number_input("Cases", 1, 100_000, max(cases, 1), key="size-cases"))
    with middle:
        people = int(st.number_input("Readers", 1, 500, max(readers, 1), key="size-readers"))
    with right:
        seconds = float(
            st.number_input("Seconds per grade", 1.0, 3600.0, SECONDS_PER_GRADE, 1.0, key="size-s")
        )
    with attempt():
        found = plan_study(protocol, cases=wanted, readers=people, seconds_per_grade=seconds)
        _show_effort(found)
        _show_points(protocol, found)
        for doubt in found.doubts:
            st.caption(doubt)


def _show_effort(found: StudyPlan) -> None:
    effort = found.effort
    left, middle, right = st.columns(3)
    left.metric("Grades", f"{effort.grades:,}")
    middle.metric("Hours in all", f"{effort.minutes / 60:,.1f}")
    right.metric("Hours per reader", f"{effort.minutes_per_reader / 60:,.1f}")
    st.caption(
        f"Of these {say_count(effort.repeats, 'repeat')}, "
        f"{say_count(effort.calibration, 'calibration grade')} and "
        f"{say_count(found.planted, 'planted error')} in the place of a contour. "
        f"{say_count(found.repeats_needed, 'contour')} read twice would "
        "tell the agreement of readers with themselves "
        "within 0.1 (when it is 0.8)."
    )


def _show_points(protocol: Protocol, found: StudyPlan) -> None:
    st.markdown(f"**Certificate** {describe_certificate(protocol)}")
    if found.fixed is not None:
        st.caption(
            f"{say_count(found.fixed.reads, 'patient')} per structure with "
            f"at most {found.fixed.failures} "
            f"failures; {found.reads_per_structure} are planned."
        )
    if not found.points:
        return
    rows = [
        {
            "Truly acceptable": say_share(point.share),
            "Released": 100 * point.release_chance,
            "Median patients": point.median_reads,
            "Mean patients": point.mean_reads,
        }
        for point in found.points
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, placeholder="", column_config=_COLUMNS, key="points"
    )
    st.caption(
        "How likely a structure of that quality is released with "
        f"{say_count(found.reads_per_structure, 'patient')}, at an error rate of "
        f"{say_share(found.error_rate)}. Exact, not simulated."
    )
