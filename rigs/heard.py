"""Everything that a browser receives from a server, in a form in which two visits can be compared.

What differs between any two visits is replaced: times, the port, ids of sessions and runs. Numbers
of rows become the order in which they were met.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from google.protobuf.json_format import MessageToDict
from playwright.sync_api import Page, Response, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(\.\d+)?( ?UTC|Z|\+00:00)?")
_RUN = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_READ = re.compile(r"assignments?[/=]\d+")
_PORT = re.compile(r"127\.0\.0\.1:\d+")
_NONCE = re.compile(r"nonce-[\w-]+")
_REPLACED = {
    _TIME: "<time>",
    _RUN: "<run>",
    _PORT: "<server>",
    _READ: "<read>",
    _NONCE: "<nonce>",
}
_ROW_NUMBERS = {"label_version", "base_label_version", "draft"}
# Of each message its own hash, its place on the page, and how long the script ran.
_UNTOLD = {"hash", "deltaPath", "metadata", "sessionId", "scriptRunId", "fragmentId", "elapsed"}
_HEADERS = {"date", "content-length", "etag", "set-cookie", "last-modified"}


@dataclass
class Heard:
    """What one visit heard: (where, what) once each. `texts` are all strings, to search in."""

    facts: set[tuple[str, str]] = field(default_factory=set)
    rows: dict[int, str] = field(default_factory=dict)

    def listen(self, page: Page) -> None:
        """Hear all answers and messages of this page from now on."""
        page.on("response", self._hear_response)
        page.on("websocket", self._hear_socket)

    def find(self, pattern: re.Pattern[str]) -> list[tuple[str, str]]:
        """The facts in which a pattern is found."""
        return sorted(fact for fact in self.facts if pattern.search(fact[1]))

    def _hear_socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._hear_frame)

    def _hear_frame(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            return
        message = ForwardMsg()
        message.ParseFromString(frame)
        self._add("message", MessageToDict(message))

    def _hear_response(self, response: Response) -> None:
        where = f"{response.request.method} {_plain(response.url)}"
        self._add(where, response.status)
        for name, value in response.headers.items():
            if name not in _HEADERS:
                self._add(f"{where} {name}", value)

    def read(self, where: str, content: bytes) -> None:
        """An answer's body: JSON, a packet of masks, or anything else as it is."""
        if content[:4] == b"HMSK":
            (length,) = struct.unpack("<I", content[4:8])
            self._add(where, json.loads(content[8 : 8 + length]))
            self._add(where, content[8 + length :].lstrip(b"\0").hex())
        elif content[:1] in (b"{", b"["):
            self._add(where, json.loads(content))
        else:
            self._add(where, content.hex())

    def _add(self, where: str, value: object) -> None:
        for key, leaf in _walk("", value):
            self.facts.add((f"{where} {key}".strip(), self._say(key, leaf)))

    def _say(self, key: str, leaf: object) -> str:
        if key in _ROW_NUMBERS and isinstance(leaf, int | float):
            return self.rows.setdefault(int(leaf), f"row {len(self.rows) + 1}")
        return _plain(str(leaf))


def _plain(text: str) -> str:
    """Which of two reads told its place last is a matter of milliseconds: they have one name."""
    for pattern, word in _REPLACED.items():
        text = pattern.sub(word, text)
    return text


def _walk(key: str, value: object) -> Iterator[tuple[str, object]]:
    """Each leaf with the last name above it; JSON inside a string is walked into."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _UNTOLD:
                yield from _walk(str(name), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _walk(key, inner)
    elif isinstance(value, str) and value[:1] in ("{", "["):
        try:
            yield from _walk(key, json.loads(value))
        except ValueError:
            yield key, value
    else:
        yield key, value
