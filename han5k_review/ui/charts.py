"""Charts of metrics: every case a dot, the published value a line behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.ui.style import ACCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A column of the metrics frame, its axis title, and the catalogue's published value."""

    column: str
    title: str
    published: str | None
    lower_is_better: bool


MEASURES = (
    Measure(column="dice", title="Dice", published="reference_dsc", lower_is_better=False),
    Measure(
        column="hd95_mm", title="HD95 (mm)", published="reference_hd95_mm", lower_is_better=True
    ),
    Measure(column="surface_dice", title="Surface Dice", published=None, lower_is_better=False),
    Measure(
        column="masd_mm", title="Mean surface distance (mm)", published=None, lower_is_better=True
    ),
    Measure(column="apl_mm", title="Added path length (mm)", published=None, lower_is_better=True),
    Measure(column="vrd", title="Volumetric revision degree", published=None, lower_is_better=True),
)


def build_strip_chart(frame: pd.DataFrame, measure: Measure, catalogue: Catalogue) -> go.Figure:
    """One column per structure; infinite and undefined values are left out, and said so."""
    finite = frame[frame[measure.column].abs() < float("inf")]
    names = [s.name for s in catalogue if s.name in set(finite["structure"])]
    figure = go.Figure()
    figure.add_trace(
        go.Box(
            x=finite["structure"],
            y=finite[measure.column],
            customdata=finite[["case"]],
            boxpoints="all",
            jitter=0.4,
            pointpos=0,
            marker={"color": ACCENT, "size": 5, "opacity": 0.8},
            line={"color": "rgba(120,130,145,.7)", "width": 1},
            fillcolor="rgba(120,130,145,.12)",
            hovertemplate="%{customdata[0]}, %{x}: %{y:.3f}<extra></extra>",
            showlegend=False,
        )
    )
    published = _published(names, measure, catalogue)
    if published:
        figure.add_trace(
            go.Scatter(
                x=[name for name, _ in published],
                y=[value for _, value in published],
                mode="markers",
                marker={"symbol": "line-ew", "size": 16, "line": {"width": 3, "color": "#d99a1c"}},
                name="published median (to be confirmed)",
                hovertemplate="published: %{y}<extra></extra>",
            )
        )
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        yaxis={"title": measure.title, "rangemode": "tozero"},
        xaxis={"categoryorder": "array", "categoryarray": names, "tickangle": -50},
        legend={"orientation": "h", "y": 1.08},
        font={"size": 13},
    )
    return figure


def _published(
    names: Sequence[str], measure: Measure, catalogue: Catalogue
) -> list[tuple[str, float]]:
    if measure.published is None:
        return []
    values = [(name, getattr(catalogue.get_structure(name), measure.published)) for name in names]
    return [(name, value) for name, value in values if value is not None]
