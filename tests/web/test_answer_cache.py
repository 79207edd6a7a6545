"""Answers encoded before: what many ask for at once is made once, and a failure holds up nobody."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from han5k_review.web.encoding import AnswerCache, Encoding

ASKING = 8


def test_what_many_ask_for_at_once_is_made_once() -> None:
    cache = AnswerCache(capacity_bytes=100)
    everybody, made = threading.Barrier(ASKING), []

    def build() -> bytes:
        made.append(1)
        return b"answer"

    def ask(_: int) -> bytes:
        everybody.wait()
        return cache.get_or_build("slab", Encoding.GZIP, build)

    with ThreadPoolExecutor(ASKING) as threads:
        assert set(threads.map(ask, range(ASKING))) == {b"answer"}
    assert len(made) == 1


def test_who_waits_for_one_that_fails_makes_it_and_the_least_used_goes_first() -> None:
    cache = AnswerCache(capacity_bytes=10)
    begun, may_fail = threading.Event(), threading.Event()

    def fail() -> bytes:
        begun.set()
        may_fail.wait()
        raise ZeroDivisionError

    with ThreadPoolExecutor(2) as threads:
        failing = threads.submit(cache.get_or_build, "a", Encoding.ZSTD, fail)
        begun.wait()
        waiting = threads.submit(cache.get_or_build, "a", Encoding.ZSTD, lambda: b"12345")
        may_fail.set()
        with pytest.raises(ZeroDivisionError):
            failing.result()
        assert waiting.result() == b"12345"
    for name in ("b", "c"):
        cache.get_or_build(name, Encoding.ZSTD, lambda: b"1234")
    assert cache.get_or_build("c", Encoding.ZSTD, lambda: b"again") == b"1234"
    assert cache.get_or_build("a", Encoding.ZSTD, lambda: b"again") == b"again"
