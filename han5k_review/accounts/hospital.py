"""Accounts of people whom the hospital's own sign-in vouches for: groups there are roles here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from han5k_review.accounts.identity import ReaderIdentity, build_identity
from han5k_review.accounts.readers import add_reader, find_reader
from han5k_review.errors import AccessError
from han5k_review.store.audit import add_audit
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role

_HIGHEST_FIRST = (Role.ADMIN, Role.LEAD, Role.ADJUDICATOR, Role.ENGINEER, Role.READER)
_BY = "the hospital's sign-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalPerson:
    """Who the hospital says is there: `subject` is for ever one person of one provider."""

    subject: str
    name: str
    groups: Sequence[str]


def find_role(groups: Sequence[str], roles: Mapping[str, Role]) -> Role:
    """The highest role that a person's groups give; AccessError when they give none."""
    found = {roles[group] for group in groups if group in roles}
    if not found:
        raise AccessError(
            "Your account at the hospital is in no group that may use this study; ask the study "
            "lead."
        )
    return next(role for role in _HIGHEST_FIRST if role in found)


def admit_person(
    session: Session, person: HospitalPerson, roles: Mapping[str, Role], now: datetime
) -> ReaderIdentity:
    """The account of this person, made at the first sign-in, its role as their groups are now.

    AccessError for a closed account, or where the name belongs to an account with a password:
    whoever has the same name at the hospital must not get its grades.
    """
    role = find_role(person.groups, roles)
    reader = session.exec(select(Reader).where(Reader.outside_id == person.subject)).first()
    if reader is None:
        if find_reader(session, person.name) is not None:
            raise AccessError(
                f"An account {person.name!r} with a password is here already; sign in with it, or "
                "ask the study lead."
            )
        reader = add_reader(
            session,
            name=person.name,
            password=secrets.token_urlsafe(32),  # nobody knows it, so it opens nothing
            role=role,
            actor=_BY,
            now=now,
        )
        reader.outside_id = person.subject
    if not reader.active:
        raise AccessError("This account is closed here; ask the study lead.")
    subject = f"reader {reader.pseudonym}"
    if reader.role is not role:
        add_audit(
            session,
            at_utc=now,
            actor=_BY,
            action="change role",
            subject=subject,
            old=reader.role.value,
            new=role.value,
        )
        reader.role = role
    session.add(reader)
    session.flush()
    add_audit(session, at_utc=now, actor=reader.name, action="sign in", subject=subject, by=_BY)
    return build_identity(reader)
