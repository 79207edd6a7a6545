"""Accepting many revisions at once: the limits, what would be accepted, and one button."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st
from sqlmodel import col, select

from han5k_review.imaging.grid import Grid
from han5k_review.review.decisions.adjudication import Question
from han5k_review.review.decisions.bulk import (
    BulkLimits,
    BulkPlan,
    accept_in_bulk,
    measure_hd95,
    plan_bulk,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case
from han5k_review.study import grid_of
from han5k_review.texts.counts import choose_form, say_count
from han5k_review.ui.visit import Bench, Visit, attempt, tell

_PLAN = "bulk-plan"
_COLUMNS = {
    "VRD %": st.column_config.NumberColumn(format="%.1f"),
    "HD95 mm": st.column_config.NumberColumn(format="%.2f"),
}


def show_bulk(visit: Visit, questions: Sequence[Question]) -> None:
    """Two limits, then a list of what keeps within them, then the act."""
    with st.expander("Accept small corrections together"), attempt():
        st.caption(
            "Only structures with one revision of somebody else. You see each of them before "
            "anything is accepted; each is locked, and its reason names the limits."
        )
        with (
            st.form("bulk", border=False),
            st.container(horizontal=True, vertical_alignment="bottom"),
        ):
            vrd = st.number_input("VRD at most, %", 0.5, 100.0, 5.0, 0.5, width=180)
            hd95_mm = st.number_input("HD95 at most, mm", 0.5, 50.0, 3.0, 0.5, width=180)
            if st.form_submit_button("Show what would be accepted"):
                limits = BulkLimits(vrd=vrd / 100, hd95_mm=hd95_mm)
                st.session_state[_PLAN] = _plan(visit, questions, limits)
        plan = st.session_state.get(_PLAN)
        if not isinstance(plan, BulkPlan):
            return
        st.write(describe_plan(plan))
        if not plan.items:
            return
        st.dataframe(
            build_bulk_frame(plan), hide_index=True, placeholder="", column_config=_COLUMNS
        )
        count = len(plan.items)
        label = f"Accept and lock {say_count(count, 'revision')}"
        if st.button(label, key="accept-bulk"):
            del st.session_state[_PLAN]
            with transaction(visit.bench.study.engine) as session:
                accept_in_bulk(session, plan, by=visit.get_reader(), now=utc_now())
            tell(f"{count} accepted and locked.")
            st.rerun()


def describe_plan(plan: BulkPlan) -> str:
    """How many keep within the limits, and how many are left to look at, by why."""
    left = {
        f"{plan.beyond} {choose_form(plan.beyond, 'changes', 'change')} more": plan.beyond,
        f"{plan.several} with more than one revision": plan.several,
        f"{plan.own} of your own": plan.own,
    }
    rest = ", ".join(words for words, count in left.items() if count)
    words = f"**{len(plan.items)}** within {plan.limits.describe()}."
    return f"{words} Left to look at: {rest}." if rest else words


def build_bulk_frame(plan: BulkPlan) -> pd.DataFrame:
    """One row per revision that would be accepted, what changed most first."""
    items = sorted(plan.items, key=lambda item: -item.vrd)
    return pd.DataFrame(
        {
            "Case": [item.question.case for item in items],
            "Structure": [item.question.structure for item in items],
            "Revision": [item.question.candidates[0].name for item in items],
            "VRD %": [100 * item.vrd for item in items],
            "HD95 mm": [item.hd95_mm for item in items],
        }
    )


def _plan(visit: Visit, questions: Sequence[Question], limits: BulkLimits) -> BulkPlan:
    bench = visit.bench
    with st.spinner("Measuring ..."):
        grids = _read_grids(bench, {one.case_id for one in questions})
        measure = partial(measure_hd95, bench.study.labels, grids)
        return plan_bulk(questions, limits=limits, by_id=visit.identity.reader_id, measure=measure)


def _read_grids(bench: Bench, case_ids: set[int]) -> dict[int, Grid]:
    with reading(bench.study.engine) as session:
        rows = session.exec(select(Case).where(col(Case.id).in_(case_ids)))
        return {stored_id(row): grid_of(row) for row in rows}
