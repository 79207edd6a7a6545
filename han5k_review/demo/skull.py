"""The skull: vault, base with its three fossae, petrous bones, clivus."""

from __future__ import annotations

import numpy as np

from han5k_review.demo.part import SIDES, Part, bone, cells, flat
from han5k_review.demo.solid import Float, Points, Solid, ellipsoid, tube

VAULT_MM = 6.5


def build_cranial_shell() -> Solid:
    """The outer table of the vault, closed below (as if the base were round too)."""
    return _vault().grown(VAULT_MM)


def build_cavity() -> Solid:
    """The inside of the skull above the floor of the three fossae."""
    vault = _vault()
    return Solid(
        low=vault.low,
        high=vault.high,
        distance_mm=lambda p: np.maximum(vault.distance_mm(p), 0.8 * (_floor_mm(p) - p.z)),
    )


def build_skull_parts(cavity: Solid) -> list[Part]:
    """Bones of vault and base, mastoid cells, sphenoid sinus; the mastoids are structures."""
    outer = build_cranial_shell()
    plate = Solid(
        low=outer.low,
        high=outer.high,
        distance_mm=_plate_mm,
    )
    hole = tube([(0, 18, -40), (0, 18, -8)], 14)
    parts = [
        Part(solid=plate.minus(hole), shade=bone(marrow_hu=520.0, rind_mm=1.6), step=2),
        Part(
            solid=tube([(0, -30, 10), (0, -14, 8), (0, -1, -14)], [12, 11, 6]).minus(cavity),
            shade=bone(marrow_hu=280.0, rind_mm=1.5),
        ),
    ]
    for sign, side in SIDES:
        petrous = tube([(54, 9, 0), (34, 2, 2), (13, -8, 6)], [13, 12, 7]).minus(cavity)
        condyle = ellipsoid((17, 9, -22), (6, 11, 6))
        mastoid = ellipsoid((55, 20, -11), (11, 15, 20), power=2.2)
        parts += [
            Part(
                solid=petrous.on(sign),
                shade=bone(cortex_hu=1500.0, marrow_hu=1050.0, rind_mm=2.5),
            ),
            Part(solid=condyle.on(sign), shade=bone()),
            Part(solid=mastoid.on(sign), shade=bone(rind_mm=3), structure=f"Mastoid_{side}"),
            Part(solid=mastoid.grown(-2.2).on(sign), shade=cells()),
            Part(solid=tube([(36, 4, -16), (31, -5, -44)], [2, 1.2]).on(sign), shade=bone()),
            Part(
                solid=tube([(14, -38, 2), (15, -36, -28)], 1.6, flatten=(1, 0.22, 1)).on(sign),
                shade=bone(),
            ),
            Part(
                solid=ellipsoid((6.5, -29, 9), (7.5, 11, 9), power=2.5).on(sign),
                shade=flat(-960.0, grain_hu=10),
            ),
        ]
    return parts


def _plate_mm(p: Points) -> Float:
    """Distance to vault and base: inside the outer table, outside the cavity, above the base."""
    vault, floor = _vault().distance_mm(p), _floor_mm(p)
    cavity = np.maximum(vault, 0.8 * (floor - p.z))
    bone_mm = np.maximum(vault - np.float32(VAULT_MM), floor - _floor_thickness_mm(p) - p.z)
    return np.asarray(np.maximum(bone_mm, -cavity), dtype=np.float32)


def _vault() -> Solid:
    return ellipsoid((0, -2, 50), (67, 86, 68), power=2.3)


def _floor_mm(p: Points) -> Float:
    """Height z of the skull base's inner surface at (x, y)."""
    beside = np.abs(p.x)
    centre = np.exp(-((p.x / np.float32(14.0)) ** 2))
    front = 36 - 8 * np.exp(-((p.x / np.float32(8.0)) ** 2))
    ridge_y = np.float32(-6.0) + np.float32(0.40) * beside
    crest = 15 * _step(beside - 9, 3) - 6 * _step(beside - 44, 4)
    ridge = crest - np.float32(0.075) * (p.y - ridge_y) ** 2
    middle = 2 + 23 * centre
    back = np.float32(-21.0) + 0 * p.x
    to_middle = _step(p.y + 38 + 6 * (1 - centre), 2.5)
    to_back = _step(p.y - ridge_y, 4.0)
    floor = front + to_middle * (middle - front)
    floor = np.maximum(floor + to_back * (back - floor), ridge)
    sella = np.exp(-((p.x / np.float32(7.0)) ** 4) - (((p.y + 20) / np.float32(5.5)) ** 4))
    return np.asarray(floor - 7 * sella, dtype=np.float32)


def _floor_thickness_mm(p: Points) -> Float:
    """Thickness of the base under the floor: thin over the orbits, thick at rim, clivus, behind."""
    middle = np.exp(-((p.x / np.float32(22.0)) ** 2)) * _step(p.y + 14, 4)
    rim = _step(-76 - p.y, 3)
    return np.asarray(3 + 5 * _step(p.y + 36, 4) + 8 * middle + 15 * rim, dtype=np.float32)


def _step(v: Float, width: float) -> Float:
    return np.asarray(0.5 + 0.5 * np.tanh(v / np.float32(2 * width)), dtype=np.float32)
