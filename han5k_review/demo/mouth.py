"""Mouth and salivary glands: tongue, oral cavity, parotids, submandibular glands."""

from __future__ import annotations

from han5k_review.demo.jaw import Tooth
from han5k_review.demo.part import SIDES, Part, flat, gland, muscle
from han5k_review.demo.patient import Patient
from han5k_review.demo.solid import Solid, ellipsoid, tube


def build_mouth_parts(mandible: Solid) -> list[Part]:
    """Tongue and floor of the mouth. Drawn before the jaws."""
    tongue = ellipsoid((0, -56, -50), (24, 29, 20), power=2.2)
    parts = [
        Part(solid=ellipsoid((0, -60, -73), (26, 30, 10)).minus(mandible.both()), shade=muscle()),
        Part(
            solid=tongue.union(ellipsoid((0, -42, -64), (18, 15, 18)), blend_mm=8),
            shade=muscle(65.0),
        ),
        Part(
            solid=ellipsoid((0, -60, -56), (1.0, 18, 12)),
            shade=flat(-40.0, grain_hu=10, folds_hu=20),
        ),
        Part(solid=ellipsoid((0, -58, -30.5), (15, 20, 1.3)), shade=flat(-900.0, grain_hu=20)),
    ]
    for sign, _ in SIDES:
        parts.append(
            Part(solid=tube([(5, -82, -81), (17, -56, -80)], 3.6).on(sign), shade=muscle())
        )
    return parts


def build_oral_parts(mandible: Solid, teeth: list[Tooth]) -> list[Part]:
    """OralCavity up to the jaws' inner surface, and the same without the gum (labels only)."""
    whole = ellipsoid((0, -57, -52), (32, 32, 24), power=2.4).minus(mandible.both(), gap_mm=0.3)
    for tooth in teeth:
        whole = whole.minus(tooth.crown, gap_mm=0.2)
    inner = ellipsoid((0, -55, -52), (25.5, 27, 22), power=2.4).within(whole, margin_mm=0.5)
    return [
        Part(solid=whole, structure="OralCavity"),
        Part(solid=inner, structure="OralCavity_no_Gum"),
    ]


def build_gland_parts(patient: Patient, body: Solid, mandible: Solid) -> list[Part]:
    """Parotids wrapped around the rami, submandibular glands under the jaw's angle."""
    parts = []
    mastoid = ellipsoid((55, 20, -11), (11, 15, 20))
    for (sign, side), scale in zip(SIDES, patient.gland_scale, strict=True):
        outer = ellipsoid((57, -9, -34), (11 * scale, 22 * scale, 30 * scale))
        deep = ellipsoid((45, -1, -33), (10 * scale, 8 * scale, 19 * scale))
        masseter = ellipsoid((57, -38, -42), (7, 14.5, 27))
        parotid = outer.union(deep, blend_mm=8).minus(mandible, gap_mm=1.8)
        parotid = parotid.minus(masseter).minus(mastoid, gap_mm=1)
        parotid = parotid.on(sign).within(body, margin_mm=4.5)
        vein = tube([(50, -3, -10), (49, -2, -62)], 2.2, pieces=1)
        under = ellipsoid((33, -42, -81), (8.5 * scale, 16 * scale, 13 * scale), power=2.2)
        under = under.minus(mandible, gap_mm=1.5).on(sign)
        parts += [
            Part(solid=parotid, shade=gland(5.0), structure=f"Parotid{side}"),
            Part(solid=vein.on(sign), shade=flat(patient.vessel_hu - 30, grain_hu=8)),
            Part(
                solid=under.within(body, margin_mm=4),
                shade=gland(62.0),
                structure=f"Submandibular_{side}",
            ),
        ]
    return parts
