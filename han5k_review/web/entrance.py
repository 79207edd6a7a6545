"""Sign-in and sign-out: a form, a cookie, an audit row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from han5k_review.accounts.browsers import BROWSER_COOKIE, KNOWN_FOR, KnownBrowsers
from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.readers import find_reader, sign_out_everywhere
from han5k_review.accounts.sessions import (
    COOKIE_NAME,
    Browser,
    SessionLimits,
    end_session,
    open_session,
)
from han5k_review.accounts.signing_in import authenticate, record_attempt
from han5k_review.accounts.throttle import CountedBy, admit, count_by, fold_address, forgive
from han5k_review.accounts.ways_in import find_way_in
from han5k_review.errors import AccessError, Han5kError
from han5k_review.review.drafts.unsubmitted import Unsubmitted, list_unsubmitted
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.session_tables import SignInSession
from han5k_review.store.study import Study
from han5k_review.store.tables import Reader
from han5k_review.web.desk import IDENTITY, get_identity
from han5k_review.web.entrance_page import sign_in_page, sign_out_page
from han5k_review.web.next_path import local_path
from han5k_review.web.problems import status_of
from han5k_review.web.set_cookie import set_cookie
from han5k_review.web.sign_in_queue import SignInQueue

_MAX_FORM_BYTES = 8192
_MAX_FIELDS = 16
_WRONG = "That name and password do not belong together; check both and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed, and where."""

    name: str
    password: str = field(repr=False)
    browser: Browser
    known: tuple[int, str] | None
    """The account this browser signed in with before, and the browser's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The cookies of a new sign-in."""

    session: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The endpoints of `/sign-in` and `/sign-out`."""

    study: Study
    limits: SessionLimits
    key: bytes = field(repr=False)
    has_hospital: bool = False
    """True where the hospital's own sign-in is offered beside the form."""
    strangers: SignInQueue = field(
        default_factory=lambda: SignInQueue(together=2, most=32, per_address=16)
    )
    regulars: SignInQueue = field(
        default_factory=lambda: SignInQueue(together=2, most=32, per_address=32)
    )

    async def show_sign_in(self, request: Request) -> Response:
        """The form, or straight on for people who are signed in."""
        next_path = local_path(request.query_params.get("next"))
        if isinstance(request.scope.get(IDENTITY), ReaderIdentity):
            return RedirectResponse(next_path, 303)
        return self._page(next_path=next_path)

    async def post_sign_in(self, request: Request) -> Response:
        """Check name and password; a cookie and a redirect, or the form again with a sentence."""
        form = await _read_form(request)
        if form is None:
            return self._page(next_path="/", wrong="A shorter form was expected.", status=413)
        name = form.get("name", "").strip()
        next_path = local_path(form.get("next"))
        try:
            opened = await self._serve(request, name, form.get("password", ""))
        except AccessError as error:
            return self._page(next_path=next_path, name=name, wrong=str(error), status=429)
        except Han5kError as error:
            status = status_of(error, request.method)
            return self._page(next_path=next_path, name=name, wrong=str(error), status=status)
        if opened is None:
            return self._page(next_path=next_path, name=name, wrong=_WRONG, status=401)
        answer = RedirectResponse(next_path, 303, headers={"Cache-Control": "no-store"})
        set_cookie(request, answer, COOKIE_NAME, opened.session, self.limits.lifetime)
        set_cookie(request, answer, BROWSER_COOKIE, opened.browser, KNOWN_FOR)
        return answer

    async def show_sign_out(self, request: Request) -> Response:
        """The page with the two buttons: a link alone must not sign anybody out."""
        identity = get_identity(request)
        drafts = await run_in_threadpool(self._list_unsubmitted, identity)
        return sign_out_page(identity.name, drafts)

    async def post_sign_out(self, request: Request) -> Response:
        """End this sign-in; `where=everywhere` ends the account's others as well.

        With `where=unless-edits-wait` the page that names edits not submitted comes first.
        """
        form = await _read_form(request) or {}
        identity = get_identity(request)
        if form.get("where") == "unless-edits-wait":
            drafts = await run_in_threadpool(self._list_unsubmitted, identity)
            if drafts:
                return sign_out_page(identity.name, drafts)
        everywhere = form.get("where") == "everywhere"
        cookie = request.cookies.get(COOKIE_NAME, "")
        await run_in_threadpool(self._sign_out, identity, cookie, everywhere, utc_now())
        answer = RedirectResponse(
            "/sign-in", 303, headers={"Cache-Control": "no-store", "Clear-Site-Data": '"cache"'}
        )
        answer.delete_cookie(
            COOKIE_NAME, httponly=True, samesite="lax", secure=request.url.scheme == "https"
        )
        return answer

    def _page(self, **words: Any) -> Response:
        return sign_in_page(hospital=self.has_hospital, **words)

    async def _serve(self, request: Request, name: str, password: str) -> Opened | None:
        address = "" if request.client is None else fold_address(request.client.host)
        wanted = Wanted(
            name=name,
            password=password,
            browser=Browser(address=address, user_agent=request.headers.get("user-agent", "")),
            known=KnownBrowsers(key=self.key).find(request.cookies.get(BROWSER_COOKIE)),
        )
        queue = self.strangers if wanted.known is None else self.regulars
        return await queue.serve(address, lambda: self._sign_in(wanted))

    def _sign_in(self, wanted: Wanted) -> Opened | None:
        """The cookies of a new sign-in, None for a wrong password."""
        with transaction(self.study.engine) as session:
            counted = self._count_by(session, wanted)
            failures = admit(session, counted, utc_now())
        with reading(self.study.engine) as session:
            attempt = authenticate(session, wanted.name, wanted.password)
        with transaction(self.study.engine) as session:
            if attempt.identity is None:
                # An unknown name may be any text, so those are counted by address alone.
                wrong = failures[-1] if attempt.account is None else failures[0]
                record_attempt(session, attempt, wrong, utc_now())
                return None
            record_attempt(session, attempt, failures[0] - 1, utc_now())
            forgive(session, counted, utc_now())
            return Opened(
                session=open_session(session, attempt.identity, wanted.browser, utc_now()),
                browser=KnownBrowsers(key=self.key).mark(attempt.identity.reader_id),
            )

    def _count_by(self, session: Session, wanted: Wanted) -> tuple[CountedBy, ...]:
        browser = None
        if wanted.known is not None:
            reader = find_reader(session, wanted.name)
            browser = wanted.known[1] if reader and reader.id == wanted.known[0] else None
        return count_by(self.key, name=wanted.name, address=wanted.browser.address, browser=browser)

    def _list_unsubmitted(self, identity: ReaderIdentity) -> list[Unsubmitted]:
        with reading(self.study.engine) as session:
            return list_unsubmitted(session, identity.reader_id)

    def _sign_out(
        self, identity: ReaderIdentity, cookie: str, everywhere: bool, now: datetime
    ) -> None:
        with transaction(self.study.engine) as session:
            if everywhere:
                reader = session.get_one(Reader, identity.reader_id)
                sign_out_everywhere(session, reader, actor=identity.name, now=now)
                return
            row = find_way_in(session, SignInSession, cookie)
            if row is not None:
                end_session(session, stored_id(row), by=identity.name, now=now)


async def _read_form(request: Request) -> dict[str, str] | None:
    """The urlencoded form's first value per field; None when it is too long or has many fields."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MAX_FORM_BYTES:
            return None
    try:
        text = content.decode("utf-8", "replace")
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:  # more fields than that
        return None
    return {name: values[0] for name, values in fields.items()}
