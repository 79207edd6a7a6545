"""Pharynx, larynx, trachea, esophagus, thyroid."""

from __future__ import annotations

from han5k_review.demo.part import AIR_HU, SIDES, Part, bone, cartilage, flat, muscle
from han5k_review.demo.patient import Patient
from han5k_review.demo.solid import Solid, column, ellipsoid, tube

CARINA_MM = -186.0
# Rows of z, centre x, centre y, radius x, radius y (mm).
_AIRWAY = (
    (-8.0, 0.0, -26.0, 9.0, 6.0),
    (-28.0, 0.0, -23.0, 10.0, 7.0),
    (-45.0, 0.0, -20.0, 8.0, 4.5),
    (-60.0, 0.0, -21.0, 9.0, 5.5),
    (-75.0, 0.0, -22.0, 11.0, 6.0),
    (-84.0, 0.0, -27.0, 13.0, 6.0),
    (-94.0, 0.0, -33.0, 7.0, 6.5),
    (-104.0, 0.0, -37.0, 1.8, 7.5),
    (-111.0, 0.0, -35.0, 5.5, 8.0),
    (-122.0, 0.0, -31.0, 7.5, 8.5),
    (-135.0, 0.0, -26.0, 8.5, 8.5),
    (-150.0, 0.0, -20.0, 8.5, 8.5),
    (-165.0, 0.0, -13.0, 8.8, 8.5),
    (-178.0, 1.0, -7.0, 9.0, 8.3),
    (-187.0, 1.0, -4.0, 11.0, 7.5),
)
_PHARYNX = (
    (-7.0, 0.0, -20.0, 13.0, 9.0),
    (-20.0, 0.0, -18.0, 14.0, 8.5),
    (-50.0, 0.0, -17.0, 16.0, 8.5),
    (-70.0, 0.0, -17.5, 17.0, 8.5),
    (-85.0, 0.0, -18.0, 18.0, 9.0),
    (-100.0, 0.0, -18.0, 17.0, 8.5),
    (-124.0, 0.0, -15.0, 13.0, 7.0),
)
_LARYNX = (
    (-84.0, 0.0, -34.0, 11.0, 10.0),
    (-95.0, 0.0, -37.5, 17.0, 14.0),
    (-105.0, 0.0, -38.0, 19.0, 15.0),
    (-115.0, 0.0, -35.5, 16.0, 14.0),
    (-121.0, 0.0, -32.0, 13.0, 12.5),
)
_ESOPHAGUS = (
    (-124.0, 0.0, -10.5, 8.0, 4.5),
    (-140.0, 3.0, -7.0, 8.0, 5.3),
    (-160.0, 5.0, 3.0, 8.0, 6.0),
    (-180.0, 6.0, 12.0, 8.5, 6.5),
    (-212.0, 5.0, 21.0, 9.0, 7.5),
)


def build_airway() -> Solid:
    """The air column from the nasopharynx to the carina."""
    return column(_AIRWAY)


def build_throat_parts(patient: Patient) -> list[Part]:
    """Soft tissue, cartilage and air from the nasopharynx to the field's lower limit."""
    airway = build_airway()
    trachea = airway.grown(1.6).between(CARINA_MM, -123)
    pharynx = column(_PHARYNX)
    larynx = column(_LARYNX, power=2.2, round_mm=4)
    esophagus = column(_ESOPHAGUS).minus(trachea)
    return [
        Part(solid=pharynx, shade=muscle(60.0)),
        Part(solid=_soft_palate(), shade=muscle(55.0)),
        Part(solid=larynx, shade=flat(48.0, grain_hu=8, folds_hu=9), structure="Larynx"),
        *_cartilages(),
        *_constrictors(pharynx),
        *_bronchi(),
        Part(solid=esophagus, shade=flat(50.0, grain_hu=6, folds_hu=6), structure="Esophagus_HaN"),
        Part(
            solid=ellipsoid((5, 4, -163), (2.5, 1.6, 12)),
            shade=flat(-700.0, grain_hu=60, folds_hu=120),
        ),
        *_thyroid(patient, trachea),
        Part(solid=trachea, shade=flat(60.0, grain_hu=10, folds_hu=25), structure="Trachea_HaN"),
        Part(solid=airway, shade=flat(AIR_HU + 5, grain_hu=6)),
        Part(solid=_epiglottis(), shade=flat(55.0, grain_hu=6)),
    ]


