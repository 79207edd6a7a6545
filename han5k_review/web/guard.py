"""The guard: the ASGI middleware in front of everything, pages, files, routes and websocket alike.

Without an open sign-in only `/sign-in`, `/healthz`, `/readyz`, and what asks for itself who may
read it (`/metrics`, the ways in for other tools) answer. It also refuses changes that another
site's page sends, files that no page asked for and whoever asks without end, and puts the security
headers on every answer.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.sessions import (
    COOKIE_NAME,
    SessionLimits,
    SignedIn,
    get_signed_in,
    note_seen,
)
from han5k_review.accounts.throttle import fold_address
from han5k_review.accounts.upload_permits import PERMITS
from han5k_review.errors import AccessError, ConfigError, SignInError, StorageError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.web.addresses import MONAI_IMAGE, MONAI_SIGN_IN, MONAI_TOKEN
from han5k_review.web.bearer import TokenDesk, find_bearer
from han5k_review.web.demo_address import check_demo_address
from han5k_review.web.desk import IDENTITY
from han5k_review.web.headers import with_headers
from han5k_review.web.hospital_entrance import HOSPITAL, HOSPITAL_ANSWER
from han5k_review.web.nodelay import set_nodelay_on_listeners
from han5k_review.web.problems import problem
from han5k_review.web.proxies import TrustedProxies
from han5k_review.web.rates import Rates
from han5k_review.web.same_origin import SAFE_METHODS, is_own_origin, is_same_origin

SIGN_IN = "/sign-in"
OPEN_PATHS = frozenset(
    {
        *(SIGN_IN, HOSPITAL, HOSPITAL_ANSWER, "/healthz", "/readyz", "/metrics"),
        *(MONAI_SIGN_IN, MONAI_TOKEN, MONAI_IMAGE),
    }
)
"""Where strangers come through; the last three ask for a token or a signed address themselves."""
_PROVEN_IN_BODY = frozenset({MONAI_TOKEN})
"""Changes that use no cookie and give none, so that no other site's page gains by sending them."""
_CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
"""What Streamlit says of this process, and its ways in beside the browser: nobody's business."""
_UPLOADS = "/_stcore/upload_file/"
_MOST_DIGITS = 12
_PROBES = ("/healthz", "/readyz", "/metrics")
_POLICY_VIOLATION = 1008
_BY_ITSELF = "/lease"
"""What an open draft renews without a person: no use of the sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """What an installation chose: limits of sign-ins, proxies, the one address, what pages may."""

    limits: SessionLimits
    policy: str
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    host: str | None = None
    """The one host that is served; None for any."""
    is_https: bool = False
    """True when people reach the server by https only."""
    key: bytes = field(repr=False)
    """The study's, by which wrong tokens are counted."""


