"""Prompts: what our server adds to the time that a prompt server takes, with ten readers at once.

A real web process, and a real process that speaks nnInteractive's protocol (`rigs.prompt_server`).
Each reader has a session with a CT of 512 x 512 x 120 voxels and asks about every two seconds, in
the browser's way: prompt, answer, the answer as one stroke of the journal. From that time the
prompt server's own is taken away: what it spent between having read a request and answering it.
"""

from __future__ import annotations

import base64
import json
import random
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.load_parts.study import PASSWORD, build_load_study, name_reader
from han5k_review.review.drafts.voxel_runs import encode_runs
from rigs.prompt_model import Growth
from rigs.prompt_server import PromptServer, running_prompt_server
from rigs.server import running_server

READERS = 10
SHAPE = (512, 512, 120)
STRUCTURE = "ParotidL"
FIRST, ON, AFTER = "first", "going on", "after a stroke"
_PACE_SECONDS = 2.0
_GROWTH = Growth(tolerance_hu=150.0, reach=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One prompt as a step of the journal: from the click to the acknowledgement."""

    kind: str
    point: tuple[int, int, int]
    took_ms: float


@dataclass(slots=True, kw_only=True)
class Drawer:
    """One reader with an open draft."""

    number: int
    client: httpx.Client
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    draft: int = 0
    version: int = 0
    steps: list[Step] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The draft."""
        return f"/api/assignments/{self.number}/drafts/{STRUCTURE}"

    def open(self) -> None:
        """Begin to draw."""
        told = self._send("", {"holder": self.holder})
        self.draft, self.version = told["draft"], told["version"]

    def prompt(self, kind: str, point: tuple[int, int, int]) -> None:
        """Ask, and take the answer as a step."""
        sent = {"holder": self.holder, "draft": self.draft, "version": self.version}
        sent |= {"id": uuid.uuid4().hex, "kind": "point", "include": True, "points": [list(point)]}
        began = time.perf_counter()
        told = self._send("/prompts", sent)
        stroke = {name: told[name] for name in ("start", "shape", "runs", "mode")}
        self._draw(stroke, "prompt-point")
        took_ms = 1000 * (time.perf_counter() - began)
        self.steps.append(Step(kind=kind, point=point, took_ms=took_ms))

    def brush(self, point: tuple[int, int, int]) -> None:
        """A stroke by hand."""
        ball = np.ones((9, 9, 1), np.bool_)
        start = [at - 4 for at in point[:2]]
        runs = base64.b64encode(encode_runs(ball)).decode()
        stroke = {"start": [*start, point[2]], "shape": [9, 9, 1], "runs": runs, "mode": "xor"}
        self._draw(stroke, "brush")

    def _draw(self, stroke: dict[str, Any], tool: str) -> None:
        named = {"id": uuid.uuid4().hex, "base_version": self.version, "tool": tool}
        batch = {"holder": self.holder, "draft": self.draft, "patches": [stroke | named]}
        self.version = self._send("/patches", batch)["version"]

    def _send(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(self.url + path, json=body)
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"{path} gave {answer.status_code}: {answer.text}")
        return dict(answer.json())


def measure_prompts(
    going_on: int, after_strokes: int, shape: tuple[int, int, int] = SHAPE
) -> dict[str, list[float]]:
    """Kind of prompt -> milliseconds of our own, of every reader's prompts."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder) / "study"
        build_load_study(root, READERS, shape, None)
        asked = stack.enter_context(
            running_prompt_server(Path(folder) / "prompts.log", sessions=READERS, growth=_GROWTH)
        )
        log = Path(folder) / "web.log"
        web = stack.enter_context(running_server(root, log, environment=asked.environment))
        numbers = range(1, READERS + 1)
        drawers = [
            Drawer(number=n, client=stack.enter_context(web.sign_in(name_reader(n), PASSWORD)))
            for n in numbers
        ]
        with ThreadPoolExecutor(READERS) as together:
            draw = partial(_draw_on, shape=shape, going_on=going_on, after_strokes=after_strokes)
            list(together.map(draw, drawers))  # raises what one of them raised
        return _take_own_away([step for one in drawers for step in one.steps], asked)


def _draw_on(
    drawer: Drawer, shape: tuple[int, int, int], going_on: int, after_strokes: int
) -> None:
    """The first prompt, then at a human pace those that go on, then those after a stroke."""
    pace = random.Random(drawer.number)
    middle = [size // 2 for size in shape]
    slice_k = middle[2] - READERS // 2 + drawer.number
    points = [
        (middle[0] - 40 + 2 * n, middle[1] + n, slice_k)
        for n in range(1 + going_on + after_strokes)
    ]
    drawer.open()
    drawer.prompt(FIRST, points[0])
    for n, point in enumerate(points[1:]):
        time.sleep(_PACE_SECONDS * pace.uniform(0.5, 1.5))
        if n < going_on:
            drawer.prompt(ON, point)
        else:
            drawer.brush((point[0], point[1] - 60, point[2]))
            drawer.prompt(AFTER, point)


def _take_own_away(steps: Sequence[Step], asked: PromptServer) -> dict[str, list[float]]:
    own = asked.look()["own_seconds"]
    found: dict[str, list[float]] = defaultdict(list)
    for step in steps:
        found[step.kind].append(step.took_ms - 1000 * own[json.dumps(list(step.point))])
    return found
