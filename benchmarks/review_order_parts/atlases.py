"""Pseudo-labels of real patients by several atlases: other patients' contours moved onto a CT.

Each atlas is laid on the CT by the shift that fits best, first as a whole, then structure by
structure and part by part (normalised cross-correlation of HU). What half of the best atlases hold
is the pseudo-label. So contours are wrong in the way of an automatic method, and there are several
drawings of each, as the predictions of a model would be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume

_STEP_MM = 4.0
"""Atlases are compared on cubic voxels of this size."""
_AROUND_MM, _PART_MM = 8.0, 30.0
_SEARCH_MM = np.array((16.0, 16.0, 60.0))  # CTs begin at other heights
_LEAST_HU, _MOST_HU = -250.0, 350.0
_MEMBERS, _THIN = 5, 2

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Laid:
    """Part of an organ: `share` (i, j, k) 0 to 1 on cubic voxels from `start` (i, j, k) on."""

    start: NDArray[np.int_]
    share: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Atlas:
    """A patient on cubic voxels: `hu` (i, j, k), clipped, and organs in parts, lowest first."""

    patient: str
    ct: CtVolume
    references: Mapping[str, StructureMask]
    hu: Floats
    organs: Mapping[str, Sequence[Laid]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A pseudo-label; `disagreement` is 1 minus the mean Dice of its drawings' pairs, `entropy` the
    mean bits of voxels that any of them holds (both 0 to 1)."""

    mask: StructureMask
    disagreement: float
    entropy: float


def build_atlas(patient: str, ct: CtVolume, references: Mapping[str, StructureMask]) -> Atlas:
    """A patient as an atlas, and as one to draw."""
    spacing_mm = np.array(ct.grid.spacing_mm)
    hu = np.clip(ct.hu, _LEAST_HU, _MOST_HU).astype(np.float32)
    shape = np.floor(np.array(ct.grid.shape) * spacing_mm / _STEP_MM).astype(int)
    small = ndimage.affine_transform(
        hu, _STEP_MM / spacing_mm, output_shape=tuple(shape), order=1, mode="nearest"
    )
    organs = {name: _lay(mask, spacing_mm, shape) for name, mask in references.items()}
    return Atlas(patient=patient, ct=ct, references=references, hu=small, organs=organs)


def _lay(
    mask: StructureMask, spacing_mm: NDArray[np.float64], shape: NDArray[np.int_]
) -> list[Laid]:
    """An organ with room around it, cut into parts so that a long one can bend."""
    start_mm = np.array(mask.start_ijk) * spacing_mm
    end_mm = start_mm + np.array(mask.voxels.shape) * spacing_mm
    low = np.maximum(np.floor((start_mm - _AROUND_MM) / _STEP_MM), 0).astype(int)
    high = np.minimum(np.ceil((end_mm + _AROUND_MM) / _STEP_MM).astype(int), shape)
    share = ndimage.affine_transform(
        mask.voxels.astype(np.float32),
        _STEP_MM / spacing_mm,
        offset=(low * _STEP_MM - start_mm) / spacing_mm,
        output_shape=tuple(high - low),
        order=1,
    )
    room, height = round(_AROUND_MM / _STEP_MM), share.shape[2]
    count = max(1, round((height - 2 * room) * _STEP_MM / _PART_MM))
    cuts = np.linspace(room, height - room, count + 1).round().astype(int)
    cuts[0], cuts[-1] = 0, height
    found = []
    for first, last in pairwise(cuts.tolist()):
        a, b = max(first - room, 0), min(last + room, height)
        part = share[:, :, a:b].copy()
        part[:, :, : first - a] = 0
        part[:, :, last - a :] = 0
        found.append(Laid(start=low + np.array((0, 0, a)), share=part))
    return found


def draw_organs(asked: Atlas, atlases: Sequence[Atlas]) -> dict[str, Drawn]:
    """Pseudo-labels of the organs that a patient has a reference for; others are of no use here."""
    moves = {atlas.patient: _align(asked.hu, atlas.hu) for atlas in atlases}
    found = {}
    for name in asked.references:
        fitted = [
            [_fit(asked.hu, atlas.hu, part, moves[atlas.patient]) for part in atlas.organs[name]]
            for atlas in atlases
            if name in atlas.organs
        ]
        best = sorted(fitted, key=lambda parts: -float(np.mean([score for score, _ in parts])))
        members = [[part for _, part in parts] for parts in best[:_MEMBERS]]
        found[name] = _fuse(asked, members)
    return found


