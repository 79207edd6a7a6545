"""Features: what is measured of every contour, one row each, and the words for what stands out.

The order of the table is the order of stored values; a change of it, or of how a value is measured,
needs a new `TRIAGE_VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

TRIAGE_VERSION = "2"
"""Of what is measured: stored measurements of another version are made anew."""


class FeatureKey(StrEnum):
    """Which feature; the value is its name in stored measurements and in the documents."""

    VOLUME = "volume"
    COMPACTNESS = "compactness"
    LENGTH_LONG = "long_axis"
    LENGTH_MIDDLE = "middle_axis"
    LENGTH_SHORT = "short_axis"
    TILT = "tilt"
    HEIGHT = "height"
    THIN_PARTS = "thin_parts"
    MIRRORED = "mirrored"
    UPPER_END = "upper_end"
    LOWER_END = "lower_end"
    AREA_JUMP = "area_jump"
    AREA_BEND = "area_bend"
    AREA_PEAK = "area_peak"
    WIDTH_PEAK = "width_peak"
    MIDDLE_JUMP = "middle_jump"
    UPPER_REPEAT = "upper_repeat"
    LOWER_REPEAT = "lower_repeat"
    SHORT_SIDEWAYS = "short_sideways"
    SHORT_UPRIGHT = "short_upright"
    NOTCHES_SIDEWAYS = "notches_sideways"
    NOTCHES_UPRIGHT = "notches_upright"
    BULGES = "bulges"
    DENTS = "dents"
    FULL_TIP = "fullness_at_tips"
    FULL_EDGE = "fullness_at_edges"
    FULL_CORNER = "fullness_beside_corners"
    FULL_NOTCH = "fullness_in_notches"
    FULL_DEEPEST = "fullness_in_deepest_notch"
    ISLANDS = "islands"
    HOLES = "holes"
    GAPS = "gaps"
    SYMMETRY = "symmetry"
    BODY_SIDE = "body_side"
    BODY_DEPTH = "body_depth"
    OUTSIDE_BODY = "outside_body"
    HU_MEAN = "hu_mean"
    HU_SPREAD = "hu_spread"
    HU_LOW = "hu_low"
    HU_HIGH = "hu_high"
    HU_LOCAL = "hu_local"
    HU_CLUMP = "hu_clump"
    HU_PEAK = "hu_peak"
    RIM_PEAK = "rim_peak"
    RIM_HU = "rim_hu"
    RIM_LOW = "rim_low"
    RIM_HIGH = "rim_high"
    SHELL_HU = "shell_hu"
    SHELL_SPREAD = "shell_spread"
    EDGE_FLAT = "edge_in_slice"
    EDGE_UPRIGHT = "edge_across_slices"
    EDGE_UPPER = "edge_at_upper_end"
    EDGE_LOWER = "edge_at_lower_end"
    EDGE_ELSEWHERE = "edge_elsewhere"
    SPREAD_ELSEWHERE = "spread_elsewhere"


class FeatureGroup(StrEnum):
    """Features that are judged together; the value is what people read."""

    SHAPE = "shape"
    PLACE = "place"
    DENSITY = "density"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature: `what` it is in words, and the words when it is `high` or `low`.

    `least_spread` keeps a cohort whose values hardly differ from making every difference look
    large; in the feature's own unit (for logarithms: 0.05 is about 5 %).
    """

    key: FeatureKey
    group: FeatureGroup
    what: str
    high: str
    low: str
    least_spread: float


_ABOVE, _BELOW = "above", "below"


def _row(
    key: FeatureKey,
    group: FeatureGroup,
    what: str,
    least_spread: float,
    words: tuple[str, str] = (_ABOVE, _BELOW),
) -> Feature:
    high, low = words
    return Feature(key=key, group=group, what=what, high=high, low=low, least_spread=least_spread)


_SHAPE, _PLACE, _DENSITY = FeatureGroup.SHAPE, FeatureGroup.PLACE, FeatureGroup.DENSITY

