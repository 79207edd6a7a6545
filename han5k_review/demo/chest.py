"""Shoulders and upper chest: lungs, ribs, girdle, great vessels, brachial plexus."""

from __future__ import annotations

from han5k_review.demo.part import FAT_HU, SIDES, Part, Shade, bone, flat, muscle
from han5k_review.demo.patient import Patient
from han5k_review.demo.solid import Solid, column, ellipsoid, tube


def build_chest_parts(body: Solid) -> list[Part]:
    """From the outside in: girdle and arms, ribs, lungs, mediastinum, plexus."""
    parts: list[Part] = []
    for sign, _ in SIDES:
        parts += _girdle(sign, body)
    for sign, _ in SIDES:
        parts += _thorax(sign)
    middle = ellipsoid((0, 4, -214), (27, 44, 58), power=2.3)
    parts += [
        Part(solid=middle, shade=flat(FAT_HU + 12, grain_hu=6, folds_hu=10)),
        Part(solid=ellipsoid((0, -64, -199), (27, 7, 15)), shade=bone(marrow_hu=180.0)),
    ]
    return parts


def build_vessel_parts(patient: Patient) -> list[Part]:
    """Arch of the aorta with its branches, carotids, jugular veins; contrast inside."""
    blood = flat(patient.vessel_hu, grain_hu=6)
    vein = flat(patient.vessel_hu - 25, grain_hu=10)
    arch = [(-16, -32, -226), (-13, -30, -202), (0, -22, -189), (15, -4, -184), (22, 18, -190)]
    aorta = tube([*arch, (23, 30, -206), (23, 34, -228)], [14, 14, 13.5, 12.5, 12, 12, 12])
    parts = [
        Part(solid=tube([(-4, -26, -184), (-15, -18, -160)], 6), shade=blood),
        Part(solid=tube([(8, -16, -182), (18, -16, -160), (27, -9, -130)], 3.8), shade=blood),
        Part(
            solid=tube([(17, 2, -180), (28, 6, -163), (50, -6, -160), (90, -14, -172)], 4.6),
            shade=blood,
        ),
        Part(
            solid=tube([(-14, -18, -162), (-30, 2, -160), (-52, -6, -160), (-92, -14, -172)], 4.6),
            shade=blood,
        ),
        Part(solid=tube([(-26, -36, -178), (-26, -34, -228)], 9), shade=vein),
        Part(solid=tube([(30, -34, -172), (0, -44, -186), (-24, -38, -192)], 6), shade=vein),
        Part(solid=aorta, shade=blood, structure="Aorta"),
    ]
    return parts + _neck_vessels(blood, vein)


def _neck_vessels(blood: Shade, vein: Shade) -> list[Part]:
    parts = []
    for sign, _ in SIDES:
        carotid = column(
            [
                (-162, 16, -17, 3.8, 3.8),
                (-130, 28, -9, 3.4, 3.4),
                (-98, 27, -11, 3.6, 3.6),
                (-86, 27, -11, 4.8, 5.2),
                (-60, 27, -9, 3.0, 3.0),
                (-14, 27, -8, 2.6, 2.6),
            ]
        )
        jugular = column(
            [
                (-174, 27, -22, 7, 6),
                (-130, 36, -13, 7, 5.5),
                (-95, 36, -5, 6.5, 5),
                (-60, 34, 0, 5.5, 4.5),
                (-12, 30, 4, 4.5, 4.5),
            ]
        )
        parts += [
            Part(solid=jugular.on(sign).grown(0.8 if sign < 0 else -0.4), shade=vein),
            Part(solid=carotid.on(sign), shade=blood),
        ]
    return parts


def build_neck_parts() -> list[Part]:
    """Sternocleidomastoid, fat of the carotid sheath and the posterior triangle, scalenes."""
    parts = []
    for sign, _ in SIDES:
        sheath = column(
            [
                (-160, 30, -8, 16, 11),
                (-120, 33, -6, 13, 11),
                (-85, 32, -5, 13, 13),
                (-50, 30, -3, 11, 11),
                (-18, 28, -3, 7, 9),
            ]
        )
        triangle = column([(-152, 50, 12, 14, 10), (-120, 46, 20, 6, 14), (-80, 46, 24, 4, 10)])
        sternomastoid = column(
            [
                (-24, 53, 22, 5, 9),
                (-60, 50, 8, 6, 14),
                (-95, 44, -10, 6, 14),
                (-130, 32, -29, 8, 9),
                (-172, 13, -52, 8, 5),
            ]
        )
        front = column([(-166, 36, 6, 6, 6), (-130, 25, 6, 6, 6), (-100, 17, 2, 4, 5)])
        back = column([(-166, 42, 22, 8, 8), (-130, 29, 19, 8, 8), (-100, 22, 13, 6, 6)])
        strap = column([(-170, 8, -44, 9, 3), (-130, 12, -42, 10, 3), (-100, 12, -49, 8, 2.5)])
        fat = flat(FAT_HU + 8, grain_hu=6, folds_hu=8)
        parts += [
            Part(solid=sheath.on(sign), shade=fat),
            Part(solid=triangle.on(sign), shade=fat),
            Part(solid=sternomastoid.grown(1.0).on(sign), shade=fat),
            Part(solid=sternomastoid.on(sign), shade=flat(60.0, grain_hu=6, folds_hu=6)),
            *[
                Part(solid=s.on(sign), shade=flat(58.0, grain_hu=6, folds_hu=6))
                for s in (front, back, strap)
            ],
        ]
    return parts


