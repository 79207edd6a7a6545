"""What a scripted reader may do next: plans of strokes and tools, each tried before one is done.

A plan does something with the hand and says how many seeds it drew, which are no entries of the
journal. A plan that can do nothing here raises `NothingToDo`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from benchmarks.assist_parts.strokes_brush import Thought, find_way
from benchmarks.assist_parts.strokes_hand import Hand, Mask, Stroke

_GROW_MM = (5.0, 10.0, 20.0)
_SNAP_MM = (2.0, 3.0, 5.0, 8.0)
_FOLLOW_MM = (6.0, 10.0, 20.0)
_SMOOTH_MM = (2.0, 4.0)
_MOST_STROKES = 4
_APART = (2, 3, 4, 6)
_ALL_AROUND = np.ones((3, 3, 3), bool)
_RING = ndimage.iterate_structure(ndimage.generate_binary_structure(2, 1), 2)


class NothingToDo(Exception):  # noqa: N818
    """The plan has nothing to work on here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`name` as it is counted; `act` returns the seeds drawn."""

    name: str
    act: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the reader sees: the contour in hand and, in the mind, the one it should be."""

    hand: Hand
    reference: Mask
    spacing_mm: tuple[float, float, float]
    thought: Thought
    mending: dict[int, list[Stroke]] = field(default_factory=dict)
    """Slice -> the strokes that would mend it now; they are thought of once a step."""

    def count_wrong(self, k: int | None = None) -> int:
        wrong = self.reference ^ self.hand.now
        return int(wrong.sum() if k is None else wrong[:, :, k].sum())

    def find_worst(self) -> tuple[bool, Mask]:
        """The largest piece in 3-D: is it missing, and where."""
        best: tuple[int, bool, Mask] = (0, True, np.zeros_like(self.reference))
        for is_missing in (True, False):
            wrong = (
                self.reference & ~self.hand.now if is_missing else self.hand.now & ~self.reference
            )
            pieces, count = ndimage.label(wrong, _ALL_AROUND)
            sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
            if count and sizes.max() > best[0]:
                best = (int(sizes.max()), is_missing, pieces == int(sizes.argmax()) + 1)
        return best[1], best[2]


def list_brush(desk: Desk) -> Iterator[Plan]:
    """One stroke each."""
    for stroke in desk.thought.list_strokes(desk.hand.now):
        yield Plan(name=stroke.tool, act=lambda stroke=stroke: _draw(desk, stroke))


def list_ball(desk: Desk) -> Iterator[Plan]:
    """One stroke each, with the brush as a ball."""
    for stroke in desk.thought.list_strokes(desk.hand.now, is_ball=True):
        yield Plan(name=stroke.tool, act=lambda stroke=stroke: _draw(desk, stroke))


def list_between(desk: Desk) -> Iterator[Plan]:
    """One or two slices mended by strokes, then what lies between them is interpolated."""
    wrong = _list_slices(desk.find_worst()[1])
    first, last = wrong[0], wrong[-1]
    for apart in _APART:
        pairs = [
            (first - 1, min(last, first - 1 + apart)),
            (max(first, last + 1 - apart), last + 1),
        ]
        pairs += [(first, min(last, first + apart)), (max(first, last - apart), last)]
        for pair in dict.fromkeys(pairs):
            if pair[1] - pair[0] > 1:
                yield Plan(name="interpolate", act=lambda pair=pair: _fill(desk, pair))


