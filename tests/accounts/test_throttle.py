"""Guessing passwords gets slow where it is done, and touches nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select

from han5k_review.accounts.browsers import KnownBrowsers
from han5k_review.accounts.throttle import (
    FREE_BY_ADDRESS,
    FREE_BY_NAME,
    CountedBy,
    admit,
    count_by,
    fold_address,
    forgive,
)
from han5k_review.errors import AccessError
from han5k_review.store.engine import reading, transaction
from han5k_review.store.session_tables import SignInCount

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = b"k" * 32


def stranger(name: str = "anna", address: str = "10.0.0.7") -> tuple[CountedBy, ...]:
    return count_by(KEY, name=name, address=address, browser=None)


def attempt(engine: Engine, counted: tuple[CountedBy, ...], now: datetime) -> list[int]:
    with transaction(engine) as session:
        return admit(session, counted, now)


def test_each_wrong_password_doubles_the_wait_up_to_an_hour(engine: Engine) -> None:
    now, waits = NOON, []
    for _ in range(FREE_BY_NAME + 8):
        attempt(engine, stranger(), now)
        with reading(engine) as session:
            found = session.exec(select(func.max(col(SignInCount.waits_until_utc)))).one() or now
        waits.append((found - now).total_seconds())
        now = max(found, now)
    assert waits == [0] * 4 + [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_waiting_is_refused_in_words_and_not_prolonged(engine: Engine) -> None:
    for _ in range(FREE_BY_NAME):
        attempt(engine, stranger(), NOON)
    for name in ("anna", "ANNA", " Anna"):
        with pytest.raises(AccessError, match="for this name from here; wait 30 s, then"):
            attempt(engine, stranger(name), NOON)
    assert attempt(engine, stranger(), NOON + 30 * SECOND)[0] == FREE_BY_NAME + 1


def test_nobody_locks_out_somebody_elsewhere(engine: Engine) -> None:
    for _ in range(FREE_BY_NAME):
        attempt(engine, stranger(), NOON)
    attempt(engine, stranger(address="10.0.0.8"), NOON)
    attempt(engine, stranger(name="ben"), NOON)
    known = count_by(KEY, name="anna", address="10.0.0.7", browser="her own")
    attempt(engine, known, NOON)


def test_one_address_cannot_try_every_name(engine: Engine) -> None:
    for n in range(FREE_BY_ADDRESS):
        attempt(engine, stranger(f"name {n}", "2001:db8::1"), NOON)
    with pytest.raises(AccessError, match="from this address; wait 30 s"):
        attempt(engine, stranger("one more", "2001:db8::ffff:2"), NOON)
    attempt(engine, stranger("one more", "2001:db8:0:1::1"), NOON)


def test_the_right_password_forgets_its_name_but_not_the_address(engine: Engine) -> None:
    for _ in range(4):
        attempt(engine, stranger(), NOON)
    with transaction(engine) as session:
        forgive(session, stranger(), NOON)
    assert attempt(engine, stranger(), NOON) == [1, 4]
    assert attempt(engine, stranger(), NOON + timedelta(hours=25)) == [1, 1]


def test_no_name_is_stored(engine: Engine) -> None:
    attempt(engine, stranger("my password \ud83d"), NOON)
    with reading(engine) as session:
        rows = session.exec(select(SignInCount)).all()
    assert len(rows) == 2
    assert not any("password" in str(row) or "10.0.0.7" in str(row) for row in rows)


@pytest.mark.parametrize(
    ("address", "folded"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_addresses_of_one_place_are_one(address: str, folded: str) -> None:
    assert fold_address(address) == folded


def test_only_a_browser_that_was_marked_is_known() -> None:
    browsers = KnownBrowsers(key=KEY)
    cookie = browsers.mark(7)
    found = browsers.find(cookie)
    assert found is not None
    assert found[0] == 7
    assert browsers.mark(7) != cookie
    for odd in (None, "", "x", "\ud83d", "é", cookie[:-2], "A" + cookie, "x" * 10_000):
        assert browsers.find(odd) is None
    assert KnownBrowsers(key=b"o" * 32).find(cookie) is None
