"""The brain in its cavity: lobes, brainstem, ventricles, cisterns, chiasm, pituitary."""

from __future__ import annotations

import numpy as np

from han5k_review.demo.part import CSF_HU, SIDES, Part, flat
from han5k_review.demo.patient import Patient
from han5k_review.demo.solid import Float, Points, Solid, column, ellipsoid, tube

GREY_HU, WHITE_HU = 41.0, 28.0
_BRAINSTEM = (
    (-25.0, 0.0, 18.0, 6.0, 5.5),
    (-10.0, 0.0, 15.0, 8.5, 7.5),
    (0.0, 0.0, 9.0, 13.0, 11.0),
    (10.0, 0.0, 6.0, 15.0, 12.0),
    (20.0, 0.0, 5.0, 13.0, 10.0),
    (31.0, 0.0, 6.0, 14.0, 9.0),
)


def build_brain_parts(patient: Patient, cavity: Solid) -> list[Part]:
    """Dura and CSF, brain with its parts; what lies inside Brain is added to Brain by the case."""
    brain = cavity.grown(-2.8)
    stem = column(_BRAINSTEM, round_mm=3)
    falx = Solid(
        low=(-2, -90, 40),
        high=(2, 90, 120),
        distance_mm=lambda p: np.maximum(
            np.maximum(np.abs(p.x) - np.float32(0.7), 60 + 0.12 * np.abs(p.y) - p.z),
            cavity.distance_mm(p),
        ),
    )
    parts = [
        Part(solid=cavity, shade=flat(CSF_HU + 12, grain_hu=3), step=2),
        Part(solid=brain, shade=_cortex, structure="Brain", step=2),
        Part(solid=falx, shade=flat(58.0, grain_hu=4)),
        *_cerebellum(brain),
        *_deep_grey(brain),
        *_ventricles(patient.ventricle_scale, brain),
        Part(solid=stem.grown(3.5).within(cavity), shade=flat(CSF_HU, grain_hu=2)),
        Part(
            solid=ellipsoid((0, -18, 31), (15, 12, 6)).within(cavity),
            shade=flat(CSF_HU, grain_hu=2),
        ),
        Part(solid=stem, shade=flat(36.0, grain_hu=2, folds_hu=2), structure="BrainStem"),
        *_sella(),
    ]
    return parts + _temporal_lobes(brain, stem)


def _temporal_lobes(brain: Solid, stem: Solid) -> list[Part]:
    parts = []
    for sign, side in SIDES:
        lobe = ellipsoid((46, -8, 20), (22, 43, 20), power=2.3).minus(stem, gap_mm=3)
        lobe = lobe.minus(_hindbrain(), gap_mm=2)
        curve = [(23, -11, 17), (27, 3, 19), (30, 17, 24), (24, 27, 31)]
        hippocampus = tube(curve, [4.2, 4.6, 3.6, 2.4])
        parts += [
            Part(
                solid=lobe.on(sign).within(brain, margin_mm=0.5),
                structure=f"TemporalLobe_{side}",
            ),
            Part(
                solid=hippocampus.on(sign),
                shade=flat(41.0, grain_hu=2),
                structure=f"Hippocampus_{side}",
            ),
        ]
    return parts


def _cortex(p: Points, distance: Float) -> Float:
    """Grey ribbon along surface and folds, white matter inside, dark CSF in the sulci."""
    depth = -distance
    ribbon = np.clip((np.float32(5.5) + 2.2 * p.folds - depth) / 2, 0, 1)
    near = np.clip((np.float32(24.0) - depth) / 8, 0, 1)
    fold = np.exp(-((p.folds / np.float32(0.35)) ** 2)) * near
    grey = np.maximum(ribbon, fold)
    sulcus = np.exp(-((p.folds / np.float32(0.15)) ** 2)) * np.clip((17 - depth) / 9, 0, 1)
    tissue = np.float32(WHITE_HU) + grey * np.float32(GREY_HU - WHITE_HU) + p.grain
    dark: Float = tissue + sulcus * np.float32(0.9 * (CSF_HU - GREY_HU))
    return dark


def _cerebellum(brain: Solid) -> list[Part]:
    """Hemispheres with fine foliation, under the tentorium."""

    def foliage(p: Points, distance: Float) -> Float:
        stripes = np.sin(p.z * np.float32(1.1) + 1.5 * p.folds)
        return np.float32(36.0) + 3 * stripes + p.grain

    whole = _hindbrain()
    return [
        Part(solid=whole.grown(1.2).within(brain), shade=flat(50.0, grain_hu=3)),
        Part(solid=whole.within(brain, margin_mm=0.3), shade=foliage),
    ]


def _hindbrain() -> Solid:
    """Both hemispheres of the cerebellum with the vermis."""
    half = ellipsoid((22, 46, -2), (34, 31, 22))
    return half.union(half.on(-1), blend_mm=12)


def _deep_grey(brain: Solid) -> list[Part]:
    """Thalamus, lentiform nucleus and head of caudate."""
    nuclei = (
        ellipsoid((11, 6, 46), (7, 13, 9)),
        ellipsoid((25, -8, 44), (6, 16, 11)),
        ellipsoid((14, -24, 52), (4.5, 8, 9)),
    )
    shade = flat(40.0, grain_hu=1)
    return [
        Part(solid=nucleus.on(sign).within(brain), shade=shade)
        for nucleus in nuclei
        for sign, _ in SIDES
    ]


def _ventricles(scale: float, brain: Solid) -> list[Part]:
    """Lateral ventricles with horns, third and fourth ventricle; the choroid is calcified."""
    horn = [(7, -36, 56), (9, -22, 62), (9, 4, 66), (15, 30, 60), (24, 40, 48), (33, 20, 26)]
    radii = [3.5 * scale, 5 * scale, 5 * scale, 6.5 * scale, 5 * scale, 1.8 * scale]
    lateral = tube(horn, radii, flatten=(1, 1, 0.8))
    third = ellipsoid((0, 2, 44), (2.2 * scale, 14, 10), power=2.4)
    fourth = ellipsoid((0, 26, 2), (7 * scale, 5, 9))
    shade = flat(CSF_HU, grain_hu=1.5)
    parts = [Part(solid=v, shade=shade) for v in (third, fourth)]
    for sign, _ in SIDES:
        parts.append(Part(solid=lateral.on(sign).within(brain, margin_mm=4), shade=shade))
        parts.append(Part(solid=ellipsoid((20, 38, 53), (2, 4, 3)).on(sign), shade=flat(190.0)))
    parts.append(Part(solid=ellipsoid((0, 30, 38), (2.5, 3, 3)), shade=flat(160.0)))
    return parts


def _sella() -> list[Part]:
    """Chiasm with the beginnings of its tracts, pituitary."""
    chiasm = ellipsoid((0, -21, 33.5), (7, 4.5, 2.8))
    for sign, _ in SIDES:
        chiasm = chiasm.union(tube([(3, -20, 34), (12, -11, 36)], 2).on(sign), blend_mm=3)
    gland = ellipsoid((0, -20, 23.5), (7, 5.2, 4.8))
    return [
        Part(solid=gland, shade=flat(72.0, grain_hu=3), structure="Pituitary"),
        Part(solid=chiasm, shade=flat(40.0, grain_hu=2), structure="OpticChiasm"),
    ]
