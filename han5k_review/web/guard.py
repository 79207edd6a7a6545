"""The guard: the ASGI middleware in front of everything, pages, files, routes and websocket alike.

Without a valid cookie only `/sign-in` and `/healthz` answer. It also refuses changes that another
site's page sends, and puts the security headers on every answer.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from han5k_review.accounts.sessions import (
    COOKIE_NAME,
    SessionLimits,
    SignedIn,
    get_signed_in,
    note_seen,
)
from han5k_review.errors import AccessError, SignInError, StorageError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.web.desk import IDENTITY
from han5k_review.web.nodelay import set_nodelay_on_listeners
from han5k_review.web.problems import problem
from han5k_review.web.same_origin import SAFE_METHODS, is_own_origin, is_same_origin

SIGN_IN = "/sign-in"
OPEN_PATHS = frozenset({SIGN_IN, "/healthz"})
_POLICY_VIOLATION = 1008
_BY_ITSELF = "/lease"
"""What an open draft renews without a person: no use of the sign-in."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets requests with a valid cookie through and writes who it is into the ASGI scope."""

    def __init__(self, app: ASGIApp, *, study: Study, limits: SessionLimits) -> None:
        self._app = app
        self._study = study
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""
        if scope["type"] == "http":
            await self._guard_request(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await self._guard_websocket(scope, receive, send)
        else:  # lifespan: the server has bound its socket and takes no request yet
            set_nodelay_on_listeners()
            await self._app(scope, receive, send)

    async def _guard_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope["method"] not in SAFE_METHODS and not is_same_origin(headers):
            refusal = problem(403, "A request from one of this site's own pages was expected.")
            await refusal(scope, receive, send)
            return
        try:
            signed_in = await self._identify(scope)
        except AccessError as error:
            if scope["path"] in OPEN_PATHS:
                await self._app(scope, receive, send)
            else:
                await _refuse(scope, headers, error)(scope, receive, send)
            return
        except StorageError as error:
            if scope["path"] in OPEN_PATHS:
                await self._app(scope, receive, send)
            else:
                await problem(507, str(error))(scope, receive, send)
            return
        scope[IDENTITY] = signed_in.identity
        await self._app(scope, receive, send)
        if not scope["path"].endswith(_BY_ITSELF):
            await self._note_seen(signed_in)

    async def _guard_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        has_foreign_origin = "origin" in headers and not is_own_origin(headers)
        if has_foreign_origin or await self._find(scope) is None:
            await receive()  # websocket.connect
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        is_closed = False

        async def receive_while_valid() -> Message:
            """The next message; a disconnect once the session was ended or has expired."""
            nonlocal is_closed
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            signed_in = await self._find(scope)
            if signed_in is not None:
                await self._note_seen(signed_in)
                return message
            is_closed = True
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION, "reason": None}

        async def send_while_open(message: Message) -> None:
            if not is_closed:
                await send(message)

        await self._app(scope, receive_while_valid, send_while_open)

    async def _find(self, scope: Scope) -> SignedIn | None:
        try:
            return await self._identify(scope)
        except (AccessError, StorageError):
            return None

    async def _note_seen(self, signed_in: SignedIn) -> None:
        if signed_in.is_due:
            await to_thread.run_sync(self._write_seen, signed_in.session_id)

    def _write_seen(self, session_id: int) -> None:
        with (
            suppress(StorageError),  # a full disk: reading goes on until the sign-in expires
            transaction(self._study.engine) as session,
        ):
            note_seen(session, session_id, utc_now())

    async def _identify(self, scope: Scope) -> SignedIn:
        cookie = HTTPConnection(scope).cookies.get(COOKIE_NAME)
        if not cookie:
            raise SignInError("You are not signed in; sign in to go on.")
        return await to_thread.run_sync(self._read_cookie, cookie)

    def _read_cookie(self, cookie: str) -> SignedIn:
        with reading(self._study.engine) as session:
            return get_signed_in(session, cookie, self._limits, utc_now())


def _refuse(scope: Scope, headers: Headers, error: AccessError) -> Response:
    if _is_navigation(scope, headers):
        return RedirectResponse(_sign_in_url(scope), 303)
    if scope["path"].startswith("/_stcore/"):  # Streamlit's page shows this text to the person
        return problem(401, f"{error} Reload this page to do so.")
    return problem(401, str(error))


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/api/"):
        return False
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" if mode is not None else "text/html" in headers.get("accept", "")


def _sign_in_url(scope: Scope) -> str:
    target = scope["path"]
    if scope.get("query_string"):
        target += "?" + scope["query_string"].decode("latin-1")
    return SIGN_IN if target == "/" else f"{SIGN_IN}?next={quote(target, safe='/')}"


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
