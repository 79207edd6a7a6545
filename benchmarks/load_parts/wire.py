"""One connection of a browser: HTTP/1.1 kept open, as little work a request as can be.

A client library spends as much CPU on a request as the server does; on two cores the clients would
then measure themselves. This one knows what our server sends: a status, headers, a length.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

_IDLE_S = 3.0  # the server closes after 5 s, nginx after 75 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON."""
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)


@dataclass(slots=True, kw_only=True)
class Browser:
    """Cookies, and where it is: `address` is the one of its own that the server sees."""

    url: str
    address: str
    trust: ssl.SSLContext | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        """The header `Cookie`."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


class Connection:
    """One connection; opened at the first request, and again after the server closed it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        parts = urlsplit(browser.url)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._netloc = parts.netloc
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._turn = asyncio.Lock()
        self._used = 0.0

    async def get(self, path: str) -> Answer:
        """GET as a browser asks for what a script fetches."""
        return await self._ask("GET", path, b"", "Accept-Encoding: gzip, deflate, br, zstd\r\n")

    async def post(self, path: str, body: object) -> Answer:
        """POST JSON; bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self._ask("POST", path, content, "Content-Type: application/json\r\n")

    async def post_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """POST a form."""
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        return await self._ask("POST", path, urlencode(fields).encode(), kind)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _ask(self, method: str, path: str, body: bytes, more: str) -> Answer:
        async with self._turn:
            return await self._ask_alone(method, path, body, more)

    async def _ask_alone(self, method: str, path: str, body: bytes, more: str) -> Answer:
        if time.monotonic() - self._used > _IDLE_S:  # the server is about to close it
            await self.close()
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                self._host,
                self._port,
                ssl=self._browser.trust,
                limit=1 << 20,
                local_addr=(self._browser.address, 0),
            )
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._netloc}\r\n"
            f"Origin: {self._browser.url}\r\nCookie: {self._browser.cookie}\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            self._writer.write(head.encode() + body)
            answer = await self._read()
        except (OSError, asyncio.IncompleteReadError):
            await self.close()
            raise
        self._used = time.monotonic()
        self._browser.cookies.update(answer.cookies)
        if answer.headers.get("connection") == "close":
            await self.close()
        return answer

    async def _read(self) -> Answer:
        assert self._reader is not None, "opened before"
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        cookies: dict[str, str] = {}
        for line in head[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                key, _, given = value.partition(";")[0].partition("=")
                cookies[key] = given
            else:
                headers[name.lower()] = value
        if headers.get("transfer-encoding") == "chunked":
            body = await self._read_chunks()
        else:
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(status=int(head[0].split()[1]), headers=headers, body=body, cookies=cookies)

    async def _read_chunks(self) -> bytes:
        assert self._reader is not None, "opened before"
        body = bytearray()
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return bytes(body)
