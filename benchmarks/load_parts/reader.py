"""One reader: signs in, opens a case, gives 49 grades, draws 20 strokes, scrolls all the while."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import struct
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import zstandard
from websockets.exceptions import WebSocketException

from benchmarks.load_parts.review_page import open_review_page
from benchmarks.load_parts.study import PASSWORD, name_reader
from benchmarks.load_parts.wire import Answer, Browser, Connection
from han5k_review.review.drafts.voxel_runs import encode_runs

STROKES = 20
DRAFTS = 2  # structures that are edited
_LINES = 3  # slabs that the viewer asks for at a time
# A connection that is cut, or an answer that is none: counted and printed, the others go on.
_FAULTS = (OSError, EOFError, RuntimeError, ValueError, LookupError, WebSocketException)
_TWICE = 0.05  # share of acts that are sent again, as after a lost answer


@dataclass(slots=True, kw_only=True)
class Notes:
    """Milliseconds by kind of request, ids that the server acknowledged, and what went wrong."""

    times_ms: dict[str, list[float]] = field(default_factory=dict)
    grades: list[str] = field(default_factory=list)
    strokes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    sent_twice: int = 0
    slab_bytes: int = 0

    def add(self, other: Notes) -> None:
        """Join the notes of another reader."""
        for kind, times in other.times_ms.items():
            self.times_ms.setdefault(kind, []).extend(times)
        self.grades += other.grades
        self.strokes += other.strokes
        self.errors += other.errors
        self.sent_twice += other.sent_twice
        self.slab_bytes += other.slab_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When a reader comes and when the last act is done: seconds from the common beginning."""

    comes_s: float
    ends_s: float
    began: float


