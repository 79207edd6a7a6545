"""Reads whose time ran out: the lead sees them and gives them on; their readers are told."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from han5k_review.protocol.leases import Lease, Returned, list_leases, return_expired
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.visit import Visit, attempt


def show_leases(visit: Visit) -> None:
    """All begun reads with a time limit, and one button for those that ran out."""
    now = utc_now()
    with reading(visit.bench.study.engine) as session:
        leases = list_leases(session)
    if not leases:
        st.caption("No begun read has a time limit.")
        return
    over = sum(lease.ends_at_utc <= now for lease in leases)
    st.dataframe(_build_frame(leases, now), hide_index=True, key="leases")
    label = f"Give what is left of {say_count(over, 'read')} to other readers"
    if st.button(label, disabled=not over, key="leases-return"):
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                done = return_expired(session, actor=visit.identity.name, now=now)
            st.session_state["protocol-told"] = say_returned(done)
            st.rerun()


def say_returned(done: Returned) -> str:
    """What moved, and what nobody else can read."""
    said = f"{say_count(done.moved, 'read')} went to other readers; what was done in them is kept."
    if done.kept:
        said += f" Nobody else can read these, they stay: {', '.join(done.kept)}."
    return said


def show_own_leases(visit: Visit) -> None:
    """For the reader: until when the begun reads are theirs, and which time is over."""
    now = utc_now()
    with reading(visit.bench.study.engine) as session:
        leases = list_leases(session, reader_id=visit.identity.reader_id)
    over = [lease.case for lease in leases if lease.ends_at_utc <= now]
    if over:
        st.warning(
            f"The time for {', '.join(over)} is over. You may still finish; the study lead may "
            "give what is left to another reader. What you have done is kept."
        )
    running = [lease for lease in leases if lease.ends_at_utc > now]
    if running:
        first = running[0]
        st.caption(
            f"Begun cases that are yours for a time: {len(running)}; the first, {first.case}, "
            f"until {say_time(first.ends_at_utc)}."
        )


def _build_frame(leases: list[Lease], now: datetime) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Reader": lease.reader,
                "Read": lease.case,
                "Done": f"{lease.done} of {lease.total}",
                "Begun": say_time(lease.begun_at_utc),
                "Until": say_time(lease.ends_at_utc),
                "Over": "yes" if lease.ends_at_utc <= now else "no",
            }
            for lease in leases
        ]
    )
