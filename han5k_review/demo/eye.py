"""Orbits: bony walls, fat, globe with lens, muscles and optic nerve."""

from __future__ import annotations

from han5k_review.demo.part import SIDES, Part, bone, flat
from han5k_review.demo.solid import Solid, ellipsoid, tube

_GLOBE = (32.0, -77.0, 18.0)
_APEX = (15.0, -38.0, 24.0)
_MUSCLES = ((0.0, 12.0), (0.0, -12.0), (11.5, 0.0), (-11.5, 0.0))


def build_orbit() -> Solid:
    """The left orbit's inside: a cone from the rim to the apex."""
    return tube([(32, -76, 18), (27, -58, 20), (16, -40, 24)], [17.5, 15, 5])


def build_eye_parts(body: Solid) -> list[Part]:
    """Both orbits. The globe holds the lens; the nerve runs to the chiasm."""
    parts: list[Part] = []
    for sign, side in SIDES:
        orbit = build_orbit().on(sign)
        globe = ellipsoid(_GLOBE, (12.2, 12.4, 12.0)).on(sign)
        lens = ellipsoid((32, -85.4, 18), (4.7, 2.3, 4.7)).on(sign)
        nerve = tube(
            [(31, -64.5, 18), (25, -52, 20.5), (15, -37, 26), (8, -27.5, 31), (4, -24, 33)],
            [2.6, 2.4, 2.2, 2.1, 2.0],
        ).on(sign)
        front = ellipsoid((36, -100, 18), (30, 22, 24)).on(sign)
        parts += [
            Part(solid=orbit.grown(2.2).minus(front), shade=bone(rind_mm=3)),
            Part(
                solid=orbit.within(body, margin_mm=2.5), shade=flat(-95.0, grain_hu=5, folds_hu=6)
            ),
        ]
        for dx, dz in _MUSCLES:
            middle = (30 + 0.8 * dx, -64, 19 + 0.8 * dz)
            end = (32 + dx, -76, 18 + dz)
            solid = tube([_APEX, middle, end], [1.8, 2.6, 1.2]).on(sign)
            parts.append(Part(solid=solid, shade=flat(55.0, grain_hu=5)))
        parts += [
            Part(solid=ellipsoid((46, -80, 28), (4, 6, 5)).on(sign), shade=flat(45.0, grain_hu=5)),
            Part(solid=nerve, shade=flat(38.0, grain_hu=4), structure=f"OpticNerve{side}"),
            Part(solid=globe, shade=flat(62.0, grain_hu=4), structure=f"Eye{side}"),
            Part(solid=globe.grown(-1.3), shade=flat(10.0, grain_hu=2)),
            Part(solid=lens, shade=flat(85.0, grain_hu=4), structure=f"Len{side}"),
        ]
    return parts
