"""A data frame of derived numbers as CSV, with the same cells as the study's exports."""

from __future__ import annotations

import pandas as pd

from han5k_review.exports.cells import fit_csv

NOTICE = "Research use only. Not a medical device."


def build_frame_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, empty = undefined; the last column is the notice."""
    noticed = frame.assign(notice=NOTICE)
    for name in noticed.columns:
        if not pd.api.types.is_numeric_dtype(noticed[name]):
            noticed[name] = noticed[name].map(fit_csv, na_action="ignore")
    return noticed.to_csv(index=False).encode("utf-8-sig")
