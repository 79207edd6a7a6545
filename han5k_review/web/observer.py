"""The outermost middleware: it counts and times every request and logs some; it decides nothing.

Logged is what failed (5xx), what was slow, and every change; by its route as the code writes it, so
that no line holds an address, a case or a name.
"""

from __future__ import annotations

import time
import traceback
from pathlib import Path

import structlog
from anyio import to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from han5k_review.store.fault_logs import write_fault_log
from han5k_review.web.drain import Drain
from han5k_review.web.meters import Meters
from han5k_review.web.same_origin import SAFE_METHODS

_SLOW_SECONDS = 2.0
_NAMED = frozenset({"/sign-in", "/sign-out", "/healthz", "/readyz", "/metrics", "/api-reference"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger()


class Observer:
    """Measures what passes; while the process drains, answers close their connection."""

    def __init__(self, app: ASGIApp, *, meters: Meters, drain: Drain, study: Path) -> None:
        self._app = app
        self._meters = meters
        self._drain = drain
        self._study = study

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, websocket, or the life of the process."""
        if scope["type"] == "http":
            await self._observe(scope, receive, send)
        elif scope["type"] == "websocket":
            with self._meters.websockets.track_inprogress():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._drain.is_draining:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        try:
            with self._meters.in_flight.track_inprogress(), self._drain.working():
                await self._app(scope, receive, send_on)
        except Exception as error:
            log = await to_thread.run_sync(write_fault_log, traceback.format_exc(), self._study)
            _log.error("fault", exc_info=error, details=log.name)
            raise
        finally:
            seconds = time.perf_counter() - began
            self._note(name_route(scope), scope["method"], status, seconds)

    def _note(self, route: str, method: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        self._meters.requests.labels(route, method, str(status)).inc()
        self._meters.seconds.labels(route).observe(seconds)
        if status >= 500 or seconds > _SLOW_SECONDS or method not in SAFE_METHODS:
            say = _log.error if status >= 500 else _log.info
            say("request", route=route, method=method, status=status, ms=round(seconds * 1000, 1))


def name_route(scope: Scope) -> str:
    """The route's own pattern (`/api/cases/{case}`); else only what kind of address it is."""
    path: str = scope["path"]
    if path in _NAMED:
        return path
    pattern = getattr(scope.get("route"), "path", None)
    if path.startswith("/api/"):
        return f"/api{pattern}" if isinstance(pattern, str) and pattern != "/api" else "/api"
    return "streamlit" if path.startswith(("/_stcore/", "/static/", "/component/")) else "page"
