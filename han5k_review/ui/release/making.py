"""Releases on the page: start, and what came of the last one."""

from __future__ import annotations

import streamlit as st

from han5k_review.accounts.may import Action, require
from han5k_review.exports.release.background import place_release, propose_name, start_release
from han5k_review.exports.release.outlook import ReleaseOutlook
from han5k_review.store.work_tables import BackgroundWork, WorkKind, WorkState
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt
from han5k_review.ui.work_view import open_desk, show_running


def show_desk(visit: Visit, outlook: ReleaseOutlook, record: BackgroundWork | None) -> None:
    """The button that makes the release, or the one that is made now; it moves by itself."""
    if record is not None and record.is_running:
        show_running(visit, WorkKind.RELEASE)
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
            start_release(
                open_desk(WorkKind.RELEASE),
                outlook.request,
                out,
                threads=visit.bench.settings.processes,
                actor=visit.identity.name,
            )
            st.rerun()


def _show_last(record: BackgroundWork | None) -> None:
    if record is None or record.finished_at_utc is None:
        return
    at, said = say_time(record.finished_at_utc), as_text(record.said)
    if record.state is WorkState.FINISHED:
        st.success(f"{as_text(record.title)} was made {at}: {said}")
    elif record.state is WorkState.CANCELLED:
        st.info(f"{as_text(record.title)} was cancelled {at}. {said}")
    else:
        st.error(f"{as_text(record.title)} was not made. {said}")
