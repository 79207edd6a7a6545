"""The release that this process makes: start, progress, cancel, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from han5k_review.accounts.may import Action, require
from han5k_review.exports.release.background import (
    BackgroundRelease,
    MakingRecord,
    MakingState,
    place_release,
    propose_name,
)
from han5k_review.exports.release.outlook import ReleaseOutlook
from han5k_review.store.columns import utc_now
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt, open_bench

_LOOK_SECONDS = 1.0


@st.cache_resource(show_spinner=False)
def open_desk() -> BackgroundRelease:
    """The one release of this process, found again by every visit."""
    bench = open_bench()
    return BackgroundRelease(bench.study, threads=bench.settings.processes)


def find_record() -> MakingRecord | None:
    """The release as it stands; a page asks before it reads what would be in one."""
    return open_desk().record


def show_desk(visit: Visit, outlook: ReleaseOutlook, record: MakingRecord | None) -> None:
    """The button that makes the release, or the one that is made now; it moves by itself."""
    if record is not None and record.is_running:
        _show_running(visit)
        return
    _show_last(record)
    if not outlook.contours:
        st.info(
            "Nothing can be released yet: accept revisions, lock contours as they are, or grade "
            "until a structure is certified (page Results)."
        )
        return
    if not outlook.request.forms:
        st.info("Choose at least one form.")
        return
    name, button = st.columns([3, 2], vertical_alignment="bottom")
    folder = name.text_input("Folder", value=propose_name(visit.bench.study), key="folder")
    words = (
        f"Release {say_count(outlook.contours, 'contour')} of {say_count(outlook.cases, 'case')}"
    )
    if button.button(words, type="primary", key="make", width="stretch"):
        with attempt():
            require(visit.identity, Action.RELEASE)
            out = place_release(visit.bench.study, folder)
            open_desk().start(outlook.request, out, actor=visit.identity.name)
            st.rerun()


def _show_last(record: MakingRecord | None) -> None:
    if record is None or record.finished_at_utc is None:
        return
    at = say_time(record.finished_at_utc)
    if record.report is not None:
        st.success(
            f"{as_text(record.folder.name)} was made {at}: "
            f"{say_count(record.report.contours, 'contour')} of "
            f"{say_count(record.report.cases, 'case')} in "
            f"{say_count(record.report.files, 'file')}. It lies in "
            f"{record.folder}."
        )
    elif record.state is MakingState.CANCELLED:
        st.info(f"{as_text(record.folder.name)} was cancelled {at}; nothing of it was kept.")
    else:
        st.error(f"{as_text(record.folder.name)} was not made. {as_text(record.error)}")


@st.fragment(run_every=_LOOK_SECONDS)
def _show_running(visit: Visit) -> None:
    desk = open_desk()
    record = desk.record
    if record is None or not record.is_running:
        st.rerun()
    bar, button = st.columns([6, 1], vertical_alignment="bottom")
    bar.progress(record.done / max(record.total, 1), text=describe_running(record, utc_now()))
    if visit.may(Action.RELEASE) and button.button(
        "Cancel", key="cancel", disabled=record.cancel_requested, width="stretch"
    ):
        desk.cancel()
        st.rerun(scope="fragment")


def describe_running(record: MakingRecord, now: datetime) -> str:
    """One line of a release in the making: what, how far, how long still, who started it."""
    words = f"Making {record.folder.name}: {record.done} of {record.total or '?'} steps"
    if record.cancel_requested:
        return f"{words}. Stops after the cases in work; nothing is kept."
    seconds = (now - record.started_at_utc).total_seconds()
    if record.done and seconds >= 1:
        left = timedelta(seconds=round(seconds * (record.total - record.done) / record.done))
        words += f", about {left} left"
    return f"{words}. Started by {record.actor}; it goes on when you leave the page."
