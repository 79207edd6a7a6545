"""A data frame of derived numbers as CSV, with the same cells as the study's exports."""

from __future__ import annotations

import pandas as pd

from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.cells import fit_csv


def build_frame_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, empty = undefined; the last column is the notice."""
    noticed = frame.assign(notice=RESEARCH_USE)
    for name in noticed.columns:
        if not pd.api.types.is_numeric_dtype(noticed[name]):
            noticed[name] = noticed[name].map(fit_csv, na_action="ignore")
    return noticed.to_csv(index=False).encode("utf-8-sig")
