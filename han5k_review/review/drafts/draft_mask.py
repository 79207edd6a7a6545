"""The mask of a draft while patches are applied, and a bounded shelf of such masks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.vocabulary import PatchMode

BoolArray = NDArray[np.bool_]
Index = tuple[int, int, int]
_MARGIN = 8  # voxels added around a draft mask that grows, so that the next stroke finds room


@dataclass(slots=True, kw_only=True, eq=False)
class DraftMask:
    """A mask that changes: `box` (i, j, k) begins at `start_ijk` of the grid; outside is empty."""

    grid: Grid
    start_ijk: Index
    box: BoolArray
    voxels: int
    version: int

    @classmethod
    def from_mask(cls, mask: StructureMask, version: int) -> DraftMask:
        """a draft mask that holds a copy of `mask` as version `version`."""
        return cls(
            grid=mask.grid,
            start_ijk=mask.start_ijk,
            box=mask.voxels.copy(),
            voxels=mask.voxel_count,
            version=version,
        )

    def apply(self, mode: PatchMode, start_ijk: Index, marked: BoolArray) -> None:
        """Apply one patch, a box (i, j, k) of True and False; the version grows by one."""
        self._make_room(start_ijk, marked.shape)
        i, j, k = (
            slice(a - s, a - s + n)
            for a, s, n in zip(start_ijk, self.start_ijk, marked.shape, strict=True)
        )
        part = self.box[i, j, k]
        before = int(np.count_nonzero(part))
        if mode is PatchMode.XOR:
            np.logical_xor(part, marked, out=part)
        else:
            part[...] = marked
        self.voxels += int(np.count_nonzero(part)) - before
        self.version += 1

    def to_mask(self) -> StructureMask:
        """The mask, cropped to its tight box; later strokes do not reach it."""
        return StructureMask.from_box(self.box.copy(), self.start_ijk, self.grid)

    def _make_room(self, start_ijk: Index, shape: tuple[int, ...]) -> None:
        ends = [a + n for a, n in zip(start_ijk, shape, strict=True)]
        own_ends = [s + n for s, n in zip(self.start_ijk, self.box.shape, strict=True)]
        has_room = self.box.size and all(
            s <= a and e <= o
            for s, a, e, o in zip(self.start_ijk, start_ijk, ends, own_ends, strict=True)
        )
        if has_room:
            return
        if self.box.size:
            low = [min(s, a) for s, a in zip(self.start_ijk, start_ijk, strict=True)]
            high = [max(o, e) for o, e in zip(own_ends, ends, strict=True)]
        else:
            low, high = list(start_ijk), ends
        low = [max(0, a - _MARGIN) for a in low]
        high = [min(n, e + _MARGIN) for n, e in zip(self.grid.shape, high, strict=True)]
        grown = np.zeros([h - a for a, h in zip(low, high, strict=True)], dtype=np.bool_)
        if self.box.size:
            i, j, k = (
                slice(s - a, s - a + n)
                for s, a, n in zip(self.start_ijk, low, self.box.shape, strict=True)
            )
            grown[i, j, k] = self.box
        self.box, self.start_ijk = grown, (low[0], low[1], low[2])


@dataclass(slots=True, kw_only=True)
class MaskShelf:
    """Masks by draft, at most `capacity_bytes`; the least used goes first.

    a draft mask is taken off the shelf while somebody works on it and put back when the change is
    committed, so that what lies here is always a state of the journal. Losing one costs a replay.
    """

    capacity_bytes: int
    _masks: OrderedDict[int, DraftMask] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, draft_id: int) -> DraftMask | None:
        """The mask of this draft, which is then the caller's alone; None when none is there."""
        with self._lock:
            return self._masks.pop(draft_id, None)

    def put(self, draft_id: int, draft_mask: DraftMask) -> None:
        """Put a committed state on the shelf, unless a newer one lies there."""
        with self._lock:
            known = self._masks.get(draft_id)
            if known is None or known.version < draft_mask.version:
                self._masks[draft_id] = draft_mask
                self._masks.move_to_end(draft_id)
            while sum(c.box.nbytes for c in self._masks.values()) > self.capacity_bytes:
                self._masks.popitem(last=False)
