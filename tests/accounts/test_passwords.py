"""Passwords are kept as argon2id hashes, and old hashes are renewed."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from han5k_review.accounts.passwords import hash_password, verify_password
from han5k_review.errors import DataError, RuleError


def test_only_the_right_password_matches() -> None:
    stored = hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert "correct" not in stored
    assert verify_password(stored, "correct horse").matches
    assert not verify_password(stored, "correct horsf").matches
    assert not verify_password(stored, "").matches
    assert not verify_password(stored, "x" * 100_000).matches


def test_the_same_password_never_has_the_same_hash() -> None:
    assert hash_password("correct horse") != hash_password("correct horse")


@pytest.mark.parametrize("password", ["", "seven77", "x" * 257])
def test_a_password_outside_the_rule_is_refused_with_its_length(password: str) -> None:
    with pytest.raises(RuleError, match=f"8 to 256 characters was expected, found {len(password)}"):
        hash_password(password)


def test_eight_characters_of_any_alphabet_will_do() -> None:
    assert verify_password(hash_password("пароль12"), "пароль12").matches


def test_a_hash_with_weaker_costs_is_renewed_when_its_password_comes_by() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse")
    found = verify_password(weak, "correct horse")
    assert found.matches
    assert found.fresh_hash is not None
    renewed = verify_password(found.fresh_hash, "correct horse")
    assert renewed.matches
    assert renewed.fresh_hash is None
    assert verify_password(weak, "wrong horse").fresh_hash is None


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$v=19$m=65536,t=3,p=4$short"])
def test_a_damaged_hash_is_said_to_be_damaged(stored: str) -> None:
    with pytest.raises(DataError, match="set the password anew"):
        verify_password(stored, "correct horse")
