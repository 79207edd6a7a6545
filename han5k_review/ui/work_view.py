"""A work in the background on its page, whichever process does it: progress, cancel, its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.background import Desk
from han5k_review.store.columns import utc_now
from han5k_review.store.work_tables import BackgroundWork, WorkKind
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt, open_bench

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How a kind is told of: what is done, what is counted, what a cancel waits for; who may."""

    doing: str
    unit: str
    waits_for: str
    action: Action


_WORDS: Mapping[WorkKind, _Words] = {
    WorkKind.EVALUATION: _Words(
        doing="Measuring",
        unit="pair",
        waits_for="Stops after the cases in work.",
        action=Action.EVALUATE,
    ),
    WorkKind.RELEASE: _Words(
        doing="Making",
        unit="step",
        waits_for="Stops after the cases in work; nothing is kept.",
        action=Action.RELEASE,
    ),
    WorkKind.ROUND: _Words(
        doing="Learning",
        unit="step",
        waits_for="Stops after the case in hand.",
        action=Action.ADJUDICATE,
    ),
}


def open_desk(kind: WorkKind) -> Desk:
    """The works of this kind in the study that is served."""
    return Desk(study=open_bench().study, kind=kind)


def find_record(kind: WorkKind) -> BackgroundWork | None:
    """The work as it stands; a page asks before it reads numbers, and shows both together.

    Then numbers are never older than the work said to be over beside them.
    """
    return open_desk(kind).find_record()


@st.fragment(run_every=_LOOK_SECONDS)
def show_running(visit: Visit, kind: WorkKind) -> None:
    """How far the present work is, and the button that cancels it; it moves by itself."""
    with attempt():
        desk, action = open_desk(kind), _WORDS[kind].action
        record = desk.find_record()
        if record is None or not record.is_running:
            st.rerun()
        bar, button = st.columns([6, 1], vertical_alignment="bottom")
        share, line = record.done / max(record.total, 1), describe_running(record, utc_now())
        bar.progress(share, text=as_text(line))
        if visit.may(action) and button.button(
            "Cancel", key=f"cancel-{kind}", disabled=record.cancel_requested, width="stretch"
        ):
            desk.cancel()
            st.rerun(scope="fragment")


def describe_running(record: BackgroundWork, now: datetime) -> str:
    """One line of a running work: what, how far, how long still, who started it."""
    words = _WORDS[record.kind]
    line = f"{words.doing} {record.title}"
    if record.total:
        line += f": {record.done} of {say_count(record.total, words.unit)}"
    if record.failed:
        line += f", {record.failed} failed"
    if record.cancel_requested:
        return f"{line}. {words.waits_for}"
    seconds = (now - record.started_at_utc).total_seconds()
    fresh = record.done - record.first_done
    if fresh > 0 and seconds >= 1:
        left = timedelta(seconds=round(seconds * (record.total - record.done) / fresh))
        line += f", about {left} left"
    return f"{line}. Started by {record.actor}; it goes on when you leave the page."
