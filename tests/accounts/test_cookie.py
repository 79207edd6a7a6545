"""A cookie says who is there until it expires, the password changes, or the account closes."""

from __future__ import annotations

import multiprocessing
import stat
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from han5k_review.accounts.cookie import CookieSeal, open_seal, read_or_create_key
from han5k_review.accounts.identity import ReaderIdentity, build_identity
from han5k_review.accounts.readers import (
    add_reader,
    get_reader,
    set_active,
    set_password,
    sign_out_everywhere,
)
from han5k_review.errors import AccessError, ConfigError, Han5kError, StorageError
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SEAL = CookieSeal(key=b"k" * 32, lifetime=timedelta(hours=12))


@pytest.fixture
def anna(engine: Engine) -> ReaderIdentity:
    with transaction(engine) as session:
        reader = add_reader(
            session, name="anna", password="correct horse", role=Role.LEAD, actor="x", now=NOON
        )
        return build_identity(reader)


def read(engine: Engine, value: str | None, now: datetime, seal: CookieSeal = SEAL) -> str:
    with reading(engine) as session:
        return seal.read_cookie(session, value, now).name


def test_a_cookie_gives_back_the_person_as_the_database_knows_them_now(
    engine: Engine, anna: ReaderIdentity
) -> None:
    value = SEAL.issue_cookie(anna, NOON)
    assert "anna" not in value
    with reading(engine) as session:
        assert SEAL.read_cookie(session, value, NOON) == anna
    with transaction(engine) as session:
        get_reader(session, "anna").role = Role.READER
    with reading(engine) as session:
        assert SEAL.read_cookie(session, value, NOON).role is Role.READER


@pytest.mark.parametrize(
    ("age", "sentence"),
    [
        (timedelta(hours=12), "expired"),
        (timedelta(days=400), "expired"),
        (timedelta(minutes=-6), "expired"),
    ],
)
def test_a_cookie_is_good_for_its_lifetime_only(
    engine: Engine, anna: ReaderIdentity, age: timedelta, sentence: str
) -> None:
    value = SEAL.issue_cookie(anna, NOON)
    assert read(engine, value, NOON + timedelta(hours=11, minutes=59)) == "anna"
    with pytest.raises(AccessError, match=sentence):
        read(engine, value, NOON + age)


@pytest.mark.parametrize("change", [set_password, set_active, sign_out_everywhere])
def test_old_cookies_are_void_after(engine: Engine, anna: ReaderIdentity, change: object) -> None:
    value = SEAL.issue_cookie(anna, NOON)
    with transaction(engine) as session:
        reader = get_reader(session, "anna")
        if change is set_password:
            set_password(session, reader, password="a newer one", actor="x", now=NOON)
        elif change is set_active:
            set_active(session, reader, active=False, actor="x", now=NOON)
        else:
            sign_out_everywhere(session, reader, actor="x", now=NOON)
    with pytest.raises(AccessError, match="ended"):
        read(engine, value, NOON)


def test_reopening_an_account_does_not_revive_its_cookies(
    engine: Engine, anna: ReaderIdentity
) -> None:
    value = SEAL.issue_cookie(anna, NOON)
    for active in (False, True):
        with transaction(engine) as session:
            reader = get_reader(session, "anna")
            set_active(session, reader, active=active, actor="x", now=NOON)
    with pytest.raises(AccessError):
        read(engine, value, NOON)


def test_every_changed_character_breaks_the_seal(engine: Engine, anna: ReaderIdentity) -> None:
    value = SEAL.issue_cookie(anna, NOON)
    for n, letter in enumerate(value[:-1]):  # the last one holds padding bits that mean nothing
        forged = value[:n] + ("A" if letter != "A" else "B") + value[n + 1 :]
        with pytest.raises(AccessError):
            read(engine, forged, NOON)


@pytest.mark.parametrize("value", [None, "", ".", "a.b", "é", "x" * 10_000, "\x00"])
def test_nonsense_is_no_cookie(engine: Engine, value: str | None) -> None:
    with pytest.raises(AccessError, match="sign in to go on"):
        read(engine, value, NOON)


def test_another_studys_key_opens_nothing(engine: Engine, anna: ReaderIdentity) -> None:
    other = CookieSeal(key=b"o" * 32, lifetime=timedelta(hours=12))
    with pytest.raises(AccessError, match="not one of this study"):
        read(engine, other.issue_cookie(anna, NOON), NOON)


def test_a_cookie_for_somebody_who_never_was_opens_nothing(engine: Engine) -> None:
    ghost = build_identity(
        Reader(id=77, name="g", pseudonym="g", role=Role.ADMIN, password_hash="x")
    )
    with pytest.raises(AccessError):
        read(engine, SEAL.issue_cookie(ghost, NOON), NOON)


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = open_seal(tmp_path, 12)
    assert open_seal(tmp_path, 1).key == first.key
    assert len(first.key) == 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert first.key.hex() not in repr(first)


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, mp_context=context) as processes:
        keys = set(processes.map(read_or_create_key, [tmp_path / "secret.key"] * 16))
    assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"abc", b"zz" * 32, b"\xff" * 64, b"ab" * 16])
def test_a_damaged_key_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="delete the file"):
        read_or_create_key(path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    read_or_create_key(tmp_path / "secret.key")
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_or_create_key(tmp_path / "secret.key")


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"secret\.key") as error:
        read_or_create_key(tmp_path / "gone" / "secret.key")
    assert isinstance(error.value, Han5kError)
