"""What goes wrong between the viewer and the real routes, where a test asks for it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SLAB = re.compile(r"/volume/\w+/(\d+)$")
_KEPT = ("ETag", "Cache-Control")


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong from now on: slabs whose bytes are damaged, grades that are not stored.

    `refused`: structure -> the status that a grade of it is answered with.
    """

    corrupt_slabs: set[int] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)


class FaultyLine:
    """ASGI middleware before the real app; `asked` gets the path of each request."""

    def __init__(self, app: ASGIApp, *, faults: Faults, asked: list[str]) -> None:
        self._app = app
        self._faults = faults
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, on to the app as it is unless a fault concerns it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._asked.append(scope["path"])
        send = _send_to_one_sign_in(send)
        slab = _SLAB.search(scope["path"])
        if slab and int(slab[1]) in self._faults.corrupt_slabs:
            plain = [one for one in scope["headers"] if one[0] != b"accept-encoding"]
            await self._app({**scope, "headers": plain}, receive, _send_zeros(send))
        elif self._faults.refused and scope["method"] == "POST" and _is_grade(scope):
            await self._refuse(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        body = b"".join(message.get("body", b"") for message in messages)
        status = self._faults.refused.get(json.loads(body)["structure"])
        if status is not None:
            answer = JSONResponse({"error": "This one cannot be stored."}, status_code=status)
            await answer(scope, receive, send)
            return

        async def receive_again() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, receive_again, send)


def _is_grade(scope: Scope) -> bool:
    return str(scope["path"]).endswith("/grades")


def _send_to_one_sign_in(send: Send) -> Send:
    """Tests share an address: a CT that the browser keeps is for this cookie, not the next test."""

    async def send_varying(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Cookie")
        await send(message)

    return send_varying


def _send_zeros(send: Send) -> Send:
    """As many bytes as the app sends, all zero, and nothing that a browser would keep."""

    async def send_zeros(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in _KEPT:
                del headers[name]
        else:
            message = {**message, "body": bytes(len(message.get("body", b"")))}
        await send(message)

    return send_zeros
