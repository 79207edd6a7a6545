"""A token stands for its account, narrowed, until it is ended, expires, or the account closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from han5k_review.accounts.readers import get_reader, set_active, set_password, sign_out_everywhere
from han5k_review.accounts.tokens import (
    MOST_TOKENS,
    TokenHolder,
    TokenWish,
    end_token,
    find_token,
    get_token_holder,
    list_tokens,
    make_token,
    note_token_used,
)
from han5k_review.errors import RuleError, SignInError
from han5k_review.store.engine import reading, transaction
from han5k_review.store.session_tables import PersonalToken
from han5k_review.store.tables import Audit
from han5k_review.store.vocabulary import Role, Scope
from rigs.studies import NOON, add_reader

DAY = timedelta(days=1)
WISH = TokenWish(name="notebook", scopes={Scope.REVISE, Scope.READ}, days=30)


def make(engine: Engine, wish: TokenWish = WISH) -> str:
    with transaction(engine) as session:
        return make_token(session, get_reader(session, "anna"), wish, actor="anna", now=NOON)


def hold(engine: Engine, value: str, days: float = 0) -> TokenHolder:
    with reading(engine) as session:
        row = find_token(session, value)
        assert row is not None
        return get_token_holder(session, row, NOON + days * DAY)


def test_a_token_is_shown_once_used_audited_and_ended(engine: Engine) -> None:
    with transaction(engine) as session:
        add_reader(session, "anna", Role.LEAD)
    value = make(engine)
    with reading(engine) as session:
        stored = session.exec(select(PersonalToken)).one()
        assert find_token(session, value[:-1]) is None
    assert value.startswith("han5k_")
    assert len(value) > 40
    assert value not in str(stored)

    found = hold(engine, value, 29.9)
    assert found.identity.scopes == {Scope.READ, Scope.REVISE}
    assert (found.identity.name, found.identity.role) == ("anna", Role.LEAD)
    assert (found.is_due, found.is_first_use) == (True, True)
    for later in (0, 1):
        with transaction(engine) as session:
            note_token_used(session, found.token_id, "10.0.0.7", NOON + later * DAY)
    assert hold(engine, value, 2).is_first_use is False
    assert hold(engine, value, 1).is_due is False
    with pytest.raises(SignInError, match="has expired"):
        hold(engine, value, 30)

    with transaction(engine) as session:
        end_token(session, found.token_id, by="anna", now=NOON + DAY)
        end_token(session, found.token_id, by="anna", now=NOON + DAY)
        assert list_tokens(session, NOON + DAY) == []
    with pytest.raises(SignInError, match="was ended"):
        hold(engine, value, 1)
    with reading(engine) as session:
        rows = session.exec(select(Audit).order_by("id")).all()
    assert [row.action for row in rows] == ["make token", "use token first", "end token"]
    assert rows[0].detail["scopes"] == ["read", "revise"]
    assert not any(value in str(row) for row in rows)


def test_what_ends_all_sign_ins_ends_all_tokens(engine: Engine) -> None:
    with transaction(engine) as session:
        add_reader(session, "anna")
    for end in ("close", "password", "everywhere"):
        value = make(engine)
        with transaction(engine) as session:
            reader = get_reader(session, "anna")
            if end == "close":
                set_active(session, reader, active=False, actor="lena", now=NOON)
                set_active(session, reader, active=True, actor="lena", now=NOON)
            elif end == "password":
                set_password(session, reader, password="new and long", actor="anna", now=NOON)
            else:
                sign_out_everywhere(session, reader, actor="anna", now=NOON)
        with pytest.raises(SignInError, match="was ended"):
            hold(engine, value)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_token_beyond_the_rules_is_refused_in_words(engine: Engine) -> None:
    with transaction(engine) as session:
        add_reader(session, "anna")
    for wish, said in (
        (replace(WISH, name=" "), "A name of 1 to 64"),
        (replace(WISH, days=366), "1 to 365 days was expected, found 366"),
        (replace(WISH, scopes=set()), "expected for a reader, found none"),
        (replace(WISH, scopes={Scope.RUNS}), "Scopes of read, revise were expected .* found runs"),
    ):
        with pytest.raises(RuleError, match=said):
            make(engine, wish)
    for _ in range(MOST_TOKENS):
        make(engine)
    with pytest.raises(RuleError, match="At most 20 tokens"):
        make(engine)
