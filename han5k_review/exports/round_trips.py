"""Round trips: what became of each structure when a DICOM file was read back, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from han5k_review.exports.contour_files import Contour
from han5k_review.imaging.dicom.roi_masks import LabelMask
from han5k_review.metrics.measure import measure_pair


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """One structure of a file: its volume, and how it came back by the even-odd rule.

    `hd_mm` is the Hausdorff distance between the mask and what came back (0 when identical).
    `one_by_one_cc` and `one_by_one_hd_mm` are what a tool would hold that fills contours one by
    one, their union; None where that is the same mask.
    """

    structure: str
    is_identical: bool
    volume_cc: float
    volume_back_cc: float
    hd_mm: float
    one_by_one_cc: float | None = None
    one_by_one_hd_mm: float | None = None

    @property
    def rule(self) -> str:
        """Which rule of filling another tool needs."""
        return "any" if self.one_by_one_cc is None else "even-odd"

    @property
    def sentence(self) -> str:
        """The structure in one line."""
        found = "identical" if self.is_identical else f"HD {self.hd_mm:.2f} mm"
        text = f"{self.structure}: read back {found}, {self.volume_back_cc:.2f} cc"
        if self.one_by_one_cc is None:
            return text
        return (
            f"{text}; has holes: the other tool must fill by the even-odd rule (one contour after "
            f"the other it would hold {self.one_by_one_cc:.2f} cc, HD {self.one_by_one_hd_mm:.2f} "
            "mm); keyhole contours need no rule"
        )


def measure_round_trip(contour: Contour, back: LabelMask) -> RoundTrip:
    """Compare a contour with what came back of it."""
    mask, found, other = contour.mask, back.mask, back.other
    same = found.sha256 == mask.sha256
    spacing = mask.grid.spacing_mm
    return RoundTrip(
        structure=contour.structure,
        is_identical=same,
        volume_cc=mask.volume_cc,
        volume_back_cc=found.volume_cc,
        hd_mm=0.0 if same else measure_pair(mask, found, spacing).hd_mm,
        one_by_one_cc=None if other is None else other.volume_cc,
        one_by_one_hd_mm=None if other is None else measure_pair(mask, other, spacing).hd_mm,
    )


def build_round_trip_frame(trips: Sequence[RoundTrip]) -> pd.DataFrame:
    """One row per structure, for a report as CSV."""
    return pd.DataFrame(
        [
            {
                "structure": trip.structure,
                "identical": trip.is_identical,
                "volume_cc": round(trip.volume_cc, 4),
                "volume_read_back_cc": round(trip.volume_back_cc, 4),
                "hd_mm": round(trip.hd_mm, 3),
                "fill_rule_needed": trip.rule,
                "volume_one_by_one_cc": _round(trip.one_by_one_cc, 4),
                "hd_one_by_one_mm": _round(trip.one_by_one_hd_mm, 3),
            }
            for trip in trips
        ]
    )


def _round(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
