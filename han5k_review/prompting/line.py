"""The connections of one session at the server, which another thread can cut."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import httpx

_RELEASE = "/release"


class Line:
    """Whoever waits for an answer on a line that is cut waits no more, and nothing is asked anew.

    `POST /release` passes still, so that the session goes back.
    """

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def watch(self, client: httpx.Client) -> None:
        """From now on this client's requests are on the line."""
        client.event_hooks = {"request": [self._begin]}

    def cut(self) -> None:
        """End the waiting at once: closing alone would not wake the thread that reads."""
        self._is_cut = True
        for one in list(self._sockets):
            _shut(one)

    def _begin(self, request: httpx.Request) -> None:
        if request.url.path.endswith(_RELEASE):
            return
        if self._is_cut:
            raise httpx.ReadError("the line was cut", request=request)
        request.extensions["trace"] = self._note

    def _note(self, event: str, found: dict[str, Any]) -> None:
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        opened = found["return_value"].get_extra_info("socket")
        self._sockets = [one for one in self._sockets if one.fileno() >= 0] + [opened]
        if self._is_cut:
            _shut(opened)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):  # closed meanwhile
        socket.socket.shutdown(one, socket.SHUT_RDWR)