def _align(fixed: Floats, moving: Floats) -> NDArray[np.int_]:
    """The shift (voxels) of the whole `moving` that fits `fixed` best, by correlation."""
    fixed, moving = (hu[::_THIN, ::_THIN, ::_THIN] - _LEAST_HU for hu in (fixed, moving))
    shape = [fft.next_fast_len(a + b) for a, b in zip(fixed.shape, moving.shape, strict=True)]
    one, other = (fft.rfftn(hu, shape) for hu in (fixed, moving))
    surface = fft.irfftn(one * np.conj(other), shape)
    place = np.array(np.unravel_index(int(surface.argmax()), surface.shape))
    return np.where(place > np.array(shape) / 2, place - shape, place) * _THIN


def _fit(asked: Floats, hu: Floats, part: Laid, move: NDArray[np.int_]) -> tuple[float, Laid]:
    """How well the surroundings of a part fit (-1 to 1), and the part on the asked voxels."""
    shape = np.array(part.share.shape)
    patch = _cut(hu, part.start, shape)
    search = np.round(_SEARCH_MM / _STEP_MM).astype(int)
    around = _cut(asked, part.start + move - search, shape + 2 * search)
    scores = _correlate(around, patch)
    step = np.array(np.unravel_index(int(scores.argmax()), scores.shape))
    return float(scores.max()), Laid(start=part.start + move - search + step, share=part.share)


def _correlate(around: Floats, patch: Floats) -> Floats:
    """Normalised cross-correlation of a patch at every place where it lies in `around` whole."""
    shape = [fft.next_fast_len(n) for n in around.shape]
    size = patch.size
    kernels = (patch - patch.mean(), np.ones_like(patch))
    both = [np.conj(fft.rfftn(kernel, shape)) for kernel in kernels]
    own, squared = (fft.rfftn(values, shape) for values in (around, around**2))
    valid = tuple(slice(0, a - b + 1) for a, b in zip(around.shape, patch.shape, strict=True))
    cross = fft.irfftn(own * both[0], shape)[valid]
    sums = fft.irfftn(own * both[1], shape)[valid]
    squares = fft.irfftn(squared * both[1], shape)[valid]
    spread = np.sqrt(np.maximum(squares - sums**2 / size, 1.0))
    return np.asarray(cross / (spread * max(float(np.linalg.norm(kernels[0])), 1.0)))


def _cut(hu: Floats, start: NDArray[np.int_], shape: NDArray[np.int_]) -> Floats:
    """A box that may reach beyond the CT, where it is as dark as air."""
    found = np.full(shape, _LEAST_HU, dtype=np.float32)
    first, last = np.maximum(start, 0), np.minimum(start + shape, hu.shape)
    if (last > first).all():
        own = tuple(slice(a, b) for a, b in zip(first - start, last - start, strict=True))
        found[own] = hu[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
    return found


def _fuse(asked: Atlas, members: Sequence[Sequence[Laid]]) -> Drawn:
    """What half of the drawings hold, on the voxels of the CT, and how far they differ."""
    low = np.min([part.start for parts in members for part in parts], axis=0)
    high = np.max([part.start + part.share.shape for parts in members for part in parts], axis=0)
    shares = np.zeros((len(members), *(high - low)), dtype=np.float32)
    for n, parts in enumerate(members):
        for part in parts:
            ends = zip(part.start - low, part.share.shape, strict=True)
            i, j, k = (slice(a, a + b) for a, b in ends)
            shares[n, i, j, k] = np.maximum(shares[n, i, j, k], part.share)
    masks = shares > 0.5
    share = shares.mean(axis=0)
    held = share[masks.any(axis=0)].clip(1e-6, 1 - 1e-6)
    bits = -(held * np.log2(held) + (1 - held) * np.log2(1 - held))
    pairs = [
        2 * int(np.count_nonzero(a & b)) / max(int(a.sum() + b.sum()), 1)
        for a, b in combinations(masks, 2)
    ]
    return Drawn(
        mask=_bring_back(asked, share, low),
        disagreement=1 - float(np.mean(pairs)) if pairs else 0.0,
        entropy=float(bits.mean()) if held.size else 0.0,
    )


def _bring_back(asked: Atlas, share: Floats, low: NDArray[np.int_]) -> StructureMask:
    """The voxels of the CT of which half is held."""
    grid = asked.ct.grid
    spacing_mm = np.array(grid.spacing_mm)
    first = np.clip(np.floor(low * _STEP_MM / spacing_mm).astype(int), 0, grid.shape)
    end_mm = (low + share.shape) * _STEP_MM
    last = np.clip(np.ceil(end_mm / spacing_mm).astype(int), first, grid.shape)
    back = ndimage.affine_transform(
        share,
        spacing_mm / _STEP_MM,
        offset=first * spacing_mm / _STEP_MM - low,
        output_shape=tuple(last - first),
        order=1,
    )
    i, j, k = (int(n) for n in first)
    return StructureMask.from_box(back > 0.5, (i, j, k), grid)
