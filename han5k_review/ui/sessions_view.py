"""Sign-ins that are open: one's own on the account page, those of others on the study page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from han5k_review.accounts.may import list_manageable
from han5k_review.accounts.sessions import end_session, list_sessions
from han5k_review.accounts.ways_in import get_way_in
from han5k_review.errors import RuleError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.session_tables import SignInSession
from han5k_review.ui.local_time import say_time
from han5k_review.ui.visit import Visit, attempt

_MOST_SHOWN = 50


def show_own_sessions(visit: Visit) -> None:
    """Where this person is signed in, each with a button that ends it."""
    with reading(visit.bench.study.engine) as session:
        found = list_sessions(session, visit.bench.limits, utc_now(), visit.identity.reader_id)
        rows = [(row, _describe(row)) for row, _ in found]
    for row, words in rows[:_MOST_SHOWN]:
        is_this = row.id == visit.session_id
        _show(visit, stored_id(row), f"{words} (this browser)" if is_this else words)


def show_others_sessions(visit: Visit) -> None:
    """Who else is signed in, of the roles this person may manage."""
    roles = list_manageable(visit.identity)
    with reading(visit.bench.study.engine) as session:
        found = list_sessions(session, visit.bench.limits, utc_now())
        rows = [
            (row, f"{reader.name}: {_describe(row)}")
            for row, reader in found
            if reader.role in roles and reader.id != visit.identity.reader_id
        ]
    if not rows:
        st.caption("Nobody else is signed in.")
    for row, words in rows[:_MOST_SHOWN]:
        _show(visit, stored_id(row), words)


def _show(visit: Visit, number: int, words: str) -> None:
    show_with_end(words, "session", number, "Ends this sign-in at once", partial(_end, visit))


def show_with_end(
    words: str, kind: str, number: int, tip: str, on_end: Callable[[int], None]
) -> None:
    """A line and its button. It ends before the page is drawn anew, so that it goes at once."""
    text, button = st.columns([4, 1], vertical_alignment="center")
    text.text(words)  # never as Markdown: a browser says of itself what it wants
    button.button("End", key=f"end-{kind}-{number}", help=tip, on_click=on_end, args=(number,))


def _describe(row: SignInSession) -> str:
    place = row.address or "unknown address"
    return (
        f"since {say_time(row.made_at_utc)}, last used {say_time(row.seen_at_utc)}, "
        f"from {place}, {row.user_agent or 'unknown browser'}"
    )


def _end(visit: Visit, number: int) -> None:
    with attempt(), transaction(visit.bench.study.engine) as session:
        row, reader = get_way_in(session, SignInSession, number)
        is_own = row.reader_id == visit.identity.reader_id
        if not is_own and reader.role not in list_manageable(visit.identity):
            raise RuleError("This sign-in is not one that you may end.")
        end_session(session, number, by=visit.identity.name, now=utc_now())
