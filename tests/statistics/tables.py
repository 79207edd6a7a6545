"""Tables of grades from papers, and what other programs say of them.

A row is a contour, a character the level of one reader, a point a missing grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.statistics.agreement import Coefficient
from han5k_review.statistics.ratings import Rating, Ratings, build_ratings


def _rows(text: str) -> list[str]:
    return text.split()


# J. Fleiss, Psychol Bull 1971;76:378, table 1: diagnoses of 30 patients by 6 psychiatrists.
FLEISS_1971 = _rows("""
    444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333
    144444 224445 333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224
    111155 224444 133333 555555
""")
# K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, section C: 12 units, 4
# observers; also table 2.10 of K. Gwet's handbook (2014).
KRIPPENDORFF_2011 = _rows("11.1 2232 3333 3333 2222 1234 4444 1121 2222 .555 ..11 ..3.")

COMPLETE = _rows("112 110 100 111 222 000 011 220 000 011 112 010")
SPARSE = _rows("""
    ....1 .0.01 00001 .1.12 .1.11 ..222 20..1 2222. 22222 ..112 1.000 2.2.2 .0.0. .2.11
""")
LARGER = _rows("""
    .2.2 0000 1000 .10. .1.1 2212 1111 11.1 2.11 2222 0.10 .211 ..2. 001. 0000 .222 1000 .222
    .11. 1111 ..00 1210 1000 0010 .201 2.22 0.00 0.0. 10.. 1111 12.0 2202 .1.0 2222 .21. 0001
    0112 2.22 0000 .212
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What another program printed for a table (both are GPL, so neither is a dependency)."""

    rows: Sequence[str]
    base: int
    level_count: int
    irrcac: dict[Coefficient, float]
    krippendorff: dict[Coefficient, float]


def read_ratings(rows: Sequence[str], *, base: int = 0, level_count: int = 3) -> Ratings:
    """Ratings of a table whose lowest level is written as `base`; each row is a patient."""
    return build_ratings(
        [
            Rating(
                unit=f"contour {place:03d}",
                patient=f"patient {place:03d}",
                reader=f"reader {column}",
                level=int(level) - base,
            )
            for place, row in enumerate(rows)
            for column, level in enumerate(row)
            if level != "."
        ],
        level_count=level_count,
    )


_NAMES = (Coefficient.FLEISS, Coefficient.AC1, Coefficient.FLEISS_QUADRATIC, Coefficient.AC2)
_ALPHAS = (Coefficient.ALPHA_NOMINAL, Coefficient.ALPHA, Coefficient.ALPHA_INTERVAL)


def _printed(
    rows: Sequence[str],
    irrcac: tuple[float, float, float, float],
    krippendorff: tuple[float, float, float],
    *,
    base: int = 0,
    level_count: int = 3,
) -> Printed:
    return Printed(
        rows=rows,
        base=base,
        level_count=level_count,
        irrcac=dict(zip(_NAMES, irrcac, strict=True)),
        krippendorff=dict(zip(_ALPHAS, krippendorff, strict=True)),
    )


# irrCAC 0.4.4 with 15 digits; krippendorff 0.9.0 with all its digits.
PRINTED = {
    "Krippendorff 2011": _printed(
        KRIPPENDORFF_2011,
        (0.761169275422411, 0.775444068126995, 0.864935064935065, 0.914000723551605),
        (0.743421052631579, 0.8153875037548814, 0.8491071428571428),
        base=1,
        level_count=5,
    ),
    "complete": _printed(
        COMPLETE,
        (0.302663438256658, 0.347678369195923, 0.43988684582744, 0.578723404255319),
        (0.3220338983050848, 0.4358818065714617, 0.4554455445544554),
    ),
    "sparse": _printed(
        SPARSE,
        (0.465327352259977, 0.476868072610239, 0.653722642048705, 0.687893526037796),
        (0.4889064976228209, 0.7085520527859237, 0.7057034220532319),
    ),
    "larger": _printed(
        LARGER,
        (0.441697048454439, 0.442612513589323, 0.631535249592447, 0.635412918855389),
        (0.4662040606527885, 0.6292613122224225, 0.6346091574379897),
    ),
}
