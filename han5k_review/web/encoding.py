"""Content encodings: what the client accepts, and a bounded memory of answers encoded before."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable
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
    _coming: dict[tuple[str, Encoding], threading.Event] = field(default_factory=dict)

    def get_or_build(self, content: str, encoding: Encoding, build: Callable[[], bytes]) -> bytes:
        """The remembered answer, or the one `build` makes (outside the lock)."""
        key = (content, encoding)
        while True:
            with self._lock:
                known = self._answers.get(key)
                if known is not None:
                    self._answers.move_to_end(key)
                    return known
                coming = self._coming.get(key)
                if coming is None:
                    self._coming[key] = threading.Event()
                    break
            coming.wait()
        try:
            return self._keep(key, build())
        finally:  # who waits finds the answer, or makes it where this one failed
            with self._lock:
                self._coming.pop(key).set()

    def _keep(self, key: tuple[str, Encoding], answer: bytes) -> bytes:
        with self._lock:
            self._answers[key] = answer
            self._size += len(answer)
            while self._size > self.capacity_bytes and self._answers:
                _, old = self._answers.popitem(last=False)
                self._size -= len(old)
        return answer