def _cartilages() -> list[Part]:
    """Hyoid, thyroid cartilage as a V, cricoid ring with its plate, arytenoids."""
    cricoid = column([(-123, 0, -31, 12, 12.5), (-112, 0, -32, 12, 13)])
    ring = cricoid.minus(cricoid.grown(-3.0))
    plate = ellipsoid((0, -20.5, -112), (9, 2.5, 8), power=2.5)
    parts = [
        Part(solid=ring, shade=cartilage()),
        Part(solid=plate, shade=cartilage()),
    ]
    for sign, _ in SIDES:
        hyoid = tube([(0, -50, -82), (11, -46, -81), (19, -33, -78), (21, -23, -75)], [3, 3, 2, 2])
        lamina = tube(
            [(0, -51.5, -104), (9, -43, -103), (17, -31, -102), (18.5, -22, -101)],
            1.9,
            flatten=(1, 1, 0.17),
        )
        cord = tube([(1.5, -46, -104), (4.5, -27, -104)], [2.2, 3.2], flatten=(1, 1, 1.3))
        parts += [
            Part(solid=hyoid.on(sign), shade=bone(cortex_hu=800.0, rind_mm=1.2)),
            Part(solid=lamina.on(sign), shade=cartilage()),
            Part(solid=cord.on(sign), shade=flat(65.0, grain_hu=5)),
            Part(solid=ellipsoid((6, -23, -104), (2.5, 3, 4)).on(sign), shade=cartilage()),
            Part(solid=ellipsoid((14, -26, -95), (3, 7, 8)).on(sign), shade=flat(-800.0)),
        ]
    return parts


def _constrictors(pharynx: Solid) -> list[Part]:
    """The crescent at the pharynx's back wall in three parts: to the hyoid, at it, below it."""
    forward = column([(z, x, y - 3.4, rx - 0.6, ry) for z, x, y, rx, ry in _PHARYNX])
    crescent = pharynx.minus(forward)
    spans = (("S", -75.0, -29.0), ("M", -87.0, -75.0), ("I", -123.0, -87.0))
    return [
        Part(
            solid=crescent.between(low, high),
            shade=flat(66.0, grain_hu=5),
            structure=f"PharynxConst_{letter}",
        )
        for letter, low, high in spans
    ]


def _bronchi() -> list[Part]:
    """Main bronchi below the carina, as far as the scan reaches."""
    right = tube([(-1, -3, CARINA_MM), (-16, 2, -200), (-34, 8, -216)], [7.5, 7.5, 7])
    left = tube([(3, -3, CARINA_MM), (20, 4, -199), (42, 12, -212)], [7, 6.5, 6.5])
    both = right.union(left, blend_mm=3).between(-230, CARINA_MM + 2)
    return [
        Part(solid=both, shade=flat(50.0, grain_hu=10), structure="BronchialTree"),
        Part(solid=both.grown(-1.3), shade=flat(AIR_HU + 5, grain_hu=6)),
    ]


def _thyroid(patient: Patient, trachea: Solid) -> list[Part]:
    lobe = ellipsoid((17.5, -24, -135), (8.5, 10.5, 21), power=2.1)
    right = ellipsoid((-18, -24, -136), (9.2, 11, 22), power=2.1)
    isthmus = ellipsoid((0, -36, -140), (15, 4, 7))
    gland = lobe.union(isthmus, blend_mm=5).union(right, blend_mm=5).minus(trachea, gap_mm=0.3)
    shade = flat(patient.thyroid_hu, grain_hu=10, folds_hu=8)
    return [Part(solid=gland, shade=shade, structure="Thyroid")]


def _soft_palate() -> Solid:
    return tube([(0, -40, -28), (0, -31, -33), (0, -27, -43)], [4, 4, 2.5], flatten=(0.3, 1, 1))


def _epiglottis() -> Solid:
    return tube(
        [(0, -38, -92), (0, -32, -84), (0, -29, -76)], [1.4, 1.4, 1.2], flatten=(0.18, 1, 1)
    )
