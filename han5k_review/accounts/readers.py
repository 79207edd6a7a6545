"""Accounts as rows: add one, change its password, close it, sign it out everywhere."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.accounts.passwords import hash_password, verify_password
from han5k_review.accounts.ways_in import end_ways_in
from han5k_review.errors import ConflictError, DataError, RuleError
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role
from han5k_review.texts.names import fold_name, tidy_name

MAX_NAME = 64
_NAME_SIGNS = " .-_'’@"


def add_reader(
    session: Session,
    *,
    name: str,
    password: str,
    role: Role,
    actor: str,
    now: datetime,
    pseudonym: str | None = None,
    is_first_password: bool = False,
) -> Reader:
    """Add an account; without a pseudonym it becomes the next free `R01`, `R02`, ...

    A first password, which somebody else chose, opens nothing but the page to change it.

    Raises RuleError for a name or password the rules forbid, ConflictError for one that is taken.
    """
    name = tidy_name(name)
    if not 1 <= len(name) <= MAX_NAME or not all(map(_may_stand_in_name, name)):
        raise RuleError(
            f"A name of 1 to {MAX_NAME} letters, digits, spaces and . - _ ' @ was expected, found "
            "another one."
        )
    if find_reader(session, name) is not None:
        raise ConflictError(f"A new account name was expected; {name!r} exists already.")
    pseudonym = tidy_name(pseudonym or "") or _next_pseudonym(session)
    if session.exec(select(Reader).where(Reader.pseudonym == pseudonym)).first() is not None:
        raise ConflictError(f"A new pseudonym was expected; {pseudonym!r} belongs to someone.")
    reader = Reader(
        name=name,
        pseudonym=pseudonym,
        role=role,
        password_hash=hash_password(password),
        must_change_password=is_first_password,
        created_at_utc=now,
    )
    session.add(reader)
    session.flush()
    _audit(session, reader, actor, "add account", now, role=role.value)
    return reader


def get_reader(session: Session, name: str) -> Reader:
    """The account of this name; DataError when there is none."""
    reader = find_reader(session, name)
    if reader is None:
        raise DataError(f"The name of an account was expected, found {name!r}.")
    return reader


def find_reader(session: Session, name: str) -> Reader | None:
    """The account of this name, whatever its capitals and Unicode form, or None.

    Compared here: SQLite's `lower` knows the letters A to Z only.
    """
    names = session.exec(select(Reader.id, Reader.name).order_by(col(Reader.id))).all()
    wanted = fold_name(name)
    found = next((number for number, stored in names if fold_name(stored) == wanted), None)
    return None if found is None else session.get(Reader, found)


def set_password(
    session: Session,
    reader: Reader,
    *,
    password: str,
    actor: str,
    now: datetime,
    is_first_password: bool = False,
) -> None:
    """Give the account a new password; every sign-in and token it has ends.

    A first password is one that somebody else chose. RuleError for the one that is there.
    """
    if reader.must_change_password and verify_password(reader.password_hash, password).matches:
        raise RuleError("A password of your own was expected, found the first one again.")
    reader.password_hash = hash_password(password)
    reader.must_change_password = is_first_password
    session.add(reader)
    end_ways_in(session, stored_id(reader), by=actor, now=now)
    _audit(session, reader, actor, "set password", now)


def set_active(
    session: Session, reader: Reader, *, active: bool, actor: str, now: datetime
) -> None:
    """Close or reopen the account; its sign-ins and tokens end."""
    reader.active = active
    session.add(reader)
    end_ways_in(session, stored_id(reader), by=actor, now=now)
    _audit(session, reader, actor, "open account" if active else "close account", now)


def sign_out_everywhere(session: Session, reader: Reader, *, actor: str, now: datetime) -> None:
    """End every sign-in and every token that the account has."""
    end_ways_in(session, stored_id(reader), by=actor, now=now)
    _audit(session, reader, actor, "sign out everywhere", now)


def _may_stand_in_name(sign: str) -> bool:
    """Letters of every script and few signs: pages and sheets give none of them a meaning."""
    return sign.isalnum() or unicodedata.category(sign).startswith("M") or sign in _NAME_SIGNS


def _next_pseudonym(session: Session) -> str:
    known = set(session.exec(select(Reader.pseudonym).order_by(col(Reader.id))))
    number = len(known) + 1
    while f"R{number:02d}" in known:
        number += 1
    return f"R{number:02d}"


def _audit(
    session: Session, reader: Reader, actor: str, action: str, now: datetime, **detail: str
) -> None:
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=action,
        subject=f"reader {reader.pseudonym}",
        **detail,
    )
