"""Locked structures: what was accepted stays as it is until somebody unlocks it with a reason."""

from __future__ import annotations

import streamlit as st
from sqlmodel import col, select

from han5k_review.review.locking import MAX_REASON, list_locks, unlock_structure
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Case
from han5k_review.ui.context import Visit, attempt


def show_locks(visit: Visit) -> None:
    """The structures in lock, and a form to open one again."""
    with reading(visit.bench.study.engine) as session:
        locked = [
            (case.id or 0, case.name, structure, lock.at_utc)
            for case in session.exec(select(Case).order_by(col(Case.name)))
            for structure, lock in list_locks(session, case.id or 0).items()
        ]
    if not locked:
        return
    noun = "locked structure" if len(locked) == 1 else "locked structures"
    with st.expander(f"{len(locked)} {noun}"), st.form("unlock", border=False):
        chosen = st.selectbox(
            "Structure",
            locked,
            format_func=lambda row: f"{row[1]}, {row[2]} (accepted {row[3]:%Y-%m-%d %H:%M} UTC)",
        )
        reason = st.text_input("Reason to unlock it", max_chars=MAX_REASON)
        if st.form_submit_button("Unlock"):
            with attempt():
                with transaction(visit.bench.study.engine) as session:
                    unlock_structure(
                        session,
                        case_id=chosen[0],
                        structure=chosen[2],
                        reason=reason,
                        by=visit.get_reader(),
                        now=utc_now(),
                    )
                st.rerun()
