"""The study page's forms: cases for a reader, cases off a list, accounts and passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from sqlmodel import Session

from han5k_review.accounts.may import Action, list_manageable
from han5k_review.accounts.readers import add_reader, set_password
from han5k_review.errors import RuleError
from han5k_review.review.assigning import (
    CasePool,
    Wish,
    assign_cases,
    list_untouched,
    plan_assignment,
    unassign_cases,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case, Reader
from han5k_review.store.vocabulary import Role, TriageKind
from han5k_review.texts.counts import say_count
from han5k_review.triage.stored import find_round
from han5k_review.triage.worklist import RANDOM_SHARE, ListOrder, assign_by_doubt, plan_by_doubt
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt

_CHOSEN = "these cases"
_BY_NAME, _RANDOM = "by name", "random"
_BY_TRIAGE = {
    "most doubtful first": ListOrder.DOUBT,
    "most expected gain per minute first": ListOrder.GAIN,
}
_SHOWN_NAMES = 8
_ADDED = "accounts-added"


def show_assigning(visit: Visit, readers: Sequence[Reader], cases: Sequence[Case]) -> None:
    """Choose reader and cases, look at what would change, confirm."""
    may_read = [one for one in readers if one.active]
    if not may_read:
        st.info("Nobody has an account yet. Add a reader first.")
        return
    reader = st.selectbox("Reader", may_read, format_func=lambda r: r.name, key="assign-reader")
    pool = st.selectbox("From", [*CasePool, _CHOSEN], format_func=str, key="assign-from")
    with reading(visit.bench.study.engine) as session:
        orders = [_BY_NAME, _RANDOM, *_list_triage_orders(session)]
    order = st.selectbox("Order", orders, key="assign-order")
    wish = _ask_wish(pool, order, cases)
    if order in _BY_TRIAGE:
        show_ordering(visit, reader, wish, _BY_TRIAGE[order])
        return
    with reading(visit.bench.study.engine) as session:
        plan = plan_assignment(session, reader, wish)
    st.caption(describe_plan(plan.cases, plan.known, reader))
    if _ask_to_add(len(plan.cases), reader):
        with attempt(), transaction(visit.bench.study.engine) as session:
            added = assign_cases(
                session,
                reader=reader,
                cases=plan.cases,
                actor=visit.identity.name,
                now=utc_now(),
            )
            _tell_added(added, reader)
        st.rerun()


def _list_triage_orders(session: Session) -> list[str]:
    """Those that the newest scores allow: a gain needs probabilities, which grades teach."""
    newest = find_round(session)
    if newest is None:
        return []
    learned = newest.kind is TriageKind.GRADES
    return [name for name, by in _BY_TRIAGE.items() if learned or by is ListOrder.DOUBT]


def show_ordering(visit: Visit, reader: Reader, wish: Wish, by: ListOrder) -> None:
    """The cases that triage puts first, and the random arm among them."""
    percent = st.slider(
        "Cases drawn at random, percent",
        min_value=10,
        max_value=100,
        step=10,
        value=round(100 * RANDOM_SHARE),
        help="They keep the shares that the study reports true for the whole cohort. A reader "
        "cannot tell them from the others.",
        key="assign-random",
    )
    with reading(visit.bench.study.engine) as session:
        plan = plan_assignment(session, reader, replace(wish, most=None, seed=None))
        ordered = plan_by_doubt(
            session,
            plan,
            most=wish.most,
            random_share=percent / 100,
            seed=wish.seed or 0,
            order=by,
        )
    st.caption(describe_plan([one.case for one in ordered.draws], plan.known, reader))
    if _ask_to_add(len(ordered.draws), reader):
        with attempt(), transaction(visit.bench.study.engine) as session:
            added = assign_by_doubt(
                session, reader=reader, plan=ordered, actor=visit.identity.name, now=utc_now()
            )
            _tell_added(added, reader)
        st.rerun()


def _ask_to_add(count: int, reader: Reader) -> bool:
    label = f"Add {say_count(count, 'case')} to {as_text(reader.name)}'s list"
    return st.button(label, type="primary", disabled=not count, key="assign")


def _tell_added(added: int, reader: Reader) -> None:
    st.session_state["people-told"] = (
        f"{say_count(added, 'case')} added to {as_text(reader.name)}'s list."
    )


def _ask_wish(pool: object, order: str, cases: Sequence[Case]) -> Wish:
    seed = None
    if order != _BY_NAME:
        seed = int(
            st.number_input(
                "Seed",
                min_value=0,
                value=1,
                help="The same number gives the same order again.",
                key="assign-seed",
            )
        )
    if not isinstance(pool, CasePool):
        chosen = st.multiselect("Cases", cases, format_func=lambda c: c.name, key="assign-cases")
        return Wish(case_ids={stored_id(case) for case in chosen}, seed=seed)
    most = st.number_input(
        "At most", min_value=1, value=None, placeholder="all of them", key="assign-most"
    )
    return Wish(pool=pool, most=int(most) if most else None, seed=seed)


def describe_plan(cases: Sequence[Case], known: int, reader: Reader) -> str:
    """Which cases come, in order, and how many are there already."""
    names = ", ".join(case.name for case in cases[:_SHOWN_NAMES])
    more = len(cases) - _SHOWN_NAMES
    first = f"In this order: {names}" if names else "No case is left to add from these"
    rest = f" and {more:,} more" if more > 0 else ""
    there = f" {known} of them on {as_text(reader.name)}'s list already." if known else ""
    return f"{first}{rest}.{there}"


def show_unassigning(visit: Visit, readers: Sequence[Reader]) -> None:
    """Take cases that nobody began off a reader's list."""
    reader = st.selectbox("Reader", readers, format_func=lambda r: r.name, key="unassign-reader")
    if reader is None:
        return
    with reading(visit.bench.study.engine) as session:
        rows = [
            (stored_id(row), case.name) for row, case in list_untouched(session, stored_id(reader))
        ]
    if not rows:
        st.caption(f"{as_text(reader.name)} has no case that nobody began.")
        return
    chosen = st.multiselect(
        "Cases without any grade or correction",
        rows,
        format_func=lambda row: row[1],
        placeholder=f"none chosen, {len(rows):,} could be taken off",
        key="unassign-cases",
    )
    label = f"Take {say_count(len(chosen), 'case')} off the list"
    if st.button(label, disabled=not chosen, key="unassign"):
        with attempt(), transaction(visit.bench.study.engine) as session:
            gone = unassign_cases(
                session,
                reader=reader,
                assignment_ids=[one for one, _ in chosen],
                actor=visit.identity.name,
                now=utc_now(),
            )
            st.session_state["people-told"] = (
                f"{say_count(gone, 'case')} taken off {as_text(reader.name)}'s list."
            )
        st.rerun()


