"""Traces for more values than a browser can draw as dots: boxes, shading, and what lies furthest.

A cohort of 3,346 cases has 164,000 values; as dots they are tens of megabytes and a frozen page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

WORST_SHOWN = 5  # cases of each structure that stay dots
FURTHEST_SHOWN = 300  # pairs of a volume chart that stay dots
_WHISKER = 1.5
_CELLS_X, _CELLS_Y = 90, 60


def build_boxes(frame: pd.DataFrame, column: str, names: Sequence[str]) -> go.Box:
    """One box per structure from its quartiles alone.

    Whiskers end at the furthest value within 1.5 times the quartiles' distance.
    """
    groups = frame.groupby("structure", observed=True)[column]
    quartiles = groups.quantile(np.array([0.25, 0.5, 0.75])).unstack().loc[list(names)]
    low, middle, high = (quartiles[share] for share in (0.25, 0.5, 0.75))
    reach = _WHISKER * (high - low)
    values, own = frame[column], frame["structure"]
    inside = values.between(own.map(low - reach), own.map(high + reach))
    ends = frame[inside].groupby("structure", observed=True)[column]
    return go.Box(
        x=list(names),
        q1=low,
        median=middle,
        q3=high,
        lowerfence=ends.min().loc[list(names)],
        upperfence=ends.max().loc[list(names)],
        hoverinfo="y",
    )


def pick_worst(frame: pd.DataFrame, column: str, *, lower_is_better: bool) -> pd.DataFrame:
    """The `WORST_SHOWN` worst rows of each structure."""
    ordered = frame.sort_values(column, ascending=not lower_is_better)
    return ordered.groupby("structure", observed=True).head(WORST_SHOWN)


def split_furthest(frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The `FURTHEST_SHOWN` rows furthest from the mean, and the rest."""
    ranks = (frame[column] - frame[column].mean()).abs().rank(method="first", ascending=False)
    return frame[ranks <= FURTHEST_SHOWN], frame[ranks > FURTHEST_SHOWN]


def build_shading(frame: pd.DataFrame, column: str, *, log_x: bool) -> go.Heatmap:
    """How many rows lie in each cell of mean volume and difference; empty cells stay clear."""
    means = frame["mean_cc"].to_numpy(dtype=float)
    spaced = np.geomspace if log_x else np.linspace
    edges_x = spaced(means.min(), np.nextafter(means.max(), np.inf), _CELLS_X + 1)
    edges_x[0], edges_x[-1] = means.min(), means.max()  # geomspace rounds
    counts, edges_x, edges_y = np.histogram2d(
        means, frame[column].to_numpy(dtype=float), bins=(edges_x, _CELLS_Y)
    )
    shown = np.where(counts > 0, counts, np.nan).T
    return go.Heatmap(
        x=edges_x,
        y=edges_y,
        z=np.log10(shown),
        customdata=shown,
        colorscale=[[0, "rgba(59,130,196,.18)"], [1, "rgba(59,130,196,1)"]],
        showscale=False,
        hoverongaps=False,
        hovertemplate="%{customdata:.0f} pairs<extra></extra>",
    )
