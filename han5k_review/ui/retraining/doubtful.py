"""Predicted contours, the most doubtful first, with the way into the viewer."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from han5k_review.retraining.predictions.doubts import DoubtfulContour
from han5k_review.ui.places import go_to


def build_doubt_frame(contours: Sequence[DoubtfulContour]) -> pd.DataFrame:
    """One line per contour, most doubtful first."""
    return pd.DataFrame(
        {
            "Case": [c.case for c in contours],
            "Structure": [c.structure for c in contours],
            "Disagreement": [c.disagreement for c in contours],
            "Volume spread %": [
                None if c.volume_spread is None else 100 * c.volume_spread for c in contours
            ],
            "Volume cc": [c.volume_cc for c in contours],
            "Predictions": [c.members for c in contours],
            "Method": [c.method.value for c in contours],
        }
    )


def show_doubtful(contours: Sequence[DoubtfulContour]) -> None:
    """The table; a click on a row opens the contour."""
    st.caption(
        "Most doubtful first: 1 minus the mean Dice between the predictions, and the spread of "
        "their volumes. Click a row to look at it in the viewer."
    )
    table = st.dataframe(
        build_doubt_frame(contours),
        hide_index=True,
        placeholder="",
        height=min(35 * (len(contours) + 1) + 3, 320),
        on_select="rerun",
        selection_mode="single-row",
        key="doubtful",
        column_config={
            "Disagreement": st.column_config.NumberColumn(format="%.3f"),
            "Volume spread %": st.column_config.NumberColumn(format="%.0f"),
            "Volume cc": st.column_config.NumberColumn(format="%.2f"),
        },
    )
    for row in table.selection.rows:
        go_to("review", case=contours[row].case, structure=contours[row].structure)
