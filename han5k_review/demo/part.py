"""Part: a solid, how it looks on CT, and the structure it belongs to; the shades of tissues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from han5k_review.demo.solid import Float, Points, Solid

Shade = Callable[[Points, Float], Float]
SIDES = ((1, "L"), (-1, "R"))

AIR_HU, FAT_HU, MUSCLE_HU, SKIN_HU, CSF_HU = -1000.0, -102.0, 58.0, 20.0, 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of the patient, painted in the order of the list.

    `shade` gives its HU (None: a label only, nothing is painted); `structure` the catalogue name
    its voxels are added to (None: tissue that nobody contours); `step` 2 lets a large smooth solid
    be sampled at every second pixel.
    """

    solid: Solid
    shade: Shade | None = None
    structure: str | None = None
    step: int = 1


def flat(hu: float, *, grain_hu: float = 0.0, folds_hu: float = 0.0) -> Shade:
    """One HU, with fine and coarse texture of these deviations."""

    def shade(p: Points, distance: Float) -> Float:
        texture = np.float32(grain_hu) * p.grain + np.float32(folds_hu) * p.folds
        return np.asarray(texture + np.float32(hu), dtype=np.float32)

    return shade


def muscle(hu: float = MUSCLE_HU) -> Shade:
    """Muscle with thin planes of fat between its bundles."""

    def shade(p: Points, distance: Float) -> Float:
        plane = np.exp(-((p.folds / np.float32(0.11)) ** 2))
        return np.asarray(
            np.float32(hu) + 5 * p.grain - np.float32(105.0) * plane, dtype=np.float32
        )

    return shade


def gland(hu: float) -> Shade:
    """A salivary gland: between muscle and fat, lobulated."""

    def shade(p: Points, distance: Float) -> Float:
        return np.float32(hu) + 12 * p.folds + 9 * p.grain

    return shade


def bone(*, cortex_hu: float = 1250.0, marrow_hu: float = 330.0, rind_mm: float = 2.0) -> Shade:
    """Dense rind, spongy marrow."""

    def shade(p: Points, distance: Float) -> Float:
        inner = np.clip((-distance - np.float32(rind_mm)) / np.float32(1.2), 0, 1)
        marrow = np.float32(marrow_hu) + np.float32(0.22 * marrow_hu) * p.grain
        hu = np.float32(cortex_hu) + 60 * p.grain + inner * (marrow - np.float32(cortex_hu))
        return np.asarray(hu, dtype=np.float32)

    return shade


def cells(*, wall_hu: float = 700.0, air_share: float = 0.62) -> Shade:
    """Air cells between thin bony walls, as in mastoid and ethmoid."""
    edge = np.float32(2.2 * air_share - 1.1)

    def shade(p: Points, distance: Float) -> Float:
        wall = np.clip((p.grain - edge) * 2 + 0.5, 0, 1)
        return np.asarray(np.float32(-850.0) + wall * np.float32(wall_hu + 850.0), dtype=np.float32)

    return shade


def cartilage() -> Shade:
    """Laryngeal cartilage: partly ossified."""

    def shade(p: Points, distance: Float) -> Float:
        ossified = 420 * np.clip(p.folds + np.float32(0.2), 0, 1.2)
        return np.asarray(np.float32(150.0) + ossified + 30 * p.grain, dtype=np.float32)

    return shade
