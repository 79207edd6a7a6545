"""The temporal bone's inside: cochlea, canals, tympanic cavity, tube, and their union."""

from __future__ import annotations

from han5k_review.demo.part import CSF_HU, SIDES, Part, flat
from han5k_review.demo.solid import Solid, ellipsoid, tube


def build_ear_parts() -> list[Part]:
    """Both ears. MiddleEar, the composite, is drawn around its members as a label."""
    parts: list[Part] = []
    for sign, side in SIDES:
        members = _members()
        composite: Solid | None = None
        for solid, hu, name in members:
            parts.append(
                Part(solid=solid.on(sign), shade=flat(hu, grain_hu=20), structure=f"{name}_{side}")
            )
            larger = solid.grown(1.0)
            composite = larger if composite is None else composite.union(larger, blend_mm=6)
        ossicles = ellipsoid((34.5, -3, 6), (1.5, 2.0, 2.5))
        canal = tube([(38, -3, 1), (52, -2, 1), (70, 0, 2)], [3.2, 3.5, 4.5])
        parts += [
            Part(solid=canal.grown(2.0).between(-5, 7).on(sign), shade=flat(420.0, grain_hu=80)),
            Part(solid=canal.on(sign), shade=flat(-960.0, grain_hu=8)),
            Part(solid=ossicles.on(sign), shade=flat(600.0)),
        ]
        if composite is not None:
            parts.append(Part(solid=composite.on(sign), structure=f"MiddleEar_{side}"))
    return parts


def _members() -> list[tuple[Solid, float, str]]:
    """Solids of the left ear with their HU: fluid in bone is about 150 by partial volume."""
    loops = tube([(28, 3, 10), (31, 9, 12), (33, 12, 6), (30, 8, 2)], 1.7).union(
        tube([(29, 4, 6), (36, 7, 6), (33, 12, 6)], 1.5), blend_mm=2
    )
    vestibule = ellipsoid((28, 3, 5.5), (3, 3.5, 3.5)).union(loops, blend_mm=2)
    return [
        (tube([(10, 4, 7), (16, 3, 7), (21, 0, 6)], [3.4, 2.8, 2.4]), CSF_HU + 60, "IAC"),
        (ellipsoid((24, -5, 4), (3.6, 3.8, 3.4)), 260.0, "Cochlea"),
        (vestibule, 220.0, "VestibulSemi"),
        (ellipsoid((35, -3, 3), (3.6, 6.5, 8)), -900.0, "TympanicCavity"),
        (tube([(33, -9, 0), (28, -15, -3), (22, -21, -7)], [2.4, 2, 1.8]), -650.0, "ETbone"),
    ]
