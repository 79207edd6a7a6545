"""A cookie says who is there until its sign-in is ended, expires, or the account closes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from han5k_review.accounts.identity import ReaderIdentity, build_identity
from han5k_review.accounts.readers import (
    add_reader,
    get_reader,
    set_active,
    set_password,
    sign_out_everywhere,
)
from han5k_review.accounts.sessions import (
    Browser,
    end_session,
    get_signed_in,
    list_sessions,
    name_browser,
    note_seen,
    open_session,
    set_limits,
)
from han5k_review.errors import AccessError
from han5k_review.store.engine import reading, transaction
from han5k_review.store.session_tables import SignInSession
from han5k_review.store.tables import Audit, Reader
from han5k_review.store.vocabulary import Role

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = set_limits(session_hours=12, idle_minutes=90)


@pytest.fixture
def anna(engine: Engine) -> ReaderIdentity:
    with transaction(engine) as session:
        reader = add_reader(
            session, name="anna", password="correct horse", role=Role.LEAD, actor="x", now=NOON
        )
        return build_identity(reader)


def sign_in(engine: Engine, identity: ReaderIdentity, browser: str = "Firefox") -> str:
    with transaction(engine) as session:
        place = Browser(address="10.0.0.7", user_agent=browser)
        return open_session(session, identity, place, NOON)


def read(engine: Engine, value: str | None, now: datetime = NOON) -> ReaderIdentity:
    with reading(engine) as session:
        return get_signed_in(session, value, LIMITS, now).identity


def test_a_cookie_gives_back_the_person_as_the_database_knows_them_now(
    engine: Engine, anna: ReaderIdentity
) -> None:
    value = sign_in(engine, anna)
    assert read(engine, value) == anna
    with transaction(engine) as session:
        get_reader(session, "anna").role = Role.READER
    assert read(engine, value).role is Role.READER


def test_the_table_holds_no_cookie(engine: Engine, anna: ReaderIdentity) -> None:
    value = sign_in(engine, anna, "Fire\nfox " + "x" * 500)
    with reading(engine) as session:
        row = session.exec(select(SignInSession)).one()
    assert value not in str(row)
    assert row.user_agent == "Firefox " + "x" * 32


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari on iPad"),
        ("Mozilla/5.0 (Macintosh; Mac OS X 14.7; rv:140.0) Firefox/140.0", "Firefox on macOS"),
        ("python-httpx/0.28", "python-httpx/0.28"),
    ],
)
def test_a_browser_is_named_in_short(said: str, shown: str) -> None:
    assert name_browser(said) == shown


def test_a_sign_in_ends_after_its_lifetime_and_sooner_without_use(
    engine: Engine, anna: ReaderIdentity
) -> None:
    value = sign_in(engine, anna)
    with reading(engine) as session:
        first = get_signed_in(session, value, LIMITS, NOON + timedelta(seconds=59))
        second = get_signed_in(session, value, LIMITS, NOON + timedelta(seconds=61))
    assert (first.is_due, second.is_due) == (False, True)
    for hours in (1, 2, 11):
        with transaction(engine) as session:
            note_seen(session, first.session_id, NOON + hours * HOUR)
        read(engine, value, NOON + hours * HOUR + timedelta(minutes=59))
        with pytest.raises(AccessError, match="has expired"):
            read(engine, value, NOON + hours * HOUR + timedelta(minutes=90))
    for age in (12 * HOUR, timedelta(days=400), timedelta(minutes=-6)):
        with pytest.raises(AccessError, match="has expired"):
            read(engine, value, NOON + age)


def close(session: Session, reader: Reader) -> None:
    set_active(session, reader, active=False, actor="x", now=NOON)
    set_active(session, reader, active=True, actor="x", now=NOON)


def new_password(session: Session, reader: Reader) -> None:
    set_password(session, reader, password="a newer one", actor="x", now=NOON)


def everywhere(session: Session, reader: Reader) -> None:
    sign_out_everywhere(session, reader, actor="x", now=NOON)


@pytest.mark.parametrize("change", [close, new_password, everywhere])
def test_all_sign_ins_end_with(
    engine: Engine, anna: ReaderIdentity, change: Callable[[Session, Reader], None]
) -> None:
    values = [sign_in(engine, anna) for _ in range(2)]
    with transaction(engine) as session:
        change(session, get_reader(session, "anna"))
    for value in values:
        with pytest.raises(AccessError, match="was ended"):
            read(engine, value)


def test_one_sign_in_is_ended_and_the_others_go_on(engine: Engine, anna: ReaderIdentity) -> None:
    here, there = sign_in(engine, anna), sign_in(engine, anna, "Safari")
    with transaction(engine) as session:
        found = {row.user_agent: row.id for row, _ in list_sessions(session, LIMITS, NOON)}
        end_session(session, found["Safari"] or 0, by="adele", now=NOON)
        end_session(session, found["Safari"] or 0, by="ben", now=NOON)
    assert read(engine, here) == anna
    with pytest.raises(AccessError, match="was ended"):
        read(engine, there)
    with reading(engine) as session:
        (left,) = list_sessions(session, LIMITS, NOON, anna.reader_id)
        assert left[0].user_agent == "Firefox"
        ended = session.exec(select(Audit).where(Audit.action == "sign out")).all()
        assert [row.actor for row in ended] == ["adele"]
        assert list_sessions(session, LIMITS, NOON, anna.reader_id + 1) == []


@pytest.mark.parametrize("value", [None, "", ".", "a.b", "é", "\ud83d", "x" * 10_000, "\x00"])
def test_nonsense_is_no_cookie(engine: Engine, anna: ReaderIdentity, value: str | None) -> None:
    sign_in(engine, anna)
    with pytest.raises(AccessError, match="sign in to go on"):
        read(engine, value)
