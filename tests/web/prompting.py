"""A tab that asks with prompts, for tests; what it expects it works out with the rig's model."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from sqlmodel import select

from han5k_review.prompting.client import nnInteractiveRemoteInferenceSession
from han5k_review.review.drafts.voxel_runs import decode_runs
from han5k_review.store.draft_tables import DraftPrompt
from han5k_review.store.engine import reading
from rigs.prompt_model import Growth, grow, join, mark_point
from rigs.prompt_server import KEY, LICENCE, PromptServer
from tests.web.bench import WebBench
from tests.web.drafting import PAROTID, Tab

GROWTH = Growth(tolerance_hu=1300, reach=4)
INSIDE, FAR = (2, 5, 4), (14, 10, 10)


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


def count_prompts(bench: WebBench) -> int:
    with reading(bench.study.engine) as session:
        return len(session.exec(select(DraftPrompt)).all())


def ask_the_client(server: PromptServer, prompting: PromptTab, point: Any) -> np.ndarray:
    """The same prompt by the protocol's own client, past our web app."""
    client = nnInteractiveRemoteInferenceSession(server.url, api_key=KEY)
    try:
        client.set_image(prompting.bench.hu[None])
        client.set_target_buffer(np.zeros(prompting.bench.hu.shape, np.uint8))
        client.add_initial_seg_interaction(prompting.tab.mask.astype(np.uint8))
        client.add_point_interaction(point, True)
        answer = np.asarray(client.target_buffer != 0)
        assert client.undo()
        assert np.array_equal(client.target_buffer != 0, prompting.tab.mask)
        return answer
    finally:
        client.close()
