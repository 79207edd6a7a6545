"""The hand of the scripted reader: the viewer's own editor, run by Node.js without a screen.

`strokes_hand.mjs` holds the product's editor; here each act is one request and its answer, and the
contour is kept beside it as an array, so that the reader sees it.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Voxels = NDArray[np.int64]
Points = Sequence[tuple[int, int]]
_SCRIPT = Path(__file__).with_name("strokes_hand.mjs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """From press to release on the axial slice `k`, through voxels (i, j)."""

    tool: str
    k: int
    points: Points
    size_mm: float = 10.0
    is_ball: bool = False


@dataclass(slots=True, kw_only=True)
class Hand:
    """A contour in hand: `now` is (i, j, k), and the same memory as `flat`, i fastest."""

    process: subprocess.Popen[str]
    now: Mask = field(default_factory=lambda: np.zeros((0, 0, 0), bool))
    flat: Mask = field(default_factory=lambda: np.zeros(0, bool))
    entries: int = 0
    tools: list[str] = field(default_factory=list)
    _marks: list[tuple[int, Mask]] = field(default_factory=list)

    def open(self, hu: NDArray[np.int16], contour: Mask, spacing_mm: Sequence[float]) -> None:
        """Take a contour in hand: arrays (i, j, k)."""
        self.flat = contour.ravel(order="F").copy()
        self.now = self.flat.reshape(contour.shape, order="F")
        self.entries, self.tools, self._marks = 0, [], []
        wire = np.ascontiguousarray(hu.ravel(order="F").astype("<i2")).view(np.uint8)
        self._ask(
            "open",
            grid=list(contour.shape),
            spacing=list(spacing_mm),
            hu=_encode(np.concatenate([wire[0::2], wire[1::2]])),
            bits=_encode(np.packbits(self.flat, bitorder="little")),
        )

    def draw(self, stroke: Stroke) -> Voxels:
        """Draw; the voxels that changed, as places in `flat` (none for a seed)."""
        return self._do(
            "stroke",
            tool=stroke.tool,
            k=stroke.k,
            points=[list(point) for point in stroke.points],
            sizeMm=stroke.size_mm,
            ball=stroke.is_ball,
        )

    def use(self, tool: str, k: int, **options: float | bool) -> Voxels:
        """A smart tool (grow, snap, smooth) on slice `k`, or on the whole with `whole`."""
        return self._do("smart", tool=tool, k=k, **options)

    def follow(self, k: int, reach_mm: float) -> dict[int, Voxels]:
        """What is proposed from slice `k` on: slice -> voxels that would change."""
        answer = self._ask("smart", tool="follow", k=k, reachMm=reach_mm)
        return {at: _spread(runs) for at, runs in answer["found"]}

    def accept(self, k: int) -> Voxels:
        """Take what is proposed for a slice."""
        return self._do("accept", k=k)

    def fill_between(self, k: int) -> Voxels:
        return self._do("slice", tool="fill-between", k=k, whole=False)

    def drop(self) -> None:
        """Seeds and proposals go."""
        self._ask("drop")

    @contextmanager
    def trying(self) -> Iterator[None]:
        """What is done within is taken back, entries too."""
        before, entries, tools = self.flat.copy(), self.entries, list(self.tools)
        self._ask("mark")
        try:
            yield
        finally:
            self._ask("back")
            self.flat[:] = before
            self.entries, self.tools = entries, tools

    def _do(self, act: str, **request: Any) -> Voxels:
        answer = self._ask(act, **request)
        changed = _spread(answer["change"])
        self.flat[changed] ^= True
        if answer["entries"] > self.entries:
            self.tools.append(answer["tool"])
        self.entries = answer["entries"]
        return changed

    def _ask(self, act: str, **request: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"act": act, **request}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"An answer of the editor to {act} was expected: see what it said.")
        return json.loads(answer)


def _encode(values: NDArray[np.uint8]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _spread(runs: Sequence[int]) -> Voxels:
    """Runs [first, length, ...] -> the voxels."""
    pairs = np.asarray(runs, dtype=np.int64).reshape(-1, 2)
    if not len(pairs):
        return np.zeros(0, dtype=np.int64)
    starts = np.repeat(pairs[:, 0], pairs[:, 1])
    first = np.repeat(np.cumsum(pairs[:, 1]) - pairs[:, 1], pairs[:, 1])
    return starts + np.arange(len(starts)) - first


@contextmanager
def reaching_out() -> Iterator[Hand]:
    """A hand; its process ends with the block."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("Node.js was expected for the editor without a screen: install nodejs.")
    with subprocess.Popen(
        [node, str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Hand(process=process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
