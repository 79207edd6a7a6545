"""Overlapping structures in one label map: a value for each set of structures that meet.

A voxel of brain stem and brain has a value of its own, and `dataset.json` says of which values
each structure is made (nnU-Net's regions). So a map loses nothing, however deep structures overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask

MOST_STRUCTURES = 63
_MOST_VALUES = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelValues:
    """Values of the label maps: `sets[n]` has value n + 1; bit s of a set is structure s."""

    structures: tuple[str, ...]
    sets: tuple[int, ...]

    def list_values(self, structure: str) -> list[int]:
        """The values of which a structure is made."""
        bit = 1 << self.structures.index(structure)
        return [value for value, one in enumerate(self.sets, start=1) if one & bit]

    @property
    def overlapping(self) -> int:
        """How many values stand for two structures or more."""
        return len(self.sets) - len(self.structures)


def find_sets(masks: Sequence[StructureMask], grid: Grid) -> frozenset[int]:
    """The sets of structures that meet in some voxel; bit s of a set is mask s. Slice by slice."""
    found: set[int] = set()
    for k in range(grid.shape[2]):
        marks = _mark(masks, grid, k)
        found.update(int(one) for one in np.unique(marks[marks != 0]))
    return frozenset(found)


def number_sets(structures: Sequence[str], sets: Iterable[int]) -> LabelValues:
    """Each structure alone gets its place as value, then every set that occurs.

    DataError for more structures or sets than a map can hold.
    """
    if len(structures) > MOST_STRUCTURES:
        raise DataError(
            f"Up to {MOST_STRUCTURES} structures were expected in nnU-Net's label maps, found "
            f"{len(structures)}; name those that matter."
        )
    alone = [1 << place for place in range(len(structures))]
    meeting = sorted(set(sets) - set(alone), key=lambda one: (one.bit_count(), one))
    if len(alone) + len(meeting) > _MOST_VALUES:
        raise DataError(
            f"Up to {_MOST_VALUES} values were expected in nnU-Net's label maps, found "
            f"{len(alone) + len(meeting)} sets of structures that meet; name fewer structures."
        )
    return LabelValues(structures=tuple(structures), sets=(*alone, *meeting))


def build_label_map(
    masks: Sequence[StructureMask], grid: Grid, values: LabelValues
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """(ni, nj, nk) values of a case; `masks` in the order of the structures of `values`."""
    order = np.argsort(np.array(values.sets, dtype=np.uint64))
    keys = np.array(values.sets, dtype=np.uint64)[order]
    kind = np.uint8 if len(values.sets) < 256 else np.uint16
    numbers = (order + 1).astype(kind)
    out = np.zeros(grid.shape, dtype=kind, order="F")
    for k in range(grid.shape[2]):
        marks = _mark(masks, grid, k)
        inside = marks != 0
        out[:, :, k][inside] = numbers[np.searchsorted(keys, marks[inside])]
    return out


def build_dataset_json(
    values: LabelValues, inside: Mapping[str, str], cases: int, about: Mapping[str, str]
) -> dict[str, Any]:
    """nnU-Net's `dataset.json`; `inside` names the structure that contains another one.

    Regions stand in an order in which a structure comes after the one that contains it, as nnU-Net
    writes them over one another when it turns a prediction into one map.
    """
    names = _outer_first(values.structures, inside)
    has_regions = values.overlapping > 0
    made_of = {name: values.list_values(name) for name in names}
    labels: dict[str, Any] = {"background": 0}
    labels |= made_of if has_regions else {name: made_of[name][0] for name in names}
    content: dict[str, Any] = {"channel_names": {"0": "CT"}, "labels": labels}
    if has_regions:
        content["regions_class_order"] = [values.structures.index(name) + 1 for name in names]
    return content | {
        "numTraining": cases,
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": "SimpleITKIO",
        **about,
    }


def _outer_first(names: Sequence[str], inside: Mapping[str, str]) -> list[str]:
    def depth(name: str) -> int:
        count, seen = 0, {name}
        while (outer := inside.get(name)) is not None and outer not in seen:
            count, name = count + 1, outer
            seen.add(outer)
        return count

    return sorted(names, key=depth)


def _mark(masks: Sequence[StructureMask], grid: Grid, k: int) -> NDArray[np.uint64]:
    """(ni, nj) of axial slice k: which masks hold each voxel, as bits."""
    marks = np.zeros(grid.shape[:2], dtype=np.uint64)
    for place, mask in enumerate(masks):
        i, j, ks = mask.slices
        if ks.start <= k < ks.stop:
            marks[i, j] |= mask.voxels[:, :, k - ks.start].astype(np.uint64) << np.uint64(place)
    return marks