def show_accounts(visit: Visit, readers: Sequence[Reader]) -> None:
    """Add an account, and give one a new password; only of roles this person may manage."""
    visit.require(Action.MANAGE_READERS)
    roles = list_manageable(visit.identity)
    _ask_account(visit, roles)
    theirs = [one for one in readers if one.role in roles and one.id != visit.identity.reader_id]
    if not theirs:
        return
    st.markdown("**Give somebody a new password**")
    with st.form("new-password", clear_on_submit=True, border=False):
        who = st.selectbox("Account", theirs, format_func=lambda r: r.name)
        wanted = st.text_input("New password", type="password")
        if st.form_submit_button("Set it and sign them out"):
            with attempt(), transaction(visit.bench.study.engine) as session:
                reader = session.get_one(Reader, who.id)
                _check_role(reader.role, roles)
                set_password(
                    session,
                    reader,
                    password=wanted,
                    actor=visit.identity.name,
                    now=utc_now(),
                    is_first_password=True,
                )
                st.toast(f"{as_text(reader.name)} has a new password and is signed out everywhere.")


def _ask_account(visit: Visit, roles: Sequence[Role]) -> None:
    round_key = f"account-{st.session_state.get(_ADDED, 0)}"  # a refused form keeps what was typed
    with st.form(round_key, border=False):
        name = st.text_input("Name", key=f"{round_key}-name")
        role = st.selectbox("Role", roles, format_func=lambda r: r.value, key=f"{round_key}-role")
        password = st.text_input("First password", type="password", key=f"{round_key}-password")
        wants = st.form_submit_button("Add the account")
    if wants:
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                added = add_reader(
                    session,
                    name=name,
                    password=password,
                    role=_check_role(role, roles),
                    actor=visit.identity.name,
                    now=utc_now(),
                    is_first_password=True,
                )
                st.session_state["people-told"] = (
                    f"{as_text(added.name)} added, shown in exports as {as_text(added.pseudonym)}. "
                    "Tell them the first password; they choose their own when they sign in."
                )
            st.session_state[_ADDED] = st.session_state.get(_ADDED, 0) + 1
            st.rerun()


def _check_role(role: Role, roles: Sequence[Role]) -> Role:
    if role not in roles:
        raise RuleError(
            f"One of the roles {', '.join(map(str, roles))} was expected, found {role}."
        )
    return role
