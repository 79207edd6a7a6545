"""The body's surface: skin, subcutaneous fat, and the layer of muscle beneath."""

from __future__ import annotations

import numpy as np

from han5k_review.demo.canvas import Canvas
from han5k_review.demo.part import FAT_HU, SIDES, SKIN_HU, Part, flat, muscle
from han5k_review.demo.patient import Patient
from han5k_review.demo.scanner import paint_couch, paint_setup
from han5k_review.demo.skull import build_cranial_shell
from han5k_review.demo.solid import Solid, column, ellipsoid

_REACH_MM = 12.0
_SKIN_MM = 2.2
# z, front y, back y, half-width (mm); how much of the patient's extra fat is added there.
_OUTLINE = (
    (70, -94, 90, 72, 0.2),
    (40, -97, 91, 75, 0.2),
    (30, -98, 90, 75, 0.2),
    (17, -91, 88, 74, 0.3),
    (0, -93, 80, 73, 0.5),
    (-20, -97, 70, 71, 0.6),
    (-34, -101, 64, 70, 0.7),
    (-48, -105, 60, 68, 0.8),
    (-58, -101, 58, 66, 0.8),
    (-72, -104, 57, 62, 0.9),
    (-86, -97, 58, 59, 1.0),
    (-96, -70, 60, 58, 1.0),
    (-106, -58, 62, 58, 1.0),
    (-120, -54, 67, 59, 1.0),
    (-135, -56, 75, 67, 1.0),
    (-148, -61, 84, 98, 1.0),
    (-160, -67, 92, 165, 1.0),
    (-171, -74, 99, 207, 1.0),
    (-186, -83, 104, 222, 1.0),
    (-212, -94, 108, 228, 1.0),
)
_MUSCLE = (
    (2.0, 0.0, 58.0, 38.0, 24.0),
    (-12.0, 0.0, 46.0, 44.0, 26.0),
    (-24.0, 0.0, 37.0, 46.0, 27.0),
    (-45.0, 0.0, 26.0, 49.0, 28.0),
    (-70.0, 0.0, 19.0, 49.0, 32.0),
    (-95.0, 0.0, 9.0, 50.0, 43.0),
    (-120.0, 0.0, 8.0, 49.0, 49.0),
    (-138.0, 0.0, 11.0, 58.0, 54.0),
    (-149.0, 0.0, 13.0, 88.0, 58.0),
    (-162.0, 0.0, 15.0, 155.0, 64.0),
    (-176.0, 0.0, 14.0, 196.0, 72.0),
    (-212.0, 0.0, 10.0, 206.0, 84.0),
)


def build_body(patient: Patient) -> Solid:
    """Everything under the skin's outer surface."""
    rows = []
    for z, front, back, width, share in _OUTLINE:
        extra = patient.fat_mm * share
        centre, depth = (front + back) / 2, (back - front) / 2
        rows.append((float(z), 0.0, centre, width + extra, depth + extra))
    trunk = column(rows, power=2.3)
    scalp = build_cranial_shell().grown(5.5 + 0.3 * max(patient.fat_mm, 0.0))
    nose = ellipsoid((0, -101, -13), (13, 17, 13)).union(
        ellipsoid((0, -96, 4), (7, 10, 18)), blend_mm=8
    )
    body = trunk.union(scalp, blend_mm=14).union(nose, blend_mm=9)
    for sign, _ in SIDES:
        pinna = ellipsoid((79, 14, 2), (4.5, 15, 27)).on(sign)
        body = body.union(pinna, blend_mm=5)
    return body


def paint_surface(canvas: Canvas, body: Solid, patient: Patient) -> None:
    """Couch, head rest and mask around the body, then skin and fat: one pass over the body."""
    around = body.grown(_REACH_MM)
    skin, fat = flat(SKIN_HU, grain_hu=8), flat(FAT_HU, grain_hu=6, folds_hu=7)
    lowest = 0
    for box, points, reach in canvas.sample(around, step=2):
        distance = reach + np.float32(_REACH_MM)
        paint_setup(canvas, box, points, distance, wears_mask=patient.wears_mask)
        canvas.blend(box, points, distance, skin)
        canvas.blend(box, points, distance + np.float32(_SKIN_MM), fat)
        rows = np.flatnonzero((distance < 0).any(axis=(0, 2)))
        lowest = max(lowest, box[1].start + int(rows[-1]) if rows.size else 0)
    paint_couch(canvas, lowest + 2)


def build_muscle_parts(body: Solid) -> list[Part]:
    """The muscular layer of neck and shoulders."""
    return [
        Part(solid=column(_MUSCLE, power=2.3).within(body, margin_mm=5), shade=muscle(), step=2),
    ]
