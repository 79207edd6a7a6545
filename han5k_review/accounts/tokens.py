"""Personal tokens: ways in for a program of one person, made and ended by that person.

value = make_token(session, reader, TokenWish(name="notebook", scopes={Scope.READ}), actor, now)
get_token_holder(session, value, now).identity.scopes
end_token(session, 7, by="anna", now=now)  # it opens nothing any more

A token may what its account's role may now, and of that only what its scopes cover
(`accounts.may`). Its value is stored nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, update

from han5k_review.accounts.identity import ReaderIdentity, build_identity
from han5k_review.accounts.may import list_scopes
from han5k_review.accounts.ways_in import (
    SEEN_EVERY,
    end_way_in,
    find_way_in,
    get_way_in,
    hash_value,
    list_ways_in,
    make_value,
)
from han5k_review.errors import RuleError, SignInError
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.session_tables import PersonalToken
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Scope
from han5k_review.texts.names import tidy_name

PREFIX = "han5k_"
"""Every value begins so: whoever finds one in a file knows what it opens."""
USUAL_DAYS = 90
MOST_DAYS = 365
MOST_TOKENS = 20
MOST_NAME = 64
_ANOTHER = "make another one on the page Account"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWish:
    """What somebody wants a token to be: its name in lists, what for, for how long."""

    name: str
    scopes: Collection[Scope]
    days: int = USUAL_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHolder:
    """Whom a token stands for, narrowed to its scopes; `is_due`: `note_token_used` should write."""

    identity: ReaderIdentity
    token_id: int
    is_due: bool
    is_first_use: bool


def make_token(
    session: Session, reader: Reader, wish: TokenWish, *, actor: str, now: datetime
) -> str:
    """A new token; returns its value, which is shown once and stored nowhere.

    RuleError for a name, scopes or days outside the rules, or for too many tokens.
    """
    name = tidy_name(wish.name)
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        raise RuleError(f"A name of 1 to {MOST_NAME} characters was expected for the token.")
    if not 1 <= wish.days <= MOST_DAYS:
        raise RuleError(f"A token for 1 to {MOST_DAYS} days was expected, found {wish.days}.")
    offered = list_scopes(reader.role)
    scopes = [scope for scope in Scope if scope in wish.scopes]
    beyond = [scope for scope in scopes if scope not in offered]
    if beyond or not scopes:
        found = ", ".join(beyond) or "none"
        raise RuleError(
            f"Scopes of {', '.join(offered)} were expected for a {reader.role}, found {found}."
        )
    if len(list_tokens(session, now, stored_id(reader))) >= MOST_TOKENS:
        raise RuleError(f"At most {MOST_TOKENS} tokens were expected; end one, then try again.")
    value = PREFIX + make_value()
    row = PersonalToken(
        token_sha256=hash_value(value),
        reader_id=stored_id(reader),
        name=name,
        scopes=[scope.value for scope in scopes],
        made_at_utc=now,
        expires_at_utc=now + timedelta(days=wish.days),
    )
    session.add(row)
    session.flush()
    _audit(session, row, reader, "make token", actor, now, scopes=row.scopes, days=wish.days)
    return value


def find_token(session: Session, value: str) -> PersonalToken | None:
    """The row of a token's value, ended or not; None for what is no token of this study."""
    return find_way_in(session, PersonalToken, value) if value.startswith(PREFIX) else None


def get_token_holder(session: Session, row: PersonalToken, now: datetime) -> TokenHolder:
    """Whom a token stands for, as the database knows them now.

    Raises SignInError when the token was ended or has expired, or its account is closed.
    """
    if row.ended_at_utc is not None:
        raise SignInError(f"This token was ended; {_ANOTHER}.")
    if now >= row.expires_at_utc:
        raise SignInError(f"This token has expired; {_ANOTHER}.")
    reader = session.get(Reader, row.reader_id)
    if reader is None or not reader.active:
        raise SignInError("The account of this token is closed; ask the study lead.")
    seen = row.seen_at_utc
    return TokenHolder(
        identity=replace(build_identity(reader), scopes=frozenset(map(Scope, row.scopes))),
        token_id=stored_id(row),
        is_due=seen is None or now - seen >= SEEN_EVERY,
        is_first_use=seen is None,
    )


def note_token_used(session: Session, token_id: int, address: str, now: datetime) -> None:
    """Write the last use of a token; the first one goes into the audit trail, once."""
    mine = col(PersonalToken.id) == token_id
    first = session.exec(
        update(PersonalToken)
        .where(mine, col(PersonalToken.seen_at_utc).is_(None))
        .values(seen_at_utc=now, address=address)
    )
    if first.rowcount:
        row, reader = get_way_in(session, PersonalToken, token_id)
        _audit(session, row, reader, "use token first", reader.name, now, address=address)
    else:
        session.exec(update(PersonalToken).where(mine).values(seen_at_utc=now, address=address))


def list_tokens(
    session: Session, now: datetime, reader_id: int | None = None
) -> Sequence[tuple[PersonalToken, Reader]]:
    """The tokens that open something, of one account or of all, newest first."""
    found = list_ways_in(session, PersonalToken, reader_id, col(PersonalToken.id).desc())
    return [one for one in found if now < one[0].expires_at_utc]


def end_token(session: Session, token_id: int, *, by: str, now: datetime) -> None:
    """End one token; one that has ended already stays as it is."""
    row, reader = get_way_in(session, PersonalToken, token_id)
    if end_way_in(session, row, by=by, now=now):
        _audit(session, row, reader, "end token", by, now)


def _audit(
    session: Session,
    row: PersonalToken,
    reader: Reader,
    action: str,
    actor: str,
    now: datetime,
    **detail: object,
) -> None:
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=action,
        subject=f"reader {reader.pseudonym}",
        token=row.id,
        token_name=row.name,
        **detail,
    )
