"""Prompts: what a reader marks for the server, what it answers, and why it may not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import ServerError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.volume import CtVolume

Index = tuple[int, int, int]
BoolArray = NDArray[np.bool_]
FLAT_ONLY = "a box on one slice: two corners that share i, j or k"
_LEAST = {"point": 1, "box": 2, "scribble": 1, "lasso": 3}
_MOST = {"point": 1, "box": 2, "scribble": 500, "lasso": 500}


class Refusal(StrEnum):
    """Why there is no answer; the codes of docs/transport.md."""

    FULL = "prompts_full"
    FAILED = "prompts_failed"
    SLOW = "prompts_slow"
    CANCELLED = "prompts_cancelled"
    WRONG = "bad_prompt"


class PromptError(ServerError):
    """No answer came; the contour is as it was. `wait_seconds`: when to try again, if known."""

    def __init__(self, refusal: Refusal, sentence: str, wait_seconds: int | None = None) -> None:
        super().__init__(sentence)
        self.refusal = refusal
        self.wait_seconds = wait_seconds


class PromptKind(StrEnum):
    """What is marked."""

    POINT = "point"
    BOX = "box"
    SCRIBBLE = "scribble"
    LASSO = "lasso"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Marks for what belongs to the structure (`include`) or does not; voxel indices (i, j, k).

    A point, two corners of a box (both inside it), a line, or a polygon within one slice.
    """

    kind: PromptKind
    include: bool
    points: tuple[Index, ...]

    def check(self, grid: Grid) -> None:
        """Return when it lies in the grid and has as many points as its kind; else PromptError."""
        if not _LEAST[self.kind] <= len(self.points) <= _MOST[self.kind]:
            raise PromptError(
                Refusal.WRONG,
                f"{_LEAST[self.kind]} to {_MOST[self.kind]} points were expected for a "
                f"{self.kind}, found {len(self.points)}; draw it again.",
            )
        for point in self.points:
            if not all(0 <= index < size for index, size in zip(point, grid.shape, strict=True)):
                raise PromptError(
                    Refusal.WRONG,
                    f"A {self.kind} inside the CT of {grid.shape} voxels was expected, found "
                    f"{point}; draw it within the CT.",
                )
        if self.kind is PromptKind.BOX and self.points[0] == self.points[1]:
            raise PromptError(
                Refusal.WRONG,
                "A box from corner to corner was expected, found one voxel; drag over the place.",
            )
        if self.kind is PromptKind.LASSO and not self.flat_axes:
            raise PromptError(
                Refusal.WRONG,
                "A lasso within one slice was expected, found one across slices; draw it again.",
            )

    @property
    def flat_axes(self) -> list[int]:
        """The axes along which all points have one index."""
        return [axis for axis in range(3) if len({point[axis] for point in self.points}) == 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The CT below the contour: `read` gets it from the disk, once per session of the server."""

    sha256: str
    read: Callable[[], CtVolume]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whose session it is, from which tab, and for which draft."""

    reader_id: int
    holder: str
    draft_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptAnswer:
    """What changes: the voxels `marked` (i, j, k) of the box at `start_ijk` turn to the other side.

    Nothing changes: a box of shape (0, 0, 0). `licence` and `version` are the server's own words,
    `seconds` what it took for the prompt.
    """

    start_ijk: Index
    marked: BoolArray
    licence: str
    version: str
    seconds: float

    @property
    def shape_ijk(self) -> Index:
        """Shape of the box."""
        i, j, k = self.marked.shape
        return (i, j, k)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptState:
    """Whether prompts are there now; `why` not, as a sentence."""

    available: bool
    server: str | None = None
    licence: str | None = None
    why: str | None = None


def say_wait(seconds: float) -> str:
    """What to do when all sessions of the server are in use."""
    return (
        "All sessions of the nnInteractive server are in use; draw by hand, or wait "
        f"{max(1, math.ceil(seconds))} s and try again."
    )
