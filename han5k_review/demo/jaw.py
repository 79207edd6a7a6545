"""Mandible with rami and condyles, teeth, the joints, and the muscles of chewing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from han5k_review.demo.part import SIDES, Part, bone, flat, muscle
from han5k_review.demo.solid import Solid, Triple, ellipsoid, tube

_LOWER_ARCH = ((0, -88), (9, -87), (17, -80), (23, -70), (27, -59), (30, -46))
_UPPER_ARCH = ((0, -91), (10, -89), (18, -82), (24, -71), (28, -60), (31, -47))
# Distance along the arch from the midline to each tooth's middle, and its crown's radius (mm).
_TEETH = ((3.5, 2.9), (10, 3.0), (17, 3.5), (24.5, 3.4), (31.5, 3.6), (40.5, 4.7), (50.5, 4.7))
_BITE_MM = -46.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tooth:
    """`number` 1..7 from the midline, negative on the right; crown and root run along z."""

    number: int
    upper: bool
    crown: Solid
    root: Solid
    place_mm: Triple


def build_mandible() -> Solid:
    """The left half of the horseshoe, to just past the midline, with all its processes."""
    body = tube(
        [
            (45, -22, -58),
            (43, -38, -62),
            (36, -56, -66),
            (25, -77, -70),
            (11, -89, -73),
            (0, -91, -73),
        ],
        [5.5, 6, 6.2, 6.2, 6.2, 6.2],
        flatten=(1, 1, 0.47),
    )
    ramus = tube([(46, -27, -58), (48, -29, -26)], [4.2, 4.0], flatten=(1, 0.27, 1), pieces=2)
    coronoid = tube([(48, -37, -26), (46, -45, -7)], [4, 2], pieces=2)
    neck = tube([(49, -20, -28), (50, -15, -9)], [4.3, 4.2], pieces=2)
    condyle = ellipsoid((50, -14.5, -5.5), (9, 5, 5.5))
    top = ramus.union(coronoid, blend_mm=5).union(neck, blend_mm=5).union(condyle, blend_mm=3)
    return body.union(top, blend_mm=7)


def build_teeth() -> list[Tooth]:
    """Twenty-eight teeth in two arches."""
    teeth = []
    for upper, arch in ((True, _UPPER_ARCH), (False, _LOWER_ARCH)):
        line = np.array(arch, dtype=float)
        steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        for n, (along, radius) in enumerate(_TEETH, start=1):
            x, y = (float(np.interp(along, steps, line[:, axis])) for axis in (0, 1))
            sign = 1.0 if upper else -1.0
            tip, neck, apex = (_BITE_MM + sign * v for v in (1.5 + radius / 2, 7.0, 17.0))
            crown = tube([(x, y, tip), (x, y, neck)], [radius, radius * 0.85])
            root = tube([(x, y, neck), (x, y, apex)], [radius * 0.75, 1.3])
            for side, _ in SIDES:
                teeth.append(
                    Tooth(
                        number=side * n,
                        upper=upper,
                        crown=crown.on(side),
                        root=root.on(side),
                        place_mm=(side * x, y, tip),
                    )
                )
    return teeth


def build_chewing_parts(body: Solid) -> list[Part]:
    """Masseter, both pterygoids, temporalis. Drawn before the skull."""
    parts = []
    for sign, _ in SIDES:
        for centre, radii in (
            ((57, -37, -42), (6, 15, 27)),
            ((38, -32, -43), (6.5, 13, 24)),
            ((37, -30, -13), (12, 12, 8)),
            ((65, -36, 26), (11, 32, 38)),
        ):
            solid = ellipsoid(centre, radii).on(sign).within(body, margin_mm=5.0)
            parts.append(Part(solid=solid, shade=muscle()))
    return parts


def build_jaw_parts(teeth: list[Tooth], mandible: Solid, metal: tuple[int, ...]) -> list[Part]:
    """Jaws and joints, `mandible` being the left half. The labels stop at midline and teeth."""
    parts: list[Part] = []
    for sign, side in SIDES:
        joint = ellipsoid((50, -15, -4), (11, 8.5, 8))
        parts += [
            Part(solid=mandible.on(sign), shade=bone(cortex_hu=1450.0, rind_mm=2.2)),
            Part(solid=mandible.half(1).on(sign), structure=f"Mandible{side}"),
            Part(solid=joint.on(sign), structure=f"TMJ{side}"),
        ]
    parts.append(Part(solid=_maxilla(), shade=bone(rind_mm=1.5)))
    for tooth in teeth:
        filled = tooth.number in metal and not tooth.upper
        filling_hu = 3071.0 if filled else 2300.0
        parts.append(Part(solid=tooth.root, shade=flat(1550.0, grain_hu=40)))
        parts.append(Part(solid=tooth.crown, shade=flat(filling_hu, grain_hu=60)))
    return parts


def _maxilla() -> Solid:
    """Alveolar process and hard palate."""
    line = [(x, y, -33.0) for x, y in _UPPER_ARCH]
    arch = tube(line, 5.0, flatten=(1, 1, 0.62))
    palate = ellipsoid((0, -64, -27), (26, 27, 2.6))
    return arch.union(arch.on(-1)).union(palate, blend_mm=6)
