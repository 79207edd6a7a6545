"""The server's part of benchmarks/editing.py: patches of 20 readers who draw at once.

A real web process (`streamlit run app.py`) on loopback serves a study of real matrix size; each
reader has a draft of a parotid of their own and sends one stroke about each second, as the browser
does (strokes leave it within 2 s). Afterwards everybody sends as fast as answers come.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from han5k_review.accounts.passwords import hash_password
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.assigning import assign_cases
from han5k_review.review.drafts.voxel_runs import encode_runs
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import open_study
from han5k_review.store.tables import Case, LabelVersion, Reader, StudyInfo
from han5k_review.store.vocabulary import LabelSource, Role, Split
from rigs.server import running_server

READERS = 20
PASSWORD = "a benchmark's password"
GRID = Grid.from_affine((512, 512, 120), np.diag([-0.98, -0.98, 2.0, 1.0]))
BRUSH_MM = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """Milliseconds from send to acknowledgement, bytes of each request, acknowledged per second."""

    paced_ms: list[float]
    stroke_bytes: list[int]
    ball_bytes: list[int]
    hurried_ms: list[float]
    hurried_per_second: float


def measure_patches(seconds: float) -> Patches:
    """Run the study, the server and the readers; `seconds` of drawing at a human pace."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "study"
        build_study(root)
        with running_server(root, Path(folder) / "log.txt") as server:
            return asyncio.run(draw(server.url, seconds))


def build_study(root: Path) -> None:
    """One case of real size with a parotid, and twenty readers who have it on their list."""
    study = open_study(root, create=True)
    study.tables.mkdir()
    i, j, k = np.ogrid[: GRID.shape[0], : GRID.shape[1], : GRID.shape[2]]
    parotid = ((i - 330) / 22) ** 2 + ((j - 250) / 30) ** 2 + ((k - 60) / 14) ** 2 <= 1
    mask = StructureMask.from_dense(parotid, GRID)
    password_hash = hash_password(PASSWORD)
    with transaction(study.engine) as session:
        session.add(StudyInfo(name="bench", protocol_version="1", scale="han5k-3"))
        case = Case(
            name="HN-001",
            patient="HN-001",
            split=Split.TRAIN,
            image_sha256="0" * 64,
            shape_ijk=list(GRID.shape),
            affine_ras=[list(row) for row in GRID.affine_ras],
        )
        session.add(case)
        session.flush()
        session.add(
            LabelVersion(
                case_id=stored_id(case),
                structure="ParotidL",
                source=LabelSource.PSEUDO,
                mask_sha256=study.labels.put_mask(mask),
                voxels=mask.voxel_count,
                volume_cc=mask.volume_cc,
            )
        )
        for n in range(READERS):
            name = f"reader{n}"
            reader = Reader(
                name=name, pseudonym=f"R{n}", role=Role.READER, password_hash=password_hash
            )
            session.add(reader)
            session.flush()
            assign_cases(session, reader=reader, cases=[case], actor="bench", now=utc_now())
    study.engine.dispose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A stroke, encoded beforehand: the browsers' work must not slow the clients of the server."""

    start: list[int]
    shape: list[int]
    runs: str
    slices: int


def build_stroke(dice: random.Random, *, slices: int) -> Drawn:
    """A 30 mm brush drawn over up to 60 pixels each way; a ball for several slices."""
    path = np.linspace((0, 0), (dice.uniform(-60, 60), dice.uniform(-60, 60)), 30)
    marked = np.zeros((160, 160, slices), dtype=bool)
    i, j = np.ogrid[:160, :160]
    for k in range(slices):
        away_mm = 2.0 * (k - (slices - 1) / 2)
        radius = max(0.0, (BRUSH_MM / 2) ** 2 - away_mm**2) ** 0.5 / 0.98
        for x, y in path + 80:
            marked[:, :, k] |= (i - x) ** 2 + (j - y) ** 2 <= radius**2
    return Drawn(
        start=[dice.randrange(200, 340), dice.randrange(150, 300), dice.randrange(40, 60)],
        shape=list(marked.shape),
        runs=base64.b64encode(encode_runs(marked)).decode(),
        slices=slices,
    )


class Pen:
    """One reader's tab."""

    def __init__(self, client: httpx.AsyncClient, number: int) -> None:
        self.client = client
        self.number = number
        self.dice = random.Random(number)
        self.holder = uuid.uuid4().hex
        self.url = f"/api/assignments/{number + 1}/drafts/ParotidL"
        self.draft = self.version = 0

    async def open(self) -> None:
        typed = {"name": f"reader{self.number}", "password": PASSWORD}
        while (await self.client.post("/sign-in", data=typed)).status_code == 429:
            await asyncio.sleep(0.5)  # the line before the sign-in desk is full
        answer = await self.client.post(self.url, json={"holder": self.holder})
        answer.raise_for_status()
        self.draft = answer.json()["draft"]

    def build(self, drawn: Drawn) -> bytes:
        """The body of the next stroke."""
        stroke = {
            "id": str(uuid.uuid4()),
            "base_version": self.version,
            "tool": "brush",
            "mode": "xor",
            "start": drawn.start,
            "shape": drawn.shape,
            "runs": drawn.runs,
            "active_seconds": 1.0,
        }
        body = {"holder": self.holder, "draft": self.draft, "patches": [stroke]}
        return json.dumps(body).encode()

    async def send(self, body: bytes) -> float:
        """Milliseconds until the stroke is acknowledged."""
        begin = time.perf_counter()
        answer = await self.client.post(f"{self.url}/patches", content=body)
        took = 1000 * (time.perf_counter() - begin)
        answer.raise_for_status()
        self.version = answer.json()["version"]
        return took


async def draw(url: str, seconds: float) -> Patches:
    """Everybody draws: at a human pace, then in a hurry."""
    dice = random.Random(1)
    strokes = [build_stroke(dice, slices=15 if n % 5 == 4 else 1) for n in range(40)]
    clients = [
        httpx.AsyncClient(base_url=url, headers={"Origin": url}, trust_env=False, timeout=60)
        for _ in range(READERS)
    ]
    pens = [Pen(client, number) for number, client in enumerate(clients)]
    for pen in pens:
        await pen.open()
        await pen.send(pen.build(strokes[0]))
    paced: list[float] = []
    stroke_bytes: list[int] = []
    ball_bytes: list[int] = []

    async def draw_slowly(pen: Pen) -> None:
        end = time.perf_counter() + seconds
        await asyncio.sleep(pen.dice.random())
        while time.perf_counter() < end:
            drawn = pen.dice.choice(strokes)
            body = pen.build(drawn)
            (stroke_bytes if drawn.slices == 1 else ball_bytes).append(len(body))
            paced.append(await pen.send(body))
            await asyncio.sleep(pen.dice.uniform(0.6, 1.4))

    await asyncio.gather(*(draw_slowly(pen) for pen in pens))
    hurried: list[float] = []

    async def draw_fast(pen: Pen) -> None:
        for _ in range(10):
            hurried.append(await pen.send(pen.build(pen.dice.choice(strokes))))

    begin = time.perf_counter()
    await asyncio.gather(*(draw_fast(pen) for pen in pens))
    rate = len(hurried) / (time.perf_counter() - begin)
    for client in clients:
        await client.aclose()
    return Patches(
        paced_ms=paced,
        stroke_bytes=stroke_bytes,
        ball_bytes=ball_bytes,
        hurried_ms=hurried,
        hurried_per_second=rate,
    )