def build_plexus_parts() -> list[Part]:
    """Brachial plexus: roots C5 to T1 that join between the scalenes and run under the clavicle."""
    parts = []
    for sign, side in SIDES:
        plexus = _plexus().on(sign)
        parts.append(
            Part(solid=plexus, shade=flat(35.0, grain_hu=5), structure=f"BrachialPlex_{side}")
        )
    return parts


def _plexus() -> Solid:
    trunk = tube([(40, 14, -150), (62, 4, -160), (86, -6, -170), (104, -8, -180)], 3.6)
    roots = (
        [(15, 12, -104), (24, 12, -118), (40, 14, -150)],
        [(17, 16, -120), (27, 14, -134), (42, 13, -151)],
        [(19, 26, -138), (30, 20, -146), (46, 11, -153)],
    )
    for root in roots:
        trunk = trunk.union(tube(root, 2.7), blend_mm=4)
    return trunk


def _girdle(sign: int, body: Solid) -> list[Part]:
    clavicle = [(15, -55, -187), (48, -50, -176), (88, -30, -168), (125, -4, -166), (150, 8, -168)]
    blade = tube([(140, 26, -186), (112, 62, -200), (92, 78, -212)], 2.6, flatten=(1, 1, 0.14))
    spine = tube([(158, 18, -170), (128, 58, -176), (88, 82, -184)], [4.5, 4, 3])
    glenoid = ellipsoid((146, 20, -194), (6, 11, 14))
    head = ellipsoid((171, 12, -193), (22, 22, 20))
    shaft = tube([(174, 12, -200), (184, 14, -228)], [14, 11])
    deltoid = ellipsoid((184, 10, -202), (32, 40, 38)).on(sign)
    gap = flat(FAT_HU + 6, grain_hu=6, folds_hu=8)
    return [
        Part(solid=ellipsoid((84, 40, -165), (36, 14, 10)).on(sign), shade=gap),
        Part(solid=ellipsoid((104, -14, -190), (34, 14, 22)).on(sign), shade=gap),
        Part(solid=deltoid.within(body, margin_mm=5), shade=muscle()),
        Part(solid=blade.union(glenoid, blend_mm=4).on(sign), shade=bone(rind_mm=1.5)),
        Part(solid=spine.on(sign).within(body, margin_mm=5), shade=bone(rind_mm=1.5)),
        Part(
            solid=tube(clavicle, [7, 5.5, 5, 5, 6]).on(sign).within(body, margin_mm=6),
            shade=bone(marrow_hu=220.0),
        ),
        Part(
            solid=head.union(shaft, blend_mm=8).on(sign),
            shade=bone(cortex_hu=1000.0, marrow_hu=140.0, rind_mm=1.8),
        ),
    ]


def _thorax(sign: int) -> list[Part]:
    lung = ellipsoid((48, 14, -226), (34, 46, 70), power=2.2)
    ribs = (
        [(20, 26, -150), (42, 32, -155), (60, 8, -165), (52, -28, -180), (28, -54, -191)],
        [(20, 36, -169), (52, 52, -176), (80, 22, -190), (78, -20, -206), (50, -58, -222)],
        [(20, 44, -190), (54, 66, -197), (86, 36, -212), (90, 0, -226)],
    )
    parts = [
        Part(solid=lung.grown(5).on(sign), shade=muscle(50.0)),
        *[
            Part(
                solid=tube(rib, 3.6, flatten=(1, 1, 0.7)).on(sign),
                shade=bone(cortex_hu=900.0, rind_mm=1.4),
            )
            for rib in ribs
        ],
        Part(solid=lung.on(sign), shade=flat(-840.0, grain_hu=45, folds_hu=20)),
    ]
    for n in range(7):
        x, y = 30 + 7 * (n % 4), -14 + 11 * n
        vessel = tube([(26, 8, -216), (x, y, -188 - 4 * (n % 3))], [2.6, 1.0], pieces=1)
        parts.append(Part(solid=vessel.within(lung, margin_mm=1).on(sign), shade=flat(40.0)))
    return parts
