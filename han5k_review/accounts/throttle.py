"""Throttle: after wrong passwords one has to wait, longer each time; a restart forgets nothing.

Strangers are counted by name and address together, so that nobody can lock another person out, and
by address alone, so that one machine cannot try every name. A browser that this account has signed
in with before is counted by itself only: what strangers do does not touch it.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from han5k_review.errors import AccessError
from han5k_review.store.engine import queue_writers
from han5k_review.store.session_tables import SignInCount
from han5k_review.texts.names import fold_name

FREE_BY_NAME = 5
FREE_BY_ADDRESS = 50  # a hospital may have one address for everybody
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_FORGOTTEN_AFTER = timedelta(days=1)
_SIGHT_V6 = 64  # bits: one household has a whole network of IPv6 addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedBy:
    """One thing that wrong passwords are counted by; `free` of them cost no wait."""

    key_hash: str
    free: int
    is_address: bool = False
    """True for what other people share: a right password takes back its own attempt only."""
    what: str = "passwords"


def count_by(
    secret: bytes, *, name: str, address: str, browser: str | None
) -> tuple[CountedBy, ...]:
    """What an attempt is counted by; `browser` of one that this account signed in with before."""
    if browser is not None:
        return (CountedBy(key_hash=_hash(secret, "browser", browser), free=FREE_BY_NAME),)
    place = fold_address(address)
    return (
        CountedBy(key_hash=_hash(secret, "name", fold_name(name), place), free=FREE_BY_NAME),
        CountedBy(key_hash=_hash(secret, "address", place), free=FREE_BY_ADDRESS, is_address=True),
    )


def count_tokens_by(secret: bytes, *, address: str) -> tuple[CountedBy, ...]:
    """What a wrong personal token is counted by. A right one is never made to wait."""
    key = _hash(secret, "token", fold_address(address))
    return (CountedBy(key_hash=key, free=FREE_BY_ADDRESS, is_address=True, what="tokens"),)


def check_wait(session: Session, counted: Sequence[CountedBy], now: datetime) -> None:
    """AccessError when one has to wait; reads only, so that who waits costs no writing."""
    for one in counted:
        row = _get_row(session, one, now)
        if row.waits_until_utc is not None and now < row.waits_until_utc:
            raise _has_to_wait(one, row.waits_until_utc - now)


def fold_address(address: str) -> str:
    """The address, of IPv6 its network of 64 bits; what is no address stays as it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((found, _SIGHT_V6), strict=False))


def admit(session: Session, counted: Sequence[CountedBy], now: datetime) -> list[int]:
    """Count an attempt before its password is looked at; the counts, this one included.

    Counting first means that attempts sent at the same time cannot pass together. Raises
    AccessError when one has to wait; waiting attempts do not prolong the wait.
    """
    queue_writers(session, SignInCount.__tablename__)
    session.exec(delete(SignInCount).where(col(SignInCount.last_at_utc) < now - _FORGOTTEN_AFTER))
    check_wait(session, counted, now)
    rows = [_get_row(session, one, now) for one in counted]
    for one, row in zip(counted, rows, strict=True):
        row.failures += 1
        row.last_at_utc = now
        if row.failures >= one.free:
            doubled = min(row.failures - one.free, 20)
            row.waits_until_utc = now + min(_FIRST_WAIT * 2**doubled, _LONGEST_WAIT)
        session.add(row)
    return [row.failures for row in rows]


def forgive(session: Session, counted: Sequence[CountedBy], now: datetime) -> None:
    """The right password was given: forget what went wrong, of an address this attempt only."""
    queue_writers(session, SignInCount.__tablename__)
    for one in counted:
        row = _get_row(session, one, now)
        row.failures = row.failures - 1 if one.is_address else 0
        if row.failures < one.free:
            row.waits_until_utc = None
        session.add(row)


def _get_row(session: Session, one: CountedBy, now: datetime) -> SignInCount:
    found = session.exec(select(SignInCount).where(SignInCount.key_hash == one.key_hash)).first()
    return found or SignInCount(key_hash=one.key_hash, failures=0, last_at_utc=now)


def _has_to_wait(one: CountedBy, wait: timedelta) -> AccessError:
    what = "from this address" if one.is_address else "for this name from here"
    seconds = max(1, round(wait.total_seconds()))
    time = f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"
    return AccessError(f"Too many wrong {one.what} {what}; wait {time}, then try again.")


def _hash(secret: bytes, *parts: str) -> str:
    text = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, key=secret, digest_size=32).hexdigest()