def list_smart(desk: Desk) -> Iterator[Plan]:
    """Grow, snap, follow and smooth, at the largest piece or on the whole."""
    is_missing, piece = desk.find_worst()
    slices = _list_slices(piece)
    k = max(slices, key=lambda at: int(piece[:, :, at].sum()))
    yield from _list_growths(desk, is_missing, piece, slices, k)
    for mm in _SNAP_MM:
        for whole in (True, False):
            options = {"whole": whole, "reachMm": mm}
            yield Plan(name="snap", act=lambda options=options: _use(desk, "snap", k, options))
    for mm in _SMOOTH_MM:
        yield Plan(name="smooth", act=lambda mm=mm: _use(desk, "smooth", k, {"mm": mm}))
    middle = slices[len(slices) // 2]
    for at in dict.fromkeys((slices[0] - 1, slices[-1] + 1, slices[0], middle, slices[-1], k)):
        for mm in _FOLLOW_MM:
            yield Plan(name="follow", act=lambda at=at, mm=mm: _follow(desk, at, mm))


def _list_growths(
    desk: Desk, is_missing: bool, piece: Mask, slices: Sequence[int], k: int
) -> Iterator[Plan]:
    quarter = (slices[len(slices) // 4], slices[(3 * len(slices)) // 4])
    own = {at: _seed_on(desk, is_missing, piece, at) for at in (k, *quarter)}
    both = {at: [*own[at], *_seed_against(desk, is_missing, piece, at)] for at in own}
    for mm in _GROW_MM:
        tried = [(both[k], True), (own[k], True), (both[k], False)]
        if quarter[0] != quarter[1]:
            tried.append(([*both[quarter[0]], *both[quarter[1]]], True))
        for seeds, whole in tried:
            yield Plan(
                name="grow",
                act=lambda seeds=seeds, whole=whole, mm=mm: _grow(desk, k, seeds, whole, mm),
            )


def _seed_on(desk: Desk, is_missing: bool, piece: Mask, k: int) -> list[Stroke]:
    """Along the piece itself: inside what is missing, outside on what is too much."""
    way = [(int(i), int(j)) for i, j in find_way(piece[:, :, k])]
    return [Stroke(tool="seed-in" if is_missing else "seed-out", k=k, points=way)] if way else []


def _seed_against(desk: Desk, is_missing: bool, piece: Mask, k: int) -> list[Stroke]:
    """Where the growth must not go: beside what is missing, on the right part of the contour."""
    reference = desk.reference[:, :, k]
    if is_missing:
        near = ndimage.binary_dilation(piece[:, :, k], _RING, iterations=2)
        cells = near & ~ndimage.binary_dilation(reference, _RING)
    else:
        cells = reference & desk.hand.now[:, :, k]
        deep = ndimage.binary_erosion(cells)
        cells = deep if deep.any() else cells
    way = [(int(i), int(j)) for i, j in find_way(cells)]
    return [Stroke(tool="seed-out" if is_missing else "seed-in", k=k, points=way)] if way else []


def _list_slices(piece: Mask) -> list[int]:
    return [int(k) for k in np.flatnonzero(piece.any((0, 1)))]


# -- what is done ----------------------------------------------------------------------------------


def _draw(desk: Desk, stroke: Stroke) -> int:
    desk.hand.draw(stroke)
    return 0


def _use(desk: Desk, tool: str, k: int, options: dict[str, float | bool]) -> int:
    desk.hand.use(tool, k, **options)
    return 0


def _grow(desk: Desk, k: int, seeds: Sequence[Stroke], whole: bool, mm: float) -> int:
    for seed in seeds:
        desk.hand.draw(seed)
    changed = desk.hand.use("grow", k, whole=whole, reachMm=mm)
    if not len(changed):
        desk.hand.drop()
    return len(seeds)


def _mend(desk: Desk, k: int) -> None:
    """A slice by strokes, as long as each mends two voxels or more."""
    known = desk.mending.get(k)
    if known is None:
        with desk.hand.trying():
            known = desk.mending[k] = list(_think(desk, k))
    for stroke in known:
        desk.hand.draw(stroke)


def _think(desk: Desk, k: int) -> Iterator[Stroke]:
    for _ in range(_MOST_STROKES):
        before = desk.count_wrong(k)
        strokes = desk.thought.list_strokes(desk.hand.now, [k])
        left = []
        for stroke in strokes:
            with desk.hand.trying():
                desk.hand.draw(stroke)
                left.append(desk.count_wrong(k))
        if not left or min(left) > before - 2:
            return
        best = strokes[left.index(min(left))]
        desk.hand.draw(best)
        yield best


def _follow(desk: Desk, k: int, mm: float) -> int:
    """Mends a slice, then takes what is proposed where it mends half as much as on the best."""
    if not 0 <= k < desk.reference.shape[2]:
        raise NothingToDo
    _mend(desk, k)
    wrong = (desk.reference ^ desk.hand.now).ravel(order="F")
    proposed = desk.hand.follow(k, mm)
    mended = {at: 2 * int(wrong[cells].sum()) - len(cells) for at, cells in proposed.items()}
    best = max(mended.values(), default=0)
    taken = [at for at, count in mended.items() if count > 0 and 2 * count >= best]
    if not taken:
        desk.hand.drop()
        raise NothingToDo
    for at in taken:
        desk.hand.accept(at)
    desk.hand.drop()
    return 0


def _fill(desk: Desk, pair: tuple[int, int]) -> int:
    if pair[0] < 0 or pair[1] >= desk.reference.shape[2]:
        raise NothingToDo
    for k in pair:
        _mend(desk, k)
    desk.hand.fill_between((pair[0] + pair[1]) // 2)
    return 0
