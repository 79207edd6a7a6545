"""Cervical and upper thoracic spine: vertebrae, canal, cord, prevertebral muscles."""

from __future__ import annotations

from han5k_review.demo.part import CSF_HU, SIDES, Part, bone, flat, muscle
from han5k_review.demo.solid import Solid, column, ellipsoid, tube

# Height and place of the vertebral bodies' middles, and their radii x, y, z (mm): C2 .. T3.
VERTEBRAE = (
    (-49.0, 5.0, 9.5, 7.5, 7.5),
    (-65.0, 4.0, 10.0, 8.0, 6.3),
    (-80.5, 3.0, 10.5, 8.0, 6.2),
    (-96.0, 3.0, 11.0, 8.0, 6.2),
    (-112.0, 5.0, 12.0, 8.2, 6.5),
    (-128.5, 10.0, 13.0, 8.8, 6.8),
    (-146.5, 17.0, 14.0, 9.5, 7.5),
    (-166.0, 24.5, 14.5, 10.5, 8.2),
    (-186.5, 32.0, 14.5, 11.0, 8.6),
    (-208.0, 38.0, 14.5, 11.5, 8.8),
)
_CANAL = (
    (-20.0, 0.0, 17.5),
    (-36.0, 0.0, 18.5),
    (-49.0, 0.0, 20.0),
    (-65.0, 0.0, 19.5),
    (-80.5, 0.0, 18.8),
    (-96.0, 0.0, 19.0),
    (-112.0, 0.0, 21.2),
    (-128.5, 0.0, 26.5),
    (-146.5, 0.0, 34.0),
    (-166.0, 0.0, 42.5),
    (-186.5, 0.0, 50.5),
    (-208.0, 0.0, 57.0),
)


def build_cord() -> Solid:
    """The spinal cord from the dens' tip down; thicker at C5 to C7."""
    rows = []
    for z, x, y in _CANAL:
        swell = 1.0 if -140 < z < -85 else 0.0
        rows.append((z, x, y, 6.0 + 0.9 * swell, 4.4 + 0.3 * swell))
    return column(rows).between(-212, -24)


def build_spine_parts() -> list[Part]:
    """Muscles before the spine, vertebrae, then canal, CSF and cord."""
    sac = column([(z, x, y, 9.5, 7.2) for z, x, y in _CANAL], power=2.2)
    discs = column([(z, 0.0, y, rx - 0.8, ry - 0.8) for z, y, rx, ry, _ in VERTEBRAE])
    parts = [
        Part(solid=discs.between(-205, -52), shade=flat(95.0, grain_hu=6)),
        *_muscles(),
        *_atlas(),
    ]
    for n, (z, y, rx, ry, rz) in enumerate(VERTEBRAE):
        parts += _vertebra(z, y, rx, ry, rz, long_spine=n >= 5)
    parts += [
        Part(solid=sac, shade=flat(-20.0, grain_hu=5)),
        Part(solid=sac.grown(-1.4), shade=flat(CSF_HU + 4, grain_hu=2)),
        Part(solid=build_cord(), shade=flat(42.0, grain_hu=2), structure="Cord_HaN"),
    ]
    return parts


def _vertebra(
    z: float, y: float, rx: float, ry: float, rz: float, *, long_spine: bool
) -> list[Part]:
    body = ellipsoid((0, y, z), (rx, ry, rz), power=3.2)
    back = y + ry
    tip = back + (38 if long_spine else 30)
    drop = z - (14 if long_spine else 5)
    parts = [Part(solid=body, shade=bone(cortex_hu=850.0, marrow_hu=260.0, rind_mm=1.2))]
    spine = tube([(0, back + 17, z - 2), (0, tip, drop)], [3.2, 2.6], flatten=(1, 1, 0.7))
    parts.append(Part(solid=spine, shade=bone(rind_mm=1.5)))
    for sign, _ in SIDES:
        pedicle = [(rx - 1, back - 3, z), (15, back + 5, z), (11, back + 13, z - 1)]
        arch = tube([*pedicle, (0, back + 18, z - 2)], [3.2, 3.2, 2.6, 2.8], flatten=(1, 1, 0.6))
        facet = ellipsoid((17, back + 2, z - 3), (5.5, 6, 7), power=2.3)
        process = tube([(11, y, z), (23, y + 1, z - 1)], [3, 2.6], pieces=1)
        solid = arch.union(facet, blend_mm=3)
        parts += [
            Part(solid=solid.on(sign), shade=bone(rind_mm=1.5)),
            Part(solid=process.on(sign), shade=bone(rind_mm=1.5)),
            Part(
                solid=tube([(16.5, y + 0.5, z - 5), (16.5, y + 0.5, z + 5)], 2.3, pieces=1).on(
                    sign
                ),
                shade=flat(150.0, grain_hu=10),
            ),
        ]
    return parts


def _atlas() -> list[Part]:
    """C1 as a ring around the dens of C2."""
    dens = column([(-52, 0, 3, 6, 6), (-34, 0, 2.5, 5.2, 5.2), (-24, 0, 3, 4, 4)], round_mm=4)
    parts = [Part(solid=dens, shade=bone(rind_mm=1.6))]
    for sign, _ in SIDES:
        front = tube([(0, -6, -34), (10, -4, -34), (17, 3, -33)], 3.0, flatten=(1, 1, 0.7))
        mass = ellipsoid((19, 7, -33), (7, 9, 7.5), power=2.3)
        back = tube([(21, 13, -33), (18, 26, -34), (0, 35, -35)], 2.6, flatten=(1, 1, 0.7))
        wing = tube([(22, 7, -33), (36, 10, -35)], [4, 3])
        ring = front.union(mass, blend_mm=3).union(back, blend_mm=3).union(wing, blend_mm=3)
        parts.append(Part(solid=ring.on(sign), shade=bone(rind_mm=1.6)))
    return parts


def _muscles() -> list[Part]:
    """Longus colli before the spine, semispinalis and splenius behind it."""
    parts = []
    for sign, _ in SIDES:
        longus = column(
            [(-8, 8, -8, 5, 3.5), (-65, 8, -6.5, 6, 3), (-110, 9, -5, 6, 3), (-150, 9, 5, 5, 3)]
        )
        deep = column(
            [
                (-26, 16, 44, 12, 10),
                (-60, 17, 41, 15, 12),
                (-110, 18, 42, 16, 14),
                (-150, 19, 56, 16, 15),
                (-210, 22, 80, 16, 14),
            ]
        )
        parts += [
            Part(solid=longus.on(sign), shade=muscle()),
            Part(solid=deep.grown(1.2).on(sign), shade=flat(-80.0, grain_hu=8)),
            Part(solid=deep.on(sign), shade=muscle(62.0)),
        ]
    return parts
