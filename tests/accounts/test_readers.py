"""Accounts as rows, and what a sign-in writes down."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine
from sqlmodel import select

from han5k_review.accounts.readers import add_reader, find_reader, get_reader, set_password
from han5k_review.accounts.signing_in import authenticate, record_attempt
from han5k_review.errors import ConflictError, DataError, RuleError
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Audit
from han5k_review.store.vocabulary import Role

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def add(engine: Engine, name: str, **more: str) -> None:
    with transaction(engine) as session:
        add_reader(
            session,
            name=name,
            password=more.get("password", "correct horse"),
            role=Role.READER,
            actor="adele",
            now=NOON,
            pseudonym=more.get("pseudonym"),
        )


def test_accounts_get_the_next_free_pseudonym(engine: Engine) -> None:
    add(engine, "anna", pseudonym="R02")
    add(engine, "ben")
    add(engine, "carla")
    with reading(engine) as session:
        names = [get_reader(session, name).pseudonym for name in ("anna", "ben", "carla")]
    assert names == ["R02", "R03", "R04"]


@pytest.mark.parametrize("name", ["anna", "ANNA", " Anna "])
def test_a_name_is_given_once_whatever_its_case(engine: Engine, name: str) -> None:
    add(engine, "Anna")
    with pytest.raises(ConflictError, match="exists already"):
        add(engine, name)
    with pytest.raises(ConflictError, match="belongs to someone"):
        add(engine, "ben", pseudonym="R01")


@pytest.mark.parametrize(
    "name",
    ["", "  ", "x" * 65, "an\nna", "**anna**", "[a](http://b)", ":red[a]", "$a$", "<b>", "=1+1"],
)
def test_a_name_nobody_can_type_is_refused(engine: Engine, name: str) -> None:
    with pytest.raises(RuleError):
        add(engine, name)


def test_an_account_with_a_short_password_is_not_stored(engine: Engine) -> None:
    with pytest.raises(RuleError):
        add(engine, "anna", password="short")
    with reading(engine) as session:
        assert find_reader(session, "anna") is None
        assert list(session.exec(select(Audit))) == []
        with pytest.raises(DataError, match="'anna'"):
            get_reader(session, "anna")


def test_a_first_password_has_to_be_changed_and_not_into_itself(engine: Engine) -> None:
    add(engine, "anna")
    with transaction(engine) as session:
        anna = get_reader(session, "anna")
        first = {"password": "the lead's choice", "actor": "adele", "now": NOON}
        set_password(session, anna, **first, is_first_password=True)  # type: ignore[arg-type]
        assert anna.must_change_password
        with pytest.raises(RuleError, match="found the first one again"):
            set_password(session, anna, **first)  # type: ignore[arg-type]
        set_password(session, anna, password="her own choice", actor="anna", now=NOON)
        assert not anna.must_change_password


def test_an_attempt_says_who_it_is_only_with_the_right_password(engine: Engine) -> None:
    add(engine, "anna")
    with reading(engine) as session:
        right = authenticate(session, "ANNA ", "correct horse")
        wrong = authenticate(session, "anna", "wrong horse!")
        unknown = authenticate(session, "nobody", "correct horse")
    assert right.identity is not None
    assert (right.identity.name, right.identity.role) == ("anna", Role.READER)
    assert wrong.identity is None
    assert wrong.account == right.identity
    assert unknown.identity is None
    assert unknown.account is None


def test_a_weak_hash_is_replaced_at_sign_in(engine: Engine) -> None:
    add(engine, "anna")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse")
    with transaction(engine) as session:
        get_reader(session, "anna").password_hash = weak
    with reading(engine) as session:
        attempt = authenticate(session, "anna", "correct horse")
    with transaction(engine) as session:
        record_attempt(session, attempt, 0, NOON)
    with reading(engine) as session:
        assert get_reader(session, "anna").password_hash == attempt.fresh_hash


def test_a_password_changed_meanwhile_is_not_overwritten_by_a_renewed_hash(engine: Engine) -> None:
    add(engine, "anna")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse")
    with transaction(engine) as session:
        get_reader(session, "anna").password_hash = weak
    with reading(engine) as session:
        attempt = authenticate(session, "anna", "correct horse")
    with transaction(engine) as session:
        reader = get_reader(session, "anna")
        set_password(session, reader, password="a newer one", actor="adele", now=NOON)
    with transaction(engine) as session:
        record_attempt(session, attempt, 0, NOON)
    with reading(engine) as session:
        assert authenticate(session, "anna", "a newer one").identity is not None
