"""Sign-ins as rows: opened by a right password, asked for at every request, ended at once.

cookie = open_session(session, identity, browser, now)
get_signed_in(session, cookie, limits, now).identity
end_session(session, row, by="anna", now=now)  # the cookie opens nothing any more
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, update

from han5k_review.accounts.identity import ReaderIdentity, build_identity
from han5k_review.accounts.ways_in import (
    SEEN_EVERY,
    end_way_in,
    find_way_in,
    get_way_in,
    hash_value,
    list_ways_in,
    make_value,
)
from han5k_review.errors import SignInError
from han5k_review.store.audit import add_audit
from han5k_review.store.session_tables import SignInSession
from han5k_review.store.tables import Reader

COOKIE_NAME = "han5k_session"
_MAX_USER_AGENT = 40
# The first mark that is found counts: Edge calls itself Chrome too, and Chrome Safari.
_BROWSERS = (
    *(("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox")),
    *(("Chrome/", "Chrome"), ("Safari/", "Safari")),
)
_SYSTEMS = (
    *(("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Mac OS X", "macOS"), ("Linux", "Linux")),
)
_CLOCK_SLACK = timedelta(minutes=5)
_SIGN_IN_AGAIN = "sign in to go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """A sign-in ends `lifetime` after it was made, and `idle` after its last use."""

    lifetime: timedelta
    idle: timedelta

    def holds(self, row: SignInSession, now: datetime) -> bool:
        """True while neither has passed; a clock that went back some minutes does not count."""
        return (
            -_CLOCK_SLACK <= now - row.made_at_utc < self.lifetime
            and now - row.seen_at_utc < self.idle
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Where a sign-in comes from: address of the network and what the browser calls itself."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who a cookie belongs to, and the row that says so."""

    identity: ReaderIdentity
    session_id: int
    is_due: bool
    """True when `note_seen` should write the last use again."""


def set_limits(session_hours: float, idle_minutes: float) -> SessionLimits:
    """The limits as an installation's settings give them."""
    return SessionLimits(
        lifetime=timedelta(hours=session_hours), idle=timedelta(minutes=idle_minutes)
    )


def open_session(
    session: Session, identity: ReaderIdentity, browser: Browser, now: datetime
) -> str:
    """A new sign-in; returns the value of its cookie, which is stored nowhere."""
    token = make_value()
    session.add(
        SignInSession(
            token_sha256=hash_value(token),
            reader_id=identity.reader_id,
            address=browser.address,
            user_agent=name_browser(browser.user_agent),
            made_at_utc=now,
            seen_at_utc=now,
        )
    )
    return token


def name_browser(user_agent: str) -> str:
    """`Firefox on Windows`; what is none of the usual browsers in its own words, cut short."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser is not None and system is not None:
        return f"{browser} on {system}"
    return "".join(sign for sign in user_agent if sign.isprintable())[:_MAX_USER_AGENT]


def get_signed_in(
    session: Session, token: str | None, limits: SessionLimits, now: datetime
) -> SignedIn:
    """Who the cookie belongs to, as the database knows them now.

    Raises SignInError when the cookie is missing or no cookie of this study, when its sign-in has
    expired or was ended, or when the account is closed.
    """
    if not token:
        raise SignInError(f"You are not signed in; {_SIGN_IN_AGAIN}.")
    row = find_way_in(session, SignInSession, token)
    if row is None or row.id is None:
        raise SignInError(f"The session is not one of this study; {_SIGN_IN_AGAIN}.")
    if row.ended_at_utc is not None:
        raise SignInError(f"The session was ended; {_SIGN_IN_AGAIN}.")
    if not limits.holds(row, now):
        raise SignInError(f"The session has expired; {_SIGN_IN_AGAIN}.")
    reader = session.get(Reader, row.reader_id)
    if reader is None or not reader.active:
        raise SignInError(f"The account is closed; {_SIGN_IN_AGAIN}.")
    return SignedIn(
        identity=build_identity(reader),
        session_id=row.id,
        is_due=now - row.seen_at_utc >= SEEN_EVERY,
    )


def note_seen(session: Session, session_id: int, now: datetime) -> None:
    """Write the last use of a sign-in."""
    session.exec(
        update(SignInSession).where(col(SignInSession.id) == session_id).values(seen_at_utc=now)
    )


def list_sessions(
    session: Session, limits: SessionLimits, now: datetime, reader_id: int | None = None
) -> Sequence[tuple[SignInSession, Reader]]:
    """The sign-ins that are open, of one account or of all, last used first."""
    newest = (col(SignInSession.seen_at_utc).desc(), col(SignInSession.id).desc())
    found = list_ways_in(session, SignInSession, reader_id, *newest)
    return [one for one in found if limits.holds(one[0], now)]


def end_session(session: Session, session_id: int, *, by: str, now: datetime) -> None:
    """End one sign-in; one that has ended already stays as it is."""
    row, reader = get_way_in(session, SignInSession, session_id)
    if not end_way_in(session, row, by=by, now=now):
        return
    add_audit(
        session,
        at_utc=now,
        actor=by,
        action="sign out",
        subject=f"reader {reader.pseudonym}",
        sign_in=session_id,
    )
