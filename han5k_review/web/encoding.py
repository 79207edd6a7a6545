"""Content encodings: what the client accepts, and a bounded memory of answers encoded before."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum

import zstandard

_GZIP_LEVEL = 1  # on a 512 x 512 x 8 slab level 6 takes six times as long for a few per cent
_ZSTD_LEVEL = 3


class Encoding(StrEnum):
    """The content codings we speak, best first; the value is the HTTP token."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


def choose_encoding(accept_encoding: str | None) -> Encoding:
    """The best coding the client's Accept-Encoding header allows (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in (accept_encoding or "").split(","):
        token, _, parameter = part.partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if name.strip().lower() == "q" else 1.0
        except ValueError:
            weight = 0.0
        weights[token.strip().lower()] = weight
    for encoding in (Encoding.ZSTD, Encoding.GZIP):
        if weights.get(encoding, weights.get("*", 0.0)) > 0:
            return encoding
    return Encoding.IDENTITY


def encode(content: bytes, encoding: Encoding) -> bytes:
    """Compress `content`."""
    if encoding is Encoding.ZSTD:
        return bytes(zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(content))
    if encoding is Encoding.GZIP:
        return gzip.compress(content, compresslevel=_GZIP_LEVEL, mtime=0)
    return content


@dataclass(slots=True, kw_only=True)
class AnswerCache:
    """Encoded answers by (content hash, coding), at most `capacity_bytes`, least used goes first.

    Holds nothing that depends on who asks: the routes check that before they look here. What many
    ask for at once one of them encodes, the others wait for it.
    """

    capacity_bytes: int
    _answers: OrderedDict[tuple[str, Encoding], bytes] = field(default_factory=OrderedDict)
    _size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _coming: dict[tuple[str, Encoding], Future[bytes]] = field(default_factory=dict)

    def get_or_build(self, content: str, encoding: Encoding, build: Callable[[], bytes]) -> bytes:
        """The remembered answer, or the one `build` makes (outside the lock)."""
        key = (content, encoding)
        with self._lock:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
                return known
            coming = self._coming.get(key)
            mine = None if coming is not None else self._coming.setdefault(key, Future())
        if coming is not None:
            return coming.result()
        assert mine is not None, "nobody else makes it"
        try:
            answer = build()
        except BaseException as error:
            with self._lock:
                del self._coming[key]
            mine.set_exception(error)
            raise
        self._keep(key, answer)
        mine.set_result(answer)
        return answer

    def _keep(self, key: tuple[str, Encoding], answer: bytes) -> None:
        with self._lock:
            del self._coming[key]
            self._size += len(answer) - len(self._answers.get(key, b""))
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while self._size > self.capacity_bytes and self._answers:
                _, old = self._answers.popitem(last=False)
                self._size -= len(old)
