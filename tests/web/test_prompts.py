"""Prompts through a real server of the protocol: what it answers, and each way it can fail."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from nnInteractive.inference.remote import nnInteractiveRemoteInferenceSession
from sqlmodel import col, select

from han5k_review.review.drafts.voxel_runs import decode_runs
from han5k_review.store.draft_tables import DraftPrompt
from han5k_review.store.engine import reading
from rigs.prompt_model import Growth, grow, join, mark_point
from rigs.prompt_server import KEY, LICENCE, VERSION, PromptServer, running_prompt_server
from tests.web.bench import WebBench
from tests.web.conftest import Visit
from tests.web.drafting import DOT, PAROTID, Tab

GROWTH = Growth(tolerance_hu=1300, reach=4)
INSIDE, FAR = (2, 5, 4), (14, 10, 10)

pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PromptServer]:
    log = tmp_path_factory.mktemp("prompts") / "server.log"
    with running_prompt_server(log, growth=GROWTH) as server:
        yield server


@pytest.fixture
def server(started: PromptServer) -> Iterator[PromptServer]:
    yield started
    if started.process.poll() is not None:
        started.restart()
    started.misbehave("")


@dataclass(slots=True, kw_only=True)
class PromptTab:
    """A tab that asks with prompts and takes the answers as steps."""

    tab: Tab
    bench: WebBench

    def ask(self, kind: str, *points: tuple[int, ...], **fields: Any) -> httpx.Response:
        sent = {
            "id": uuid.uuid4().hex,
            "holder": self.tab.holder,
            "draft": self.tab.draft,
            "version": self.tab.version,
            "kind": kind,
            "include": True,
            "points": [list(point) for point in points],
        }
        return self.tab.client.post(f"{self.tab.url}/prompts", json=sent | fields)

    def read(self, answer: httpx.Response) -> np.ndarray:
        """The whole mask (i, j, k) after the answer."""
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["mode"] == "xor"
        assert told["licence"] == LICENCE
        after = self.tab.mask.copy()
        if told["runs"]:
            place = tuple(
                slice(a, a + n) for a, n in zip(told["start"], told["shape"], strict=True)
            )
            after[place] ^= decode_runs(base64.b64decode(told["runs"]), tuple(told["shape"]))
        return after

    def take(self, answer: httpx.Response, kind: str) -> httpx.Response:
        """Make one step of the answer."""
        told = answer.json()
        stroke = {name: told[name] for name in ("start", "shape", "runs", "mode")}
        version = self.tab.version
        stroke |= {"id": uuid.uuid4().hex, "base_version": version, "tool": f"prompt-{kind}"}
        after = self.read(answer)
        kept = self.tab.send(stroke)
        if kept.status_code == 200:
            self.tab.mask, self.tab.version = after, version + 1
        return kept

    def grow(self, *points: tuple[int, ...], include: bool = True) -> np.ndarray:
        """What the model says of points, worked out here."""
        seeds = np.any([mark_point(self.bench.hu.shape, point) for point in points], axis=0)
        return join(self.tab.mask, grow(self.bench.hu, seeds, GROWTH), include=include)

    def leave(self) -> None:
        left = self.tab.client.request(
            "DELETE", f"{self.tab.url}/prompts", json={"holder": self.tab.holder}
        )
        assert left.status_code == 204, left.text


def open_tab(bench: WebBench, client: httpx.Client, url: str = PAROTID) -> PromptTab:
    tab = Tab(client=client, url=url, mask=bench.masks["ParotidL"].dense())
    assert tab.open().status_code == 201
    return PromptTab(tab=tab, bench=bench)


@pytest.fixture
def prompting(bench: WebBench, visit: Visit, server: PromptServer) -> Iterator[PromptTab]:
    client = visit(
        "anna", nninteractive_url=server.url, nninteractive_key=KEY, nninteractive_seconds=10
    )
    opened = open_tab(bench, client)
    yield opened
    opened.leave()


def test_points_lines_and_boxes_give_what_the_model_gives_from_our_contour(
    bench: WebBench, prompting: PromptTab, server: PromptServer
) -> None:
    state = prompting.tab.client.get(f"{PAROTID}/prompts").json()
    host = server.url.removeprefix("http://")
    assert state == {"available": True, "why": None, "licence": LICENCE, "server": host}
    assert server.look()["prompts"] == [], "looking claims nothing"

    answer = prompting.ask("point", FAR)
    assert np.array_equal(prompting.read(answer), prompting.grow(FAR))
    assert np.array_equal(prompting.read(answer), ask_the_client(server, prompting, FAR))
    assert prompting.take(answer, "point").status_code == 200
    before = server.look()["asked"]

    answer = prompting.ask("point", INSIDE, include=False)
    assert np.array_equal(prompting.read(answer), prompting.grow(INSIDE, include=False))
    after = server.look()["asked"]
    sent = ("/claim", "/set_image", "/add_initial_seg_interaction")
    assert [after[path] for path in sent] == [before[path] for path in sent]

    assert prompting.tab.draw((20, 15, 15), DOT).status_code == 200  # and the answer is not taken
    answer = prompting.ask("scribble", (6, 5, 4), (6, 5, 6))
    wide = [(i, 5, k) for i in (5, 6, 7) for k in (3, 4, 5, 6, 7)]  # in the coronal slice j = 5
    assert np.array_equal(prompting.read(answer), prompting.grow(*wide))
    after_line = server.look()["asked"]
    assert after_line["/add_initial_seg_interaction"] == before["/add_initial_seg_interaction"] + 1

    with reading(bench.study.engine) as session:
        rows = session.exec(select(DraftPrompt).order_by(col(DraftPrompt.id))).all()
        kept = [(row.kind, row.version, row.licence, row.server_version) for row in rows]
    assert kept == [
        ("point", 0, LICENCE, VERSION),
        ("point", 1, LICENCE, VERSION),
        ("scribble", 2, LICENCE, VERSION),
    ]


def ask_the_client(server: PromptServer, prompting: PromptTab, point: Any) -> np.ndarray:
    """The same prompt by the protocol's own client, past our web app."""
    client = nnInteractiveRemoteInferenceSession(server.url, api_key=KEY)
    try:
        client.set_image(prompting.bench.hu[None])
        client.set_target_buffer(np.zeros(prompting.bench.hu.shape, np.uint8))
        client.add_initial_seg_interaction(prompting.tab.mask.astype(np.uint8))
        client.add_point_interaction(point, True)
        return np.asarray(client.target_buffer != 0)
    finally:
        client.close()
