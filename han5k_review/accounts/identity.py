"""Who is there: the value that a valid cookie, or a right password, turns into."""

from __future__ import annotations

from dataclasses import dataclass

from han5k_review.errors import DataError
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderIdentity:
    """A signed-in person."""

    reader_id: int
    name: str
    pseudonym: str
    role: Role
    must_change_password: bool = False
    """True until the person has chosen a password that nobody else knows."""
    scopes: frozenset[Scope] | None = None
    """What the personal token covers that a program came with; None for a person in a browser."""


def build_identity(reader: Reader) -> ReaderIdentity:
    """The identity of a stored account; DataError when it is not stored yet."""
    if reader.id is None:
        raise DataError(f"A stored account was expected, found {reader.name} before its commit.")
    return ReaderIdentity(
        reader_id=reader.id,
        name=reader.name,
        pseudonym=reader.pseudonym,
        role=reader.role,
        must_change_password=reader.must_change_password,
    )