class Reader:
    """The reader who has assignment `number`."""

    def __init__(self, browser: Browser, number: int, pace: Pace) -> None:
        self.notes = Notes()
        self._browser = browser
        self._number = number
        self._pace = pace
        self._dice = random.Random(number)
        self._acts = Connection(browser)
        self._lines = [Connection(browser) for _ in range(_LINES)]
        self._grid: tuple[int, int, int] = (0, 0, 0)
        self._holder = uuid.uuid4().hex
        self._centres: dict[str, list[int]] = {}
        self._drafts: dict[str, list[int]] = {}

    async def read(self) -> Notes:
        """The whole visit; what goes wrong is noted, and the visit goes on."""
        await asyncio.sleep(max(0.0, self._pace.began + self._pace.comes_s - time.monotonic()))
        try:
            await self._sign_in()
            began = time.perf_counter()
            async with open_review_page(self._browser, self._number) as (_, mount):
                self._note("page opened", began)
                await self._read_case(mount)
        except _FAULTS as error:
            self.notes.errors.append(f"reader {self._number}: {error!r}")
        finally:
            for line in (self._acts, *self._lines):
                await line.close()
        return self.notes

    async def _sign_in(self) -> None:
        typed = {"name": name_reader(self._number), "password": PASSWORD}
        began = time.perf_counter()
        while (answer := await self._acts.post_form("/sign-in", typed)).status == 429:
            await asyncio.sleep(1)
        if answer.status != 303:
            raise RuntimeError(f"The sign-in gave {answer.status}.")
        self._note("signed in", began)

    async def _read_case(self, mount: dict[str, Any]) -> None:
        addresses = mount["addresses"]
        index = (await self._get("index", addresses["volume"])).json()
        self._grid = index["shape"]
        urls = [slab["url"] for slab in index["slabs"]]
        await self._get("drafts listed", addresses["drafts"])
        packet = await self._get("masks", mount["label_sets"][0]["url"])
        self._centres = read_centres(packet)
        loading = asyncio.create_task(self._load(urls))
        structures = mount["structures"]
        edited = [one["name"] for one in self._dice.sample(structures, DRAFTS)]
        acts: list[Callable[[], Awaitable[None]]] = [
            lambda one=one: self._grade(addresses, one, self._dice.choice(urls))
            for one in structures
        ]
        for number in range(STROKES):
            name = edited[number * DRAFTS // STROKES]
            at = self._dice.randrange(len(acts))
            acts.insert(at, lambda name=name: self._draw(addresses["drafts"], name))
        left_s = self._pace.began + self._pace.ends_s - time.monotonic()
        pause_s = max(0.0, left_s) / len(acts)
        due = time.monotonic()
        for act in acts:
            due += pause_s * self._dice.uniform(0.5, 1.5)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await act()
        await loading

    async def _load(self, urls: list[str]) -> None:
        """The whole CT, as the viewer does: three slabs at a time, nearest first."""
        waiting = iter(urls)

        async def fetch(line: Connection) -> None:
            for url in waiting:
                await self._get("slab", url, line)

        await asyncio.gather(*(fetch(line) for line in self._lines))

    async def _grade(self, addresses: dict[str, str], structure: dict[str, Any], slab: str) -> None:
        """Scroll to a structure, say where one is, grade it."""
        await self._get("slab", slab)
        place = {"structure": structure["name"], "slice": self._dice.randrange(self._grid[2])}
        await self._post("position", addresses["position"], place, (204,))
        request_id = str(uuid.uuid4())
        grade = {
            "request_id": request_id,
            "structure": structure["name"],
            "label_version": structure["label_version"],
            "code": self._dice.choice(("no", "minor", "major")),
            "active_seconds": 4.0,
        }
        if await self._post("grade", addresses["grades"], grade, (201,)):
            self.notes.grades.append(request_id)
        if self._dice.random() < _TWICE:
            self.notes.sent_twice += 1
            await self._post("grade again", addresses["grades"], grade, (200,))

    async def _draw(self, drafts: str, structure: str) -> None:
        url = f"{drafts}/{structure}"
        if structure not in self._drafts:
            answer = await self._post("edit opened", url, {"holder": self._holder}, (201,))
            if answer is None:
                return
            self._drafts[structure] = [answer.json()["draft"], 0]
        draft, version = self._drafts[structure]
        stroke = build_stroke(self._grid, self._centres[structure], self._dice)
        stroke |= {"id": str(uuid.uuid4()), "base_version": version}
        body = {"holder": self._holder, "draft": draft, "patches": [stroke]}
        answer = await self._post("stroke", f"{url}/patches", body, (200,))
        if answer is None:
            return
        self.notes.strokes.append(stroke["id"])
        self._drafts[structure][1] = answer.json()["version"]
        if self._dice.random() < _TWICE:
            self.notes.sent_twice += 1
            await self._post("stroke again", f"{url}/patches", body, (200,))

    async def _get(self, kind: str, path: str, line: Connection | None = None) -> Answer:
        began = time.perf_counter()
        answer = await (line or self._acts).get(path)
        self._note(kind, began)
        if answer.status != 200:
            self.notes.errors.append(f"{kind}: {answer.status} {answer.body[:200]!r}")
        elif kind == "slab":
            self.notes.slab_bytes += len(answer.body)
        return answer

    async def _post(
        self, kind: str, path: str, body: dict[str, Any], expected: tuple[int, ...]
    ) -> Answer | None:
        """The answer; None for another one than was expected, which is noted."""
        content = json.dumps(body).encode()
        began = time.perf_counter()
        answer = await self._acts.post(path, content)
        self._note(kind, began)
        if answer.status in expected:
            return answer
        self.notes.errors.append(f"{kind}: {answer.status} {answer.body[:200]!r}")
        return None

    def _note(self, kind: str, began: float) -> None:
        took = 1000 * (time.perf_counter() - began)
        self.notes.times_ms.setdefault(kind, []).append(took)


def read_centres(packet: Answer) -> dict[str, list[int]]:
    """Structure -> the voxel (i, j, k) in its middle, from the head of a packet of masks."""
    content = packet.body
    if packet.headers.get("content-encoding") == "zstd":
        content = zstandard.ZstdDecompressor().decompress(content)
    (length,) = struct.unpack("<I", content[4:8])
    masks = json.loads(content[8 : 8 + length])["masks"]
    return {one["structure"]: one["centre"] for one in masks}


def build_stroke(
    grid: tuple[int, int, int], centre: list[int], dice: random.Random
) -> dict[str, Any]:
    """A brush of a tenth of the picture, pressed once near a structure: a disc on one slice."""
    size = max(4, grid[0] // 10)
    i, j = np.ogrid[:size, :size]
    middle = (size - 1) / 2
    disc = ((i - middle) ** 2 + (j - middle) ** 2 <= middle**2)[:, :, None]
    near = [at - size // 2 + dice.randint(-size // 4, size // 4) for at in centre[:2]]
    near.append(centre[2] + dice.randint(-5, 5))
    start = [max(0, min(n - m, at)) for n, m, at in zip(grid, disc.shape, near, strict=True)]
    return {
        "tool": "brush",
        "mode": "xor",
        "start": start,
        "shape": list(disc.shape),
        "runs": base64.b64encode(encode_runs(disc)).decode(),
        "active_seconds": 1.0,
    }
