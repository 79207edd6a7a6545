"""How predicted contours compare with those under review: new, empty, smaller, larger. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from han5k_review.texts.counts import choose_form, say_count

MUCH = 2.0
"""From this ratio of volumes on a contour is much larger, below its inverse much smaller."""


class Change(StrEnum):
    """What a predicted contour is against the one under review."""

    NEW = "new"
    SIMILAR = "similar"
    SMALLER = "smaller"
    LARGER = "larger"
    EMPTY = "empty"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChange:
    """What came out of one structure of one case, and the highest probability that any voxel had
    for it (None: not measured)."""

    structure: str
    change: Change
    highest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureChanges:
    """How many contours of one structure are what. Empty and same ones are not kept.

    `empty_highest` is the highest probability that any voxel of an empty one had for it: how nearly
    it was found (None: none is empty, or from before it was measured).
    """

    new: int = 0
    similar: int = 0
    smaller: int = 0
    larger: int = 0
    empty: int = 0
    same: int = 0
    empty_highest: float | None = None

    @property
    def kept(self) -> int:
        """How many would come under review."""
        return self.new + self.similar + self.smaller + self.larger


def find_change(predicted_cc: float, present_cc: float | None, *, same: bool) -> Change:
    """What a prediction of `predicted_cc` is beside the contour under review (None: there is none).

    `same`: both have the same voxels. A contour that was empty counts as none.
    """
    if predicted_cc == 0:
        return Change.EMPTY
    if same:
        return Change.SAME
    if not present_cc:
        return Change.NEW
    if predicted_cc >= MUCH * present_cc:
        return Change.LARGER
    return Change.SMALLER if predicted_cc * MUCH <= present_cc else Change.SIMILAR


def count_changes(found: Iterable[FoundChange]) -> dict[str, StructureChanges]:
    """Structure -> its counts, from what came out of every prediction."""
    by_structure: dict[str, list[FoundChange]] = {}
    for one in found:
        by_structure.setdefault(one.structure, []).append(one)
    return {name: _count(own) for name, own in by_structure.items()}


def _count(own: Sequence[FoundChange]) -> StructureChanges:
    counts = Counter(one.change for one in own)
    nearly = [o.highest for o in own if o.change is Change.EMPTY and o.highest is not None]
    return StructureChanges(
        **{change.value: counts[change] for change in Change},
        empty_highest=max(nearly, default=None),
    )


def write_changes(changes: Mapping[str, StructureChanges]) -> dict[str, Any]:
    """As the prediction's row keeps them."""
    return {name: asdict(row) for name, row in changes.items()}


def read_changes(kept: Mapping[str, Any] | None) -> dict[str, StructureChanges]:
    """What a row keeps; empty for a prediction from before they were counted."""
    return {name: StructureChanges(**row) for name, row in (kept or {}).items()}


def describe_changes(changes: Mapping[str, StructureChanges]) -> str:
    """All counts in a sentence."""
    rows = list(changes.values())
    parts = [
        (sum(r.new for r in rows), "new (no contour there now)"),
        (sum(r.similar for r in rows), "of similar size"),
        (sum(r.smaller for r in rows), "much smaller (half or less)"),
        (sum(r.larger for r in rows), "much larger (twice or more)"),
    ]
    kept = sum(r.kept for r in rows)
    told = ", ".join(f"{count} {words}" for count, words in parts if count)
    sentence = f"{say_count(kept, 'contour')} would come under review" + (
        f": {told}." if told else "."
    )
    empty, same = sum(r.empty for r in rows), sum(r.same for r in rows)
    if empty:
        sentence += (
            f" {say_count(empty, 'contour')} came out empty and "
            f"{choose_form(empty, 'is', 'are')} left out"
        )
        sentence += f": {', '.join(_list_empty(changes))}."
    if same:
        sentence += (
            f" {say_count(same, 'contour')} {choose_form(same, 'is', 'are')} the same as now."
        )
    return sentence


def _list_empty(changes: Mapping[str, StructureChanges]) -> list[str]:
    """Structures with an empty prediction, and how nearly each was found."""
    return [
        name
        if row.empty_highest is None
        else f"{name} (highest probability of a voxel {row.empty_highest:.0%})"
        for name, row in changes.items()
        if row.empty
    ]
