"""What the server told, as values. Arrays have axes (i, j, k): to left, posterior and superior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the token stands for, and what it is for."""

    name: str
    pseudonym: str
    role: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One of one's own reads. `case` is the name by which the reader knows the case."""

    assignment_id: int
    case: str
    graded: int
    total: int
    open_drafts: int
    signed_at_utc: str | None

    @property
    def root(self) -> str:
        """The address that its CT, contours and drafts are below."""
        return f"/api/assignments/{self.assignment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case that the account may see whole."""

    case_id: int
    name: str
    patient: str
    split: str
    image_sha256: str

    @property
    def root(self) -> str:
        """The address that its CT and contours are below."""
        return f"/api/cases/{self.case_id}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ct:
    """A CT: `hu` is int16 Hounsfield units (ni, nj, nk), i to left, j to posterior, k to superior.

    `grid` says where they lie: `grid.spacing_mm` along (i, j, k), and `grid.affine_ras`, voxel
    index -> RAS millimetres as NIfTI has it.
    """

    hu: NDArray[np.int16]
    grid: Grid
    image_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """A set of contours that may be seen; `a` is the one under review."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contour:
    """One structure of a set: `mask.dense()` is bool (ni, nj, nk) on the CT's grid."""

    structure: str
    label_version: int
    mask: StructureMask


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A submitted revision; it waits for an adjudicator. VRD and APL are against what it corrects.

    `question` is there when the size of the edit does not fit the grade.
    """

    structure: str
    label_version: int
    vrd: float | None
    apl_mm: float | None
    slices_edited: int
    question: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A training run; `state` is one of docs/retraining.md."""

    run_id: int
    state: str
    preset: str
    group: str
    parent_model_id: int | None
    result_model_id: int | None
    error: str | None
