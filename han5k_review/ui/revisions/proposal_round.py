"""Making proposals on the page: which structure, how far it is, and what came of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.proposing.background import BackgroundRound, RoundRecord
from han5k_review.proposing.learning import FEWEST
from han5k_review.proposing.rounds import RoundReport
from han5k_review.review.accepted import list_accepted
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt, open_bench

_LOOK_SECONDS = 1.0


@st.cache_resource(show_spinner=False)
def open_rounds() -> BackgroundRound:
    """The one round of this process, found again by every visit."""
    return BackgroundRound(open_bench().study)


def show_round(visit: Visit) -> None:
    """A form to learn from accepted revisions; the round that runs, or what the last one found."""
    record = open_rounds().record
    if record is not None and record.is_running:
        _show_running(visit)
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
            open_rounds().start(chosen, actor=visit.identity.name)
            st.rerun()


def _list_structures(visit: Visit) -> dict[str, int]:
    """Structures with enough accepted revisions, the most first."""
    with reading(visit.bench.study.engine) as session:
        accepted = list_accepted(session)
    counted = Counter(name for (_, name), one in accepted.items() if not one.is_unrevised)
    return {name: count for name, count in counted.most_common() if count >= FEWEST}


def _show_last(record: RoundRecord) -> None:
    if record.error is not None:
        st.error(as_text(record.error))
    elif record.report is not None:
        st.info(as_text(describe_report(record.report)))


def describe_report(report: RoundReport) -> str:
    """What a round came to, in a few sentences."""
    if report.is_cancelled:
        return f"{report.structure}: cancelled; nothing was stored."
    learned = f"{report.structure}: learned from {say_count(len(report.gains), 'revision')}."
    if not report.is_systematic:
        return f"{learned} No systematic change was found: no proposal is made."
    skipped = Counter(report.skipped.values())
    why = ", ".join(f"{count} ({reason})" for reason, count in skipped.most_common())
    made = f"{learned} {say_count(len(report.made), 'proposal')} made."
    return f"{made} Cases without one: {why}." if why else made


@st.fragment(run_every=_LOOK_SECONDS)
def _show_running(visit: Visit) -> None:
    rounds = open_rounds()
    record = rounds.record
    if record is None or not record.is_running:
        st.rerun()
    bar, button = st.columns([6, 1], vertical_alignment="bottom")
    step = record.step
    share = 0.0 if step is None else step.done / max(step.total, 1)
    bar.progress(share, text=describe_running(record, utc_now()))
    if button.button(
        "Cancel", key="cancel-round", disabled=record.cancel_requested, width="stretch"
    ):
        visit.require(Action.ADJUDICATE)
        rounds.cancel()
        st.rerun(scope="fragment")


def describe_running(record: RoundRecord, now: datetime) -> str:
    """One line of a running round: what, how far, how long still, who started it."""
    words = f"Learning {record.structure}"
    step = record.step
    if record.cancel_requested:
        return f"{words}. Stops after the case in hand."
    if step is not None:
        seconds = (now - record.started_at_utc).total_seconds()
        left = timedelta(seconds=round(seconds * (step.total - step.done) / step.done))
        words += f": {step.done} of {step.total} steps, about {left} left"
    return f"{words}. Started by {record.actor}; it goes on when you leave the page."