FEATURES: Mapping[FeatureKey, Feature] = {
    row.key: row
    for row in (
        _row(FeatureKey.VOLUME, _SHAPE, "volume", 0.05),  # ln cc
        _row(FeatureKey.COMPACTNESS, _SHAPE, "surface for its volume", 0.03),  # ln, 0: ball
        _row(FeatureKey.LENGTH_LONG, _SHAPE, "length", 0.03),  # ln mm
        _row(FeatureKey.LENGTH_MIDDLE, _SHAPE, "width", 0.03),  # ln mm
        _row(FeatureKey.LENGTH_SHORT, _SHAPE, "thickness", 0.03),  # ln mm
        _row(FeatureKey.TILT, _SHAPE, "tilt of its long axis", 0.05),  # cosine with the patient's
        _row(FeatureKey.HEIGHT, _SHAPE, "height from its lowest to its highest slice", 0.03),
        _row(FeatureKey.THIN_PARTS, _SHAPE, "share of thin parts and single voxels", 0.01),
        _row(FeatureKey.MIRRORED, _SHAPE, "likeness of its left and right half", 0.02),
        _row(FeatureKey.UPPER_END, _SHAPE, "area of its highest slice", 0.05),  # of its middle one
        _row(FeatureKey.LOWER_END, _SHAPE, "area of its lowest slice", 0.05),
        _row(FeatureKey.AREA_JUMP, _SHAPE, "largest jump of area between two slices", 0.05),
        _row(FeatureKey.AREA_BEND, _SHAPE, "unevenness of area from slice to slice", 0.05),
        _row(FeatureKey.AREA_PEAK, _SHAPE, "area of one slice against its neighbours", 0.05),
        _row(FeatureKey.WIDTH_PEAK, _SHAPE, "width of one slice against its neighbours", 0.05),
        _row(FeatureKey.UPPER_REPEAT, _SHAPE, "likeness of its two highest slices", 0.03),
        _row(FeatureKey.LOWER_REPEAT, _SHAPE, "likeness of its two lowest slices", 0.03),
        _row(FeatureKey.SHORT_SIDEWAYS, _SHAPE, "share of parts thin from side to side", 0.02),
        _row(FeatureKey.SHORT_UPRIGHT, _SHAPE, "share of parts thin from top to bottom", 0.02),
        _row(FeatureKey.NOTCHES_SIDEWAYS, _SHAPE, "number of notches in the slice", 0.02),
        _row(FeatureKey.NOTCHES_UPRIGHT, _SHAPE, "number of notches from slice to slice", 0.02),
        _row(FeatureKey.BULGES, _SHAPE, "share that bulges out", 0.01),
        _row(FeatureKey.DENTS, _SHAPE, "share of dents", 0.01),
        _row(FeatureKey.MIDDLE_JUMP, _SHAPE, "largest step of its middle between two slices", 0.5),
        _row(FeatureKey.FULL_TIP, _SHAPE, "roundness of its sharpest tips", 0.01),  # share
        _row(FeatureKey.FULL_EDGE, _SHAPE, "roundness of its edges", 0.01),
        _row(FeatureKey.FULL_CORNER, _SHAPE, "roundness of its sharpest corner", 0.005),
        _row(FeatureKey.FULL_NOTCH, _SHAPE, "depth of its notches", 0.01),
        _row(FeatureKey.FULL_DEEPEST, _SHAPE, "depth of its deepest notch", 0.01),
        _row(FeatureKey.ISLANDS, _SHAPE, "volume apart from its largest piece", 0.03),  # ln 1 + cc
        _row(FeatureKey.HOLES, _SHAPE, "volume of its holes", 0.03),  # ln 1 + cc
        _row(FeatureKey.GAPS, _SHAPE, "number of empty slices in the middle", 0.5),
        _row(FeatureKey.SYMMETRY, _SHAPE, "volume against its pair's", 0.05),  # ln ratio
        _row(FeatureKey.BODY_SIDE, _PLACE, "distance to the left of the body's middle", 1.0),  # mm
        _row(FeatureKey.BODY_DEPTH, _PLACE, "distance behind the body's middle", 2.0),  # mm
        _row(FeatureKey.OUTSIDE_BODY, _PLACE, "volume outside the body", 0.03),  # ln 1 + cc
        _row(FeatureKey.HU_MEAN, _DENSITY, "mean HU", 3.0),
        _row(FeatureKey.HU_SPREAD, _DENSITY, "spread of HU", 3.0),
        _row(FeatureKey.HU_LOW, _DENSITY, "HU of its darkest twentieth", 5.0),
        _row(FeatureKey.HU_HIGH, _DENSITY, "HU of its brightest twentieth", 5.0),
        _row(FeatureKey.HU_LOCAL, _DENSITY, "HU of one part against the rest", 5.0),
        _row(FeatureKey.HU_CLUMP, _DENSITY, "largest clump of other tissue", 0.03),  # ln 1 + cc
        _row(FeatureKey.HU_PEAK, _DENSITY, "HU of one slice against its neighbours", 5.0),
        _row(FeatureKey.RIM_PEAK, _DENSITY, "HU around one slice against its neighbours", 5.0),
        _row(FeatureKey.RIM_HU, _DENSITY, "HU along its inner rim", 3.0),
        _row(FeatureKey.RIM_LOW, _DENSITY, "HU of the darkest tenth of its rim", 5.0),
        _row(FeatureKey.RIM_HIGH, _DENSITY, "HU of the brightest tenth of its rim", 5.0),
        _row(FeatureKey.SHELL_HU, _DENSITY, "HU just outside it", 5.0),
        _row(FeatureKey.SHELL_SPREAD, _DENSITY, "spread of HU just outside it", 5.0),
        _row(FeatureKey.EDGE_FLAT, _DENSITY, "change of HU across its outline", 3.0),
        _row(FeatureKey.EDGE_UPRIGHT, _DENSITY, "change of HU above and below it", 3.0),
        _row(FeatureKey.EDGE_UPPER, _DENSITY, "change of HU at its upper end", 5.0),
        _row(FeatureKey.EDGE_LOWER, _DENSITY, "change of HU at its lower end", 5.0),
        _row(FeatureKey.EDGE_ELSEWHERE, _DENSITY, "change of HU 4 mm beside its outline", 0.03),
        _row(FeatureKey.SPREAD_ELSEWHERE, _DENSITY, "spread of HU 4 mm beside its place", 0.03),
    )
}
KEYS = tuple(FEATURES)