class Guard:
    """Lets requests of an open sign-in through and writes who it is into the ASGI scope."""

    def __init__(self, app: ASGIApp, *, study: Study, rules: GuardRules) -> None:
        self._app = app
        self._study = study
        self._rules = rules
        self._tokens = TokenDesk(study=study, key=rules.key)
        self._strangers = Rates(burst=200, per_second=20)
        self._accounts = Rates(burst=3000, per_second=300)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""
        if scope["type"] == "lifespan":
            await self._start(scope, receive, send)
            return
        self._rules.proxies.settle(scope)
        if self._rules.is_https:
            scope["scheme"] = "wss" if scope["type"] == "websocket" else "https"
        if scope["type"] == "http":
            is_https = scope["scheme"] == "https"
            guarded = with_headers(scope, send, self._rules.policy, is_https=is_https)
            await self._guard_request(scope, receive, guarded)
        else:
            await self._guard_websocket(scope, receive, send)

    async def _start(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The server has bound its socket and takes no request yet."""
        set_nodelay_on_listeners()
        try:
            check_demo_address(self._study.root)
        except ConfigError as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await self._app(scope, receive, send)

    async def _guard_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        token = find_bearer(scope, headers)
        refusal = self._refuse_early(scope, headers, by_token=token is not None)
        if refusal is None:
            try:
                signed_in = None if token is not None else await self._identify(scope)
                identity = signed_in.identity if signed_in else await self._admit(scope, token)
            except SignInError as error:
                refusal = self._refuse_stranger(scope, headers, error)
            except AccessError as error:
                refusal = problem(429, str(error))
            except StorageError as error:
                refusal = None if scope["path"] in OPEN_PATHS else problem(507, str(error))
            else:
                refusal = self._refuse_account(scope, headers, identity)
                if refusal is None:
                    scope[IDENTITY] = identity
                    await self._app(scope, receive, send)
                    if signed_in is not None and not scope["path"].endswith(_BY_ITSELF):
                        await self._note_seen(signed_in)
                    return
        await (refusal or self._app)(scope, receive, send)

    async def _admit(self, scope: Scope, token: str | None) -> ReaderIdentity:
        """Whom a token stands for; its bearer has no cookie that another site could misuse."""
        address = str(scope["client"][0]) if scope.get("client") else ""
        return await to_thread.run_sync(self._tokens.identify, token or "", address)

    def _refuse_early(self, scope: Scope, headers: Headers, *, by_token: bool) -> Response | None:
        """What is refused whoever asks."""
        host = self._rules.host
        if host is not None and headers.get("host", "").lower() != host and not _is_probe(scope):
            return problem(421, f"This server is reached as {host}; open that address.")
        needs_own_page = not by_token and scope["path"] not in _PROVEN_IN_BODY
        if scope["method"] not in SAFE_METHODS and needs_own_page and not is_same_origin(headers):
            return problem(403, "A request from one of this site's own pages was expected.")
        if scope["path"].startswith(_CLOSED):
            return problem(404, "There is nothing at this address.")
        return None

    def _refuse_account(
        self, scope: Scope, headers: Headers, identity: ReaderIdentity
    ) -> Response | None:
        """What even somebody who is signed in may not."""
        if not self._accounts.take(str(identity.reader_id)):
            return problem(429, "This account asks too often; wait 10 s, then try again.")
        path = scope["path"]
        if identity.must_change_password and path.startswith(("/api/", _UPLOADS)):
            # 401: what waits in this browser is kept until then.
            return problem(401, "Choose a password of your own on the page Account first.")
        if path.startswith(_UPLOADS) and scope["method"] == "PUT":
            length = headers.get("content-length", "")
            if not (length.isascii() and length.isdigit() and len(length) < _MOST_DIGITS):
                return problem(411, "A file that says its length was expected.")
            page_session = path.removeprefix(_UPLOADS).partition("/")[0]
            try:
                PERMITS.check(page_session, identity.reader_id, int(length))
            except AccessError as error:
                return problem(403, str(error))
        return None

    def _refuse_stranger(
        self, scope: Scope, headers: Headers, error: SignInError
    ) -> Response | None:
        """The answer to who is not signed in; None where everybody may."""
        client = scope.get("client")
        if not self._strangers.take(fold_address(str(client[0]) if client else "")):
            return problem(429, "This address asks too often; wait 10 s, then try again.")
        if scope["path"] in OPEN_PATHS:
            return None
        if _is_navigation(scope, headers):
            return RedirectResponse(_sign_in_url(scope), 303)
        if scope["path"].startswith("/_stcore/"):  # Streamlit's page shows this text to the person
            return problem(401, f"{error} Reload this page to do so.")
        return problem(401, str(error))

    async def _guard_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        host = self._rules.host
        is_foreign = ("origin" in headers and not is_own_origin(headers)) or (
            host is not None and headers.get("host", "").lower() != host
        )
        if is_foreign or await self._find(scope) is None:
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
            return get_signed_in(session, cookie, self._rules.limits, utc_now())


def _is_probe(scope: Scope) -> bool:
    return scope["path"] in _PROBES


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
