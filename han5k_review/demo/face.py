"""The middle of the face: nose, sinuses, cheekbones."""

from __future__ import annotations

import numpy as np

from han5k_review.demo.part import AIR_HU, SIDES, Part, bone, cells, flat, muscle
from han5k_review.demo.solid import Solid, ellipsoid, tube

_MUCOSA = flat(45.0, grain_hu=6)
_AIR = flat(AIR_HU + 15, grain_hu=8)


def build_face_parts() -> list[Part]:
    """Bones first, then the air in them, then what stands in the air."""
    parts: list[Part] = []
    cavity = ellipsoid((0, -64, -7), (15, 33, 20), power=2.5)
    bridge = tube([(0, -97, 14), (0, -106, -2)], [4.5, 3.5])
    parts += [
        Part(solid=cavity.grown(1.8), shade=bone(cortex_hu=700.0, rind_mm=3)),
        Part(solid=bridge, shade=bone(rind_mm=1.5)),
    ]
    for sign, _ in SIDES:
        antrum = ellipsoid((29, -63, -9), (13, 16, 16), power=2.5)
        arch = [(40, -78, -2), (54, -66, -4), (66, -42, -3), (67, -26, -2), (62, -12, -1)]
        cheek = tube(arch, [5.5, 6, 3, 2.4, 3])
        rim = tube([(54, -68, 22), (54, -70, 8), (46, -78, -2)], [3.5, 4, 5])
        parts += [
            Part(solid=antrum.grown(1.8).on(sign), shade=bone(cortex_hu=950.0, rind_mm=3)),
            Part(solid=cheek.union(rim, blend_mm=5).on(sign), shade=bone(rind_mm=1.6)),
            Part(solid=antrum.on(sign), shade=_MUCOSA),
            Part(solid=antrum.grown(-1.0 - 0.5 * (sign > 0)).on(sign), shade=_AIR),
            Part(solid=ellipsoid((10, -91, 41), (9, 4, 10)).on(sign), shade=_AIR),
        ]
    ethmoid = ellipsoid((0, -62, 18), (12, 22, 11), power=2.6)
    parts += [
        Part(solid=ethmoid.grown(1.2), shade=bone(cortex_hu=600.0, rind_mm=3)),
        Part(solid=ethmoid, shade=cells(wall_hu=250.0, air_share=0.7)),
        Part(solid=cavity, shade=_MUCOSA),
        Part(solid=cavity.grown(-1.8), shade=_AIR),
        *_inside_the_nose(cavity),
    ]
    return parts


def build_lip_parts() -> list[Part]:
    """Ring muscle of the mouth and the muscle of the cheek."""
    lips = tube([(26, -88, -46), (12, -98, -44), (0, -100, -44)], [4, 6, 6.5])
    cheek = tube([(40, -50, -44), (36, -72, -45), (26, -88, -46)], 2.4, flatten=(1, 1, 0.2))
    return [Part(solid=s.on(sign), shade=muscle(50.0)) for sign, _ in SIDES for s in (lips, cheek)]


def _inside_the_nose(cavity: Solid) -> list[Part]:
    septum = Solid(
        low=(-4, -100, -26),
        high=(4, -34, 12),
        distance_mm=lambda p: np.maximum(
            np.abs(p.x - 1.2 * np.sin(p.y * np.float32(0.07))) - np.float32(1.1),
            cavity.distance_mm(p),
        ),
    )
    parts = [Part(solid=septum, shade=flat(180.0, grain_hu=30))]
    for sign, _ in SIDES:
        lower = tube([(9, -86, -17), (9, -46, -17)], 3.6, flatten=(1, 1, 0.7))
        middle = tube([(7, -80, -3), (7, -46, -3)], 2.6, flatten=(1, 1, 0.6))
        nostril = tube([(6, -92, -18), (6, -106, -24)], [4, 3.5])
        parts += [
            Part(solid=lower.on(sign), shade=flat(60.0, grain_hu=10)),
            Part(solid=middle.on(sign), shade=flat(70.0, grain_hu=15)),
            Part(solid=nostril.on(sign), shade=_AIR),
        ]
    return parts
