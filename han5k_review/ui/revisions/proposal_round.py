"""Making proposals on the page: which structure, and what came of the last round."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.proposing.background import start_round
from han5k_review.proposing.learning import FEWEST
from han5k_review.review.accepted import list_accepted
from han5k_review.store.engine import reading
from han5k_review.store.work_tables import BackgroundWork, WorkKind, WorkState
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt
from han5k_review.ui.work_view import find_record, open_desk, show_running


def show_round(visit: Visit) -> None:
    """A form to learn from accepted revisions; the round that runs, or what the last one found."""
    record = find_record(WorkKind.ROUND)
    if record is not None and record.is_running:
        show_running(visit, WorkKind.ROUND)
        return
    structures = _list_structures(visit)
    if not structures and record is None:
        return
    title, is_open = "Propose the same change in other cases", record is not None
    with st.expander(title, expanded=is_open), attempt():
        if record is not None:
            _show_last(record)
        st.caption(
            f"From {FEWEST} accepted revisions of a structure on, what they have in common is "
            "learned, and proposed in the cases that nobody accepted, revised or draws."
        )
        chosen = st.selectbox(
            "Structure",
            list(structures),
            format_func=lambda name: f"{name}: {say_count(structures[name], 'accepted revision')}",
            key="propose-structure",
        )
        if chosen is not None and st.button("Learn and propose", key="propose"):
            visit.require(Action.ADJUDICATE)
            start_round(open_desk(WorkKind.ROUND), chosen, actor=visit.identity.name)
            st.rerun()


def _list_structures(visit: Visit) -> dict[str, int]:
    """Structures with enough accepted revisions, the most first."""
    with reading(visit.bench.study.engine) as session:
        accepted = list_accepted(session)
    counted = Counter(name for (_, name), one in accepted.items() if not one.is_unrevised)
    return {name: count for name, count in counted.most_common() if count >= FEWEST}


def _show_last(record: BackgroundWork) -> None:
    show = st.error if record.state is WorkState.STOPPED else st.info
    show(as_text(record.said))
