"""Reads whose time ran out: the lead sees them and gives them on; their readers are told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from han5k_review.protocol.lease_watch import LeaseWatch, list_freed
from han5k_review.protocol.leases import Lease, Returned, list_leases, return_expired
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.visit import Visit, attempt, tell

_TOLD = timedelta(days=7)
"""How long it is said that a read went on by itself."""


@st.cache_resource(show_spinner=False)
def _get_watch(_root: str) -> LeaseWatch:
    """One for each study in this process."""
    return LeaseWatch()


def free_leases(visit: Visit) -> None:
    """What ran out goes to other readers before the page shows who has what."""
    study = visit.bench.study
    _get_watch(str(study.root)).look(study, utc_now())


def show_leases(visit: Visit) -> None:
    """All begun reads with a time limit, what went on by itself, and a button for what did not."""
    now = utc_now()
    with reading(visit.bench.study.engine) as session:
        leases = list_leases(session)
        freed = list_freed(session, since=now - _TOLD)
    for one in freed:
        st.caption(
            f"The time of {one.reader} for {one.case} was over: what was left went to another "
            f"reader, {say_time(one.at_utc)}."
        )
    if not leases:
        st.caption("No begun read has a time limit.")
        return
    over = sum(lease.ends_at_utc <= now for lease in leases)
    st.dataframe(_build_frame(leases, now), hide_index=True, key="leases")
    if not over:
        st.caption("When the time of a read is over, what is left goes to another reader.")
        return
    st.caption(
        "Over, and not given on: something was done in them within the last hour, or nobody else "
        "can read the case."
    )
    if st.button(f"Give what is left of {say_count(over, 'read')} on now", key="leases-return"):
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                done = return_expired(session, actor=visit.identity.name, now=now)
            tell(say_returned(done))
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
        freed = list_freed(session, since=now - _TOLD, reader_id=visit.identity.reader_id)
    for one in freed:
        st.info(
            f"Your time for {one.case} was over: what was left went to another reader. What you "
            "did in it is kept."
        )
    over = [lease.case for lease in leases if lease.ends_at_utc <= now]
    if over:
        st.warning(
            f"The time for {', '.join(over)} is over. Go on while you are at it: an hour after "
            "your last act what is left may go to another reader; what you did is kept."
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
