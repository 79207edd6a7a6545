"""A burst of strangers is told to wait at once; a reader's own line stays open."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.lowlevel
import pytest

from han5k_review.errors import AccessError
from han5k_review.web.sign_in_queue import SignInQueue


def run(act: Callable[[], Awaitable[None]]) -> None:
    """In a thread of its own: the browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(anyio.run, act).result()


def test_of_150_together_few_are_served_and_the_rest_is_told_at_once() -> None:
    strangers = SignInQueue(together=2, most=16, per_address=8)
    may_go, told = threading.Event(), []
    most, busy = 0, 0
    lock = threading.Lock()

    def verify() -> None:
        nonlocal most, busy
        with lock:
            busy += 1
            most = max(most, busy)
        may_go.wait()
        with lock:
            busy -= 1

    async def come(n: int) -> None:
        try:
            await strangers.serve(f"10.0.0.{n % 3}", verify)
            told.append("served")
        except AccessError as error:
            told.append(str(error))
            if len(told) == 150 - 16:
                may_go.set()

    async def all_come() -> None:
        async with anyio.create_task_group() as group:
            for n in range(150):
                group.start_soon(come, n)

    run(all_come)
    assert told.count("served") == 16
    assert told.count("Many people are signing in just now; wait 5 s, then try again.") == 134
    assert most <= 2


def test_one_address_does_not_fill_the_line() -> None:
    strangers = SignInQueue(together=1, most=3, per_address=1)
    may_go = threading.Event()

    async def two_places() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(strangers.serve, "10.0.0.1", may_go.wait)
            await anyio.lowlevel.checkpoint()
            with pytest.raises(AccessError):
                await strangers.serve("10.0.0.1", may_go.wait)
            group.start_soon(strangers.serve, "10.0.0.2", may_go.wait)
            await anyio.lowlevel.checkpoint()
            may_go.set()

    run(two_places)
