"""Locked structures: what was accepted stays as it is until somebody unlocks it with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st
from sqlmodel import Session, select

from han5k_review.review.decisions.locking import MAX_REASON, list_locks, unlock_structure
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Case
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.visit import Visit, attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStructure:
    """A locked structure of a case, and since when."""

    case_id: int
    case: str
    structure: str
    at_utc: datetime


def list_locked(session: Session) -> list[LockedStructure]:
    """Every locked structure, by the names of the cases; two queries, however many cases."""
    names = dict(session.exec(select(Case.id, Case.name)).all())
    rows = [
        LockedStructure(
            case_id=case_id, case=names[case_id], structure=structure, at_utc=lock.at_utc
        )
        for (case_id, structure), lock in list_locks(session).items()
    ]
    return sorted(rows, key=lambda row: row.case)


def show_locks(visit: Visit) -> None:
    """The locked structures, and a form to open one again."""
    with reading(visit.bench.study.engine) as session:
        locked = list_locked(session)
    if not locked:
        return
    with st.expander(say_count(len(locked), "locked structure")), st.form("unlock", border=False):
        chosen = st.selectbox(
            "Structure",
            locked,
            format_func=lambda row: (
                f"{row.case}, {row.structure} (accepted {say_time(row.at_utc)})"
            ),
        )
        reason = st.text_input("Reason to unlock it", max_chars=MAX_REASON)
        if st.form_submit_button("Unlock"):
            with attempt():
                with transaction(visit.bench.study.engine) as session:
                    unlock_structure(
                        session,
                        case_id=chosen.case_id,
                        structure=chosen.structure,
                        reason=reason,
                        by=visit.get_reader(),
                        now=utc_now(),
                    )
                st.rerun()
