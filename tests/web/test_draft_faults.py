"""Servers that die and lines that break while a reader draws: the mask equals the faultless one."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest
from sqlmodel import select

from han5k_review.store.draft_tables import DraftPatch
from han5k_review.store.engine import reading
from rigs.server import Server, running_server
from tests.web.bench import GRID, PASSWORD, WebBench, build_bench
from tests.web.drafting import Tab, patch

STROKES = 200
KILLED_AT = (140, 80, 20)  # strokes left; each death costs the start of another server
CUTS = range(5, STROKES, 20)
URL = "/api/assignments/1/drafts/ParotidL"


@pytest.fixture
def bench(tmp_path: Path) -> WebBench:
    return build_bench(tmp_path / "study", None)


def make_strokes() -> list[tuple[tuple[int, int, int], np.ndarray]]:
    random = np.random.default_rng(11)
    strokes = []
    for _ in range(STROKES):
        shape = random.integers(1, 8, 3)
        start = random.integers(0, np.array(GRID.shape) - shape + 1)
        strokes.append(((int(start[0]), int(start[1]), int(start[2])), random.random(shape) < 0.7))
    return strokes


def cut(server: Server, tab: Tab, stroke: dict[str, object], *, whole: bool) -> None:
    """Send a stroke, whole or half, and hang up without reading an answer."""
    body = json.dumps({"holder": tab.holder, "draft": tab.draft, "patches": [stroke]}).encode()
    host, port = server.url.removeprefix("http://").split(":")
    cookie = "; ".join(f"{name}={value}" for name, value in tab.client.cookies.items())
    head = (
        f"POST {tab.url}/patches HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {server.url}\r\n"
        f"Cookie: {cookie}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head.encode() + (body if whole else body[: len(body) // 2]))


def send_all(server: Server, tab: Tab, queue: list[dict[str, object]], kill_at: int) -> None:
    """Send the queue in order; at `kill_at` left the process dies under a request in flight.

    A stroke leaves the queue when it is acknowledged, as in the browser; on the way the line is
    cut, in turn in the middle of a request and before its answer.
    """
    while queue:
        if len(queue) in CUTS:
            cut(server, tab, queue[0], whole=len(queue) % 40 == 5)
        if len(queue) == kill_at:
            killer = threading.Thread(target=server.process.kill)
            killer.start()
        with contextlib.suppress(httpx.TransportError):
            answer = tab.send(queue[0])
            assert answer.status_code == 200, answer.text
            queue.pop(0)
            continue
        killer.join()
        server.process.wait()
        return


def test_two_hundred_strokes_survive_three_deaths_and_ten_cuts(
    bench: WebBench, tmp_path: Path
) -> None:
    wanted = bench.masks["ParotidL"].dense()
    queue: list[dict[str, object]] = []
    for version, (start, marked) in enumerate(make_strokes()):
        queue.append(patch(start, marked, version))
        place = tuple(slice(s, s + n) for s, n in zip(start, marked.shape, strict=True))
        wanted[place] ^= marked
    tab = Tab(client=httpx.Client(), url=URL, mask=wanted)
    for left in (*KILLED_AT, -1):
        with (
            running_server(bench.study.root, tmp_path / "log.txt") as server,
            server.sign_in("anna", PASSWORD) as client,
        ):
            tab.client.close()
            tab.client = client
            if not tab.draft:
                assert tab.open().status_code == 201
            send_all(server, tab, queue, left)
            if left < 0:
                header, stored = tab.fetch_mask()
    assert queue == []
    assert "Traceback" not in (tmp_path / "log.txt").read_text()
    assert header["version"] == STROKES
    assert np.array_equal(stored, wanted)
    with reading(bench.study.engine) as session:
        assert len(session.exec(select(DraftPatch)).all()) == STROKES
