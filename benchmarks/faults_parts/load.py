"""Readers who grade, draw, submit and sign without a pause, and write down what was acknowledged.

Each behaves as the browser does: an act keeps its id and is sent again until it is answered. Only
an answer of success counts as acknowledged; a refusal for good is a fault.
"""

from __future__ import annotations

import base64
import random
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import numpy as np

from faults_parts.record import GRADE, REVISION, SIGNATURE, STROKE, Record
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.drafts.voxel_runs import encode_runs
from rigs.phantom_study import GRID, SHAPE

DRAWN = "ParotidL"
_BOX = (4, 4, 2)
_STROKES = 3
_AGAIN_S = 0.15
_PATIENCE_S = 4.0
_CODES = ("minor", "major")  # nothing that a training would take as right


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One read: its assignment, and structure -> the number that its browser has for the contour.

    `mask` is the contour of the structure that is drawn.
    """

    assignment: int
    numbers: Mapping[str, int]
    mask: StructureMask


class Hand:
    """One reader at work on one list."""

    def __init__(self, url: str, name: str, password: str, tasks: Sequence[Task]) -> None:
        """Not signed in yet."""
        self._words = {"name": name, "password": password}
        self._acts = self._list_acts(tasks)
        self._client = httpx.Client(
            base_url=url, headers={"Origin": url}, timeout=_PATIENCE_S, trust_env=False
        )
        self._dice = random.Random(name)
        self._holder = uuid.uuid4().hex

    def work(self, record: Record, ended: threading.Event) -> None:
        """Go on where the last work ended, until the event; the act in hand is finished first."""
        self._record = record
        for act in self._acts:
            act()
            if ended.is_set():
                return
        record.refuse(f"{self._words['name']} ran out of cases; give more")

    def _list_acts(self, tasks: Sequence[Task]) -> Iterator[Callable[[], None]]:
        for task in tasks:
            for structure in task.numbers:
                if structure == DRAWN:
                    yield partial(self._revise, task)
                else:
                    yield partial(self._grade, task, structure)
            yield partial(self._grade, task, self._dice.choice(list(task.numbers)))
            yield partial(self._sign, task)

    def _grade(self, task: Task, structure: str) -> None:
        body = self._build_grade(task, structure)
        if self._send(f"/api/assignments/{task.assignment}/grades", body) is not None:
            self._note_grade(task, body)

    def _build_grade(self, task: Task, structure: str) -> dict[str, Any]:
        return {
            "request_id": uuid.uuid4().hex,
            "structure": structure,
            "label_version": task.numbers[structure],
            "code": self._dice.choice(_CODES),
        }

    def _note_grade(self, task: Task, body: Mapping[str, Any]) -> None:
        content = f"{task.assignment} {body['structure']} {body['code']}"
        self._record.add(GRADE, body["request_id"], content)

    def _revise(self, task: Task) -> None:
        """Strokes, then the revision together with its grade; the mask is kept here, too."""
        url = f"/api/assignments/{task.assignment}/drafts/{DRAWN}"
        opened = self._send(url, {"holder": self._holder})
        if opened is None:
            return
        dense = task.mask.dense()
        for version in range(_STROKES):
            patch = self._draw(dense, version)
            body = {"holder": self._holder, "draft": opened["draft"], "patches": [patch]}
            if self._send(f"{url}/patches", body) is None:
                return
            content = f"version {version + 1}, {int(dense.sum())} voxels"
            self._record.add(STROKE, patch["id"], content)
        grade = self._build_grade(task, DRAWN)
        submission = {
            "request_id": uuid.uuid4().hex,
            "holder": self._holder,
            "draft": opened["draft"],
            "version": _STROKES,
            "confirmed": True,
            "grade": grade,
        }
        if self._send(f"{url}/submit", submission) is not None:
            self._note_grade(task, grade)
            mask = StructureMask.from_dense(dense, GRID)
            self._record.add(REVISION, submission["request_id"], mask.sha256)

    def _draw(self, dense: np.ndarray, version: int) -> dict[str, Any]:
        start = [self._dice.randrange(n - m) for n, m in zip(SHAPE, _BOX, strict=True)]
        marked = np.random.default_rng(self._dice.randrange(2**32)).random(_BOX) < 0.5
        marked[0, 0, 0] = True
        dense[tuple(slice(s, s + m) for s, m in zip(start, _BOX, strict=True))] ^= marked
        return {
            "id": uuid.uuid4().hex,
            "base_version": version,
            "tool": "brush",
            "mode": "xor",
            "start": start,
            "shape": list(_BOX),
            "runs": base64.b64encode(encode_runs(marked)).decode(),
            "active_seconds": 1.0,
        }

    def _sign(self, task: Task) -> None:
        answer = self._send(f"/api/assignments/{task.assignment}/signature", {})
        if answer is not None:
            self._record.add(SIGNATURE, str(task.assignment), answer["grades_sha256"])

    def _send(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer, however often it takes; None when it is refused for good."""
        while True:
            try:
                answer = self._client.post(path, json=body)
                if answer.is_success:
                    found: dict[str, Any] = answer.json()
                    return found
                if answer.status_code == 401:
                    self._client.cookies.clear()
                    answer = self._client.post("/sign-in", data=self._words)
            except (httpx.TransportError, httpx.RemoteProtocolError) as error:
                self._record.fail(type(error).__name__)
            else:
                status = answer.status_code
                if status == 303:
                    continue
                if status < 500 and status != 429:
                    self._record.refuse(f"{path}: {status} {answer.text[:200]}")
                    return None
                self._record.fail(str(status))
                if status == 500:
                    self._record.refuse(f"{path}: an error that the server does not know (500)")
            threading.Event().wait(_AGAIN_S)


@contextmanager
def working(hands: Sequence[Hand], record: Record) -> Iterator[None]:
    """All of them at work within the block; at its end each finishes what it has in hand."""
    ended = threading.Event()
    threads = [
        threading.Thread(target=hand.work, args=(record, ended), daemon=True) for hand in hands
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(120)
    if any(thread.is_alive() for thread in threads):
        record.refuse("a reader's last act was not answered within two minutes")
