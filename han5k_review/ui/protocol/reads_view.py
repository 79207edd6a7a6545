"""Assigning by protocol, and handing reads over: look at what would change, then confirm."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from han5k_review.protocol.handing_over import describe_hand_over, hand_over, plan_hand_over
from han5k_review.protocol.reads import ReadPlan, ReadWish, assign_reads, plan_reads
from han5k_review.review.pauses import find_pause, pause_reading, resume_reading
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case, Reader
from han5k_review.store.vocabulary import Role
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt, tell

_EVERYBODY = "all readers"


def show_assigning_by_protocol(visit: Visit, readers: Sequence[Reader]) -> None:
    """Choose readers and a number of cases; the plan is shown before it is written."""
    usual = [one for one in readers if one.role is Role.READER]
    chosen = st.multiselect(
        "Readers", readers, usual, format_func=lambda one: one.name, key="reads-readers"
    )
    most = st.number_input(
        "New cases at most, drawn at random",
        min_value=1,
        value=None,
        placeholder="all of them",
        key="reads-most",
    )
    wish = ReadWish(
        reader_ids=tuple(sorted(stored_id(one) for one in chosen)),
        most_cases=int(most) if most else None,
    )
    with attempt():
        with reading(visit.bench.study.engine) as session:
            plan = plan_reads(session, wish)
        _show_plan(plan)
        reads, lists = say_count(len(plan.reads), "read"), say_count(len(plan.shares), "list")
        label = f"Put {reads} on {lists}"
        if st.button(label, type="primary", disabled=not plan.reads, key="reads-assign"):
            with transaction(visit.bench.study.engine) as session:
                count = assign_reads(
                    session,
                    visit.bench.study,
                    wish,
                    seen=plan,
                    actor=visit.identity.name,
                    now=utc_now(),
                )
            tell(f"{say_count(count, 'read is', 'reads are')} on the lists.")
            st.rerun()


def _show_plan(plan: ReadPlan) -> None:
    st.caption(
        f"Version {plan.number}: {say_count(plan.cases, 'new case')}; "
        f"{plan.known:,} are on the lists already."
    )
    rows = [
        {
            "Reader": share.name,
            "Reads": share.first,
            "From nothing": share.manual,
            "Repeats": share.repeats,
            "Calibration": share.calibration,
            "Contours": share.contours,
            "Planted errors": share.planted,
        }
        for share in plan.shares
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="", key="reads-plan")
    if plan.empty:
        st.caption(f"Without a contour to read: {', '.join(plan.empty)}.")
    for doubt in plan.doubts:
        st.caption(doubt)


def show_handing_over(visit: Visit, readers: Sequence[Reader], cases: Sequence[Case]) -> None:
    """From whom, to whom, all that is unfinished or some cases that nobody began."""
    left, right = st.columns(2)
    leaving = left.selectbox("From", readers, format_func=lambda one: one.name, key="hand-from")
    others = [one for one in readers if leaving is None or one.id != leaving.id]
    coming = right.selectbox("To", others, format_func=lambda one: one.name, key="hand-to")
    if leaving is None or coming is None:
        st.caption("Two accounts are needed.")
        return
    some = st.multiselect(
        "Only these cases, as far as nobody began them",
        cases,
        format_func=lambda one: one.name,
        placeholder="everything that is unfinished",
        key="hand-cases",
    )
    with attempt():
        with reading(visit.bench.study.engine) as session:
            plan = plan_hand_over(
                session,
                leaving=leaving,
                coming=coming,
                cases={one.name for one in some} if some else None,
            )
        st.caption(describe_hand_over(plan, leaving.name, coming.name))
        moves = len(plan.whole) + len(plan.rest)
        label = f"Give {say_count(moves, 'read') if moves else 'reads'} to {coming.name}"
        if st.button(label, disabled=not moves, key="hand-over"):
            with transaction(visit.bench.study.engine) as session:
                hand_over(
                    session,
                    plan,
                    leaving=session.get_one(Reader, leaving.id),
                    coming=session.get_one(Reader, coming.id),
                    actor=visit.identity.name,
                    now=utc_now(),
                )
            tell(f"{say_count(moves, 'read')} went to {coming.name}.")
            st.rerun()


def show_pauses(visit: Visit, readers: Sequence[Reader]) -> None:
    """Stop offering cases, to one reader or to all, and go on."""
    names = [_EVERYBODY, *(one.name for one in readers)]
    name = st.selectbox("Whom", names, key="pause-whom")
    chosen = next((one for one in readers if one.name == name), None)
    with reading(visit.bench.study.engine) as session:
        present = find_pause(session, 0 if chosen is None else stored_id(chosen))
    own = present is not None and present.reader_id == (None if chosen is None else chosen.id)
    if present is not None:
        st.caption(f"Paused by {as_text(present.actor)}: {as_text(present.reason)}")
    reason = "" if own else st.text_input("Reason, which the readers see", key="pause-reason")
    if st.button("Let reading go on" if own else "Pause reading", key="pause"):
        with attempt():
            actor, now = visit.identity.name, utc_now()
            with transaction(visit.bench.study.engine) as session:
                if own:
                    resume_reading(session, chosen, actor=actor, now=now)
                else:
                    pause_reading(session, chosen, reason=reason, actor=actor, now=now)
            tell(f"Reading of {name} {'goes on' if own else 'is paused'}.")
            st.rerun()
