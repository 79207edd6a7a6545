"""Guessing passwords gets slow, for that name only, and nobody's memory grows without end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from han5k_review.accounts.throttle import Throttle
from han5k_review.errors import AccessError

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_sixth_attempt_within_the_window_waits_and_later_ones_pass() -> None:
    throttle = Throttle()
    for n in range(5):
        throttle.admit("anna", NOON + n * MINUTE)
    with pytest.raises(AccessError, match="wait 1 min"):
        throttle.admit("anna", NOON + timedelta(minutes=4, seconds=30))
    throttle.admit("anna", NOON + 5 * MINUTE)


def test_upper_and_lower_case_are_one_name_and_other_names_are_free() -> None:
    throttle = Throttle(limit=2)
    throttle.admit("anna", NOON)
    throttle.admit("ANNA", NOON)
    with pytest.raises(AccessError):
        throttle.admit("Anna", NOON)
    throttle.admit("ben", NOON)


def test_the_right_password_wipes_the_slate() -> None:
    throttle = Throttle(limit=1)
    throttle.admit("anna", NOON)
    throttle.forgive("Anna")
    throttle.admit("anna", NOON)


def test_waiting_attempts_do_not_prolong_the_wait() -> None:
    throttle = Throttle(limit=1)
    throttle.admit("anna", NOON)
    with pytest.raises(AccessError):
        throttle.admit("anna", NOON + 4 * MINUTE)
    throttle.admit("anna", NOON + 5 * MINUTE)


def test_a_flood_of_names_is_forgotten_oldest_first() -> None:
    throttle = Throttle(limit=1, capacity=3)
    for name in ("a", "b", "c", "d"):
        throttle.admit(name, NOON)
    throttle.admit("a", NOON)
    with pytest.raises(AccessError):
        throttle.admit("d", NOON)
