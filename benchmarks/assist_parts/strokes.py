"""Strokes that a scripted reader needs to mend a spoiled contour, with and without smart tools.

Patients of OpenKBP's pool (Babier et al., Med Phys 48:5549, 2021) whose clinical contours hold both
organs that the loop's proof spoils: the left parotid leaks, the mandible ends too early
(`loop_parts/data.py`). The reader sees the clinical contour and mends the spoiled one until surface
Dice is .95 at the structure's tolerance, in the product's own editor (`strokes_hand.mjs`).

Each arm is as greedy as the others: of all plans that its tools allow (`strokes_plans.py`) the one
is done whose gain in surface Dice is greatest for what it costs; where none gains, the one that
mends most voxels. A plan costs its entries in the journal and, in the last arm, its seeds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from loop_parts.data import ORGANS, SPOILED, list_patients, read_clinical, spoil
from numpy.typing import NDArray

from benchmarks.assist_parts.strokes_brush import Thought
from benchmarks.assist_parts.strokes_hand import Hand, Mask, reaching_out
from benchmarks.assist_parts.strokes_plans import (
    Desk,
    NothingToDo,
    Plan,
    list_ball,
    list_between,
    list_brush,
    list_smart,
)
from han5k_review.imaging.ct_files import read_ct
from han5k_review.metrics import measure

WANTED = 0.95
MOST_ENTRIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the reader may use; do seeds count as entries do?"""

    listings: tuple[Callable[[Desk], Iterator[Plan]], ...]
    counts_seeds: bool = False


BRUSH, SMART = "brush alone", "brush, smart tools"
ARMS: Mapping[str, Arm] = {
    BRUSH: Arm(listings=(list_brush,)),
    "brush, ball": Arm(listings=(list_brush, list_ball)),
    "brush, interpolate": Arm(listings=(list_brush, list_between)),
    SMART: Arm(listings=(list_brush, list_smart)),
    "smart, seeds counted": Arm(listings=(list_brush, list_smart), counts_seeds=True),
}
QUICK_ARMS, QUICK_PATIENT = (BRUSH, SMART), "219"  # whose organs lie on the fewest slices
_ROOM_MM = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One contour in one arm. `seeds` are drawn, too, and no entries; `tools` counts entries."""

    patient: str
    structure: str
    arm: str
    entries: int
    seeds: int
    first: float
    last: float
    tools: Mapping[str, int]

    @property
    def is_reached(self) -> bool:
        return self.last >= WANTED

    @property
    def counted(self) -> int:
        """Entries, those of a contour that was not reached as many as were allowed."""
        return self.entries if self.is_reached else MOST_ENTRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contour:
    patient: str
    structure: str
    hu: NDArray[np.int16]
    reference: Mask
    spoiled: Mask
    spacing_mm: tuple[float, float, float]


def measure_strokes(
    shared: Path, only: Sequence[str] = (), arms: Sequence[str] = tuple(ARMS)
) -> list[Sitting]:
    """Every contour in every arm, of all patients who have both organs or `only` of some."""
    folder = shared / "openkbp-pool"
    with reaching_out() as hand:
        return [
            _sit(hand, contour, arm)
            for number in only or list_patients(folder)
            for contour in _read(folder, number)
            for arm in arms
        ]


def _read(folder: Path, number: str) -> Iterator[_Contour]:
    """Both organs of a patient, cut to what the tools look at; none where one is missing."""
    labels = np.asarray(read_clinical(folder, number).dataobj).astype(np.uint8)
    if not all((labels == ORGANS[name]).any() for name in SPOILED):
        return
    volume = read_ct(folder / f"pt_{number}_ct.nii.gz")
    spacing = volume.grid.spacing_mm
    changed = spoil(labels, spacing)
    for name in SPOILED:
        masks = [values == ORGANS[name] for values in (labels, changed)]
        box = _box_of(masks[0] | masks[1], spacing)
        yield _Contour(
            patient=number,
            structure=name,
            hu=volume.hu[box],
            reference=masks[0][box],
            spoiled=masks[1][box],
            spacing_mm=spacing,
        )


def _box_of(mask: Mask, spacing_mm: Sequence[float]) -> tuple[slice, ...]:
    places = np.argwhere(mask)
    room = [int(np.ceil(_ROOM_MM / step)) for step in spacing_mm]
    ends = zip(places.min(0), places.max(0) + 1, room, mask.shape, strict=True)
    return tuple(slice(max(0, int(a) - r), min(n, int(b) + r)) for a, b, r, n in ends)


def _sit(hand: Hand, contour: _Contour, name: str) -> Sitting:
    """Plan after plan, until the contour is right or the entries are spent."""
    arm = ARMS[name]
    hand.open(contour.hu, contour.spoiled, contour.spacing_mm)
    thought = Thought(reference=contour.reference, spacing_mm=contour.spacing_mm)
    desk = Desk(
        hand=hand,
        reference=contour.reference,
        spacing_mm=contour.spacing_mm,
        thought=thought,
    )
    first = now = _measure(desk)
    seeds = 0
    while now < WANTED and hand.entries < MOST_ENTRIES:
        best = _choose(desk, arm)
        if best is None:
            break
        seeds += best.act()
        desk.mending.clear()
        now = _measure(desk)
    return Sitting(
        patient=contour.patient,
        structure=contour.structure,
        arm=name,
        entries=hand.entries,
        seeds=seeds,
        first=first,
        last=now,
        tools=Counter(hand.tools),
    )


def _choose(desk: Desk, arm: Arm) -> Plan | None:
    """The plan with the greatest gain for its cost; None where nothing mends anything."""
    surface, wrong = _measure(desk), desk.count_wrong()
    tried: list[tuple[float, float, Plan]] = []
    for plan in (plan for listing in arm.listings for plan in listing(desk)):
        before = desk.hand.entries
        with desk.hand.trying():
            try:
                seeds = plan.act()
            except NothingToDo:
                continue
            cost = desk.hand.entries - before + (seeds if arm.counts_seeds else 0)
            mended = wrong - desk.count_wrong()
            if mended > 0:
                gained = _measure(desk) - surface
                tried.append((max(0.0, gained / cost), mended / cost, plan))
    return max(tried, key=lambda one: one[:2])[2] if tried else None


def _measure(desk: Desk) -> float:
    """Surface Dice at 1 mm: the loop's own table of structures names no tolerance."""
    return float(measure(desk.reference, desk.hand.now, desk.spacing_mm).surface_dice)
