"""Personal tokens on the account page: make one, see it once, end it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from han5k_review.accounts.may import list_scopes
from han5k_review.accounts.tokens import (
    MOST_DAYS,
    MOST_NAME,
    USUAL_DAYS,
    TokenWish,
    end_token,
    list_tokens,
    make_token,
)
from han5k_review.accounts.ways_in import get_way_in
from han5k_review.errors import RuleError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.session_tables import PersonalToken
from han5k_review.store.vocabulary import Scope
from han5k_review.ui.local_time import say_time
from han5k_review.ui.sessions_view import show_with_end
from han5k_review.ui.visit import Visit, attempt

_WORDS = {
    Scope.READ: "look at CTs, contours and grades",
    Scope.REVISE: "grade and revise contours",
    Scope.RUNS: "start and watch training runs",
    Scope.EXPORT: "export the study",
}


def ask_new_token(visit: Visit) -> None:
    """The form; a new token is shown below it, this once."""
    made = None
    with st.form("token", border=False, clear_on_submit=True), st.container(width=420):
        name = st.text_input("Name of the token", max_chars=MOST_NAME)
        scopes = st.multiselect(
            "It may",
            list_scopes(visit.identity.role),
            format_func=_WORDS.__getitem__,
            default=[Scope.READ],
        )
        days = st.number_input("For how many days", 1, MOST_DAYS, USUAL_DAYS)
        if st.form_submit_button("Make a token"):
            wish = TokenWish(name=name, scopes=scopes, days=int(days))
            with attempt(), transaction(visit.bench.study.engine) as session:
                made = make_token(
                    session,
                    visit.get_reader(),
                    wish,
                    actor=visit.identity.name,
                    now=utc_now(),
                )
    if made is not None:
        st.success("Copy the token now. It is shown this once and stored nowhere.")
        st.code(made, language=None)


def show_own_tokens(visit: Visit) -> None:
    """The tokens that open something, each with a button that ends it."""
    with reading(visit.bench.study.engine) as session:
        rows = [row for row, _ in list_tokens(session, utc_now(), visit.identity.reader_id)]
    for row in rows:
        tip, end = "Ends this token at once", partial(_end, visit)
        show_with_end(_describe(row), "token", stored_id(row), tip, end)


def _describe(row: PersonalToken) -> str:
    used = "never used" if row.seen_at_utc is None else f"last used {say_time(row.seen_at_utc)}"
    words = ", ".join(_WORDS[Scope(one)] for one in row.scopes)
    return f"{row.name}: {words}; until {say_time(row.expires_at_utc)}, {used}"


def _end(visit: Visit, number: int) -> None:
    with attempt(), transaction(visit.bench.study.engine) as session:
        row, _ = get_way_in(session, PersonalToken, number)
        if row.reader_id != visit.identity.reader_id:
            raise RuleError("This token is not one of yours.")
        end_token(session, number, by=visit.identity.name, now=utc_now())
