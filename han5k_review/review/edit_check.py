"""The grade-edit check: how much an edit changed, beside the grade its reader declared."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from han5k_review.errors import GeometryError
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import measure_pair
from han5k_review.review.edit_rules import EditRules
from han5k_review.store.vocabulary import GradeLevel

_WORDS = {
    GradeLevel.NO: "no revision",
    GradeLevel.MINOR: "minor revision",
    GradeLevel.MAJOR: "major revision",
    GradeLevel.NOT_ASSESSABLE: "not assessable",
    GradeLevel.ABSENT: "absent or wrong organ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMeasure:
    """An edit against the contour it corrects; nan or inf where docs/correctness.md says so."""

    vrd: float
    apl_mm: float
    slices_edited: int
    is_empty: bool
    hd95_mm: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCheck:
    """The measure, the declared level, the levels that fit, and what to ask (None: they agree)."""

    measure: EditMeasure
    declared: GradeLevel | None
    suggested: tuple[GradeLevel, ...]
    question: str | None


def measure_edit(before: StructureMask, after: StructureMask) -> EditMeasure:
    """VRD, added path length, HD95 (mm) and changed axial slices of `after` against `before`.

    Both lie on one grid, else GeometryError. In the panel's words `after` is the reference and
    `before` the prediction: the added path is the part of the corrected contour that had to be
    drawn.
    """
    if not before.grid.matches(after.grid):
        raise GeometryError(
            f"A revision on the grid {before.grid.describe()} was expected, found "
            f"{after.grid.describe()}."
        )
    panel = measure_pair(after, before, before.grid.spacing_mm)
    return EditMeasure(
        vrd=panel.vrd,
        apl_mm=panel.apl_mm,
        slices_edited=len(list_changed_slices(before, after)),
        is_empty=after.is_empty,
        hd95_mm=panel.hd95_mm,
    )


def list_changed_slices(before: StructureMask, after: StructureMask) -> list[int]:
    """Axial slices k in which the two masks differ, ascending."""
    filled = [mask for mask in (before, after) if not mask.is_empty]
    if not filled:
        return []
    low = [min(mask.start_ijk[axis] for mask in filled) for axis in range(3)]
    high = [
        max(mask.start_ijk[axis] + mask.voxels.shape[axis] for mask in filled) for axis in range(3)
    ]
    changed = np.zeros([h - a for a, h in zip(low, high, strict=True)], dtype=np.bool_)
    for mask in filled:
        i, j, k = (
            slice(s - a, s - a + n)
            for s, a, n in zip(mask.start_ijk, low, mask.voxels.shape, strict=True)
        )
        changed[i, j, k] ^= mask.voxels
    return [int(k) + low[2] for k in np.flatnonzero(changed.any(axis=(0, 1)))]


def ask_about_draft(facts: str) -> str:
    """The question before an edit is submitted that its grade does not fit."""
    return f"{facts} Submit it with this grade?"


def ask_about_revision(facts: str) -> str:
    """The question after a grade that does not fit an edit submitted before it."""
    return f"{facts} The edit is submitted. Keep this grade?"


def check_grade(
    structure: str,
    measure: EditMeasure,
    declared: GradeLevel | None,
    rules: EditRules,
    *,
    ask: Callable[[str], str] = ask_about_draft,
) -> EditCheck:
    """Set the declared grade beside the edit; no grade yet is no disagreement."""
    suggested = rules.suggest_levels(measure.vrd, is_empty=measure.is_empty)
    question = None
    if declared is not None and declared not in suggested:
        fitting = " or ".join(f"“{_WORDS[level]}”" for level in suggested)
        question = ask(
            f"You graded {structure} “{_WORDS[declared]}”, but your edit changes "
            f"{_percent(measure.vrd)} of the contour's volume (VRD), which fits {fitting} "
            f"(up to {100 * rules.minor_vrd_up_to:g} % counts as minor, above "
            f"{100 * rules.major_vrd_from:g} % as major)."
        )
    return EditCheck(measure=measure, declared=declared, suggested=suggested, question=question)


def check_drawn(structure: str, measure: EditMeasure) -> EditCheck:
    """A contour drawn from nothing: no grade, no VRD; where nothing is drawn, that is asked."""
    question = None
    if measure.is_empty:
        question = f"Nothing is drawn. Submit that {structure} cannot be drawn in this CT?"
    drawn = replace(measure, vrd=math.nan)
    return EditCheck(measure=drawn, declared=None, suggested=(), question=question)


def _percent(vrd: float) -> str:
    return f"{100 * vrd:.1f} %" if math.isfinite(vrd) else "all"
