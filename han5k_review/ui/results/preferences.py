"""The view of the results page about forced choices: the share of each structure, and the table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from han5k_review.exports.preference_rows import PreferenceRow, build_preference_rows
from han5k_review.review.preferences import list_given_choices
from han5k_review.store.engine import reading
from han5k_review.ui.style import ACCENT
from han5k_review.ui.visit import Bench

_ROW_PX, _LEAST_PX = 26, 180


def show_preferences(bench: Bench) -> None:
    """One comparison of two label sources; chosen first where there are several."""
    with reading(bench.study.engine) as session:
        choices = list_given_choices(session)
    rows = build_preference_rows(choices, [str(s.name) for s in bench.catalogue])
    if not rows:
        st.info(
            "No two contours were compared yet. Set the design forced choice on the page Protocol "
            "and assign cases."
        )
        return
    pairs = list(dict.fromkeys(row.sources for row in rows))
    pair = pairs[0]
    if len(pairs) > 1:
        pair = st.selectbox("Label sources", pairs, format_func=" against ".join)
    shown = [row for row in rows if row.sources == pair]
    st.plotly_chart(build_preference_chart(shown), key="preferences")
    st.dataframe(build_preference_frame(shown), hide_index=True)
    st.caption(
        f"Share of the choices for one of the two that prefers {pair[0]} to {pair[1]}; the "
        "interval (95 %) takes into account that choices of one patient are alike. P: exact sign "
        "test over patients, each for the source that was chosen more often. Repeats are left out."
    )


def build_preference_chart(rows: Sequence[PreferenceRow]) -> go.Figure:
    """The share that prefers the first source with its interval, one line per structure."""
    told = [row for row in rows if row.result.share.wilson is not None]
    shares = [100 * (row.result.share.proportion or 0.0) for row in told]
    limits = [row.result.share.wilson for row in told]
    figure = go.Figure(
        go.Scatter(
            x=shares,
            y=[row.structure for row in told],
            mode="markers",
            marker={"color": ACCENT, "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100 * one.high - s for one, s in zip(limits, shares, strict=True) if one],
                "arrayminus": [
                    s - 100 * one.low for one, s in zip(limits, shares, strict=True) if one
                ],
                "color": ACCENT,
            },
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        )
    )
    first, second = rows[0].sources
    figure.add_vline(x=50, line={"dash": "dot", "color": "#8a919c"})
    figure.update_layout(
        height=max(_LEAST_PX, 90 + _ROW_PX * len(told)),
        margin={"l": 10, "r": 10, "t": 20, "b": 10},
        xaxis={"title": f"Percent that prefers {first} to {second}", "range": [0, 100]},
        yaxis={"autorange": "reversed"},
    )
    return figure


def build_preference_frame(rows: Sequence[PreferenceRow]) -> pd.DataFrame:
    """The numbers behind the chart."""
    first, second = rows[0].sources
    return pd.DataFrame(
        [
            {
                "Structure": row.structure,
                f"Prefer {first}": row.result.first,
                f"Prefer {second}": row.result.second,
                "No preference": row.result.neither,
                "Both poor": row.result.both_poor,
                "Patients": row.result.share.patients,
                "P": round(row.result.p_value, 4),
                "Same on repeat": f"{row.same} of {row.repeats}",
            }
            for row in rows
        ]
    )
