"""Predicted contours, the most doubtful first, with the way into the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from han5k_review.retraining.predictions.doubts import DoubtfulContour
from han5k_review.ui.places import go_to
from han5k_review.ui.rows.columns import Column, Kind, OpenRow
from han5k_review.ui.rows.order import find_order, sort_rows
from han5k_review.ui.rows.table import show_rows

DOUBTFUL_COLUMNS = (
    Column(title="Case"),
    Column(title="Structure"),
    Column(title="Disagreement", kind=Kind.NUMBER, decimals=3),
    Column(title="Volume spread %", kind=Kind.NUMBER),
    Column(title="Volume cc", kind=Kind.NUMBER, decimals=2),
    Column(title="Predictions", kind=Kind.NUMBER),
    Column(title="Method"),
)


def build_doubt_rows(contours: Sequence[DoubtfulContour]) -> list[OpenRow]:
    """One row per contour, most doubtful first; its key is its place."""
    return [
        OpenRow(
            key=str(place),
            address=f"review?{urlencode({'case': one.case, 'structure': one.structure})}",
            cells=(
                one.case,
                one.structure,
                one.disagreement,
                None if one.volume_spread is None else 100 * one.volume_spread,
                one.volume_cc,
                one.members,
                one.method.value,
            ),
        )
        for place, one in enumerate(contours)
    ]


def show_doubtful(contours: Sequence[DoubtfulContour]) -> None:
    """The table; a click on a row opens the contour."""
    st.caption(
        "Most doubtful first: 1 minus the mean Dice between the predictions, and the spread of "
        "their volumes. Click a row to look at it in the viewer."
    )
    order = find_order("doubtful")
    rows = sort_rows(DOUBTFUL_COLUMNS, build_doubt_rows(contours), order)
    opened = show_rows(
        DOUBTFUL_COLUMNS, rows, key="doubtful", label="Doubtful contours", order=order, height=320
    )
    if opened is not None:
        chosen = contours[int(opened)]
        go_to("review", case=chosen.case, structure=chosen.structure)
