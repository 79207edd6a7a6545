"""Charts of metrics: cases as dots with boxes, volumes after Bland and Altman, model versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.evaluation.trend import TrendPoint
from han5k_review.evaluation.volumes import Limits
from han5k_review.ui.cohort.condensed import build_boxes, build_shading, pick_worst, split_furthest
from han5k_review.ui.style import ACCENT

DOTS_LIMIT = 4000  # more dots than this only make a browser slow
_PUBLISHED = "#d99a1c"
_GREY = "rgba(120,130,145,.8)"
_FEW_LINES = 14
_MANY_COLUMNS = 30  # a longer line would reach into the next column
_CASE_HOVER = "%{customdata[0]}, %{x}: %{y:.3f}<extra></extra>"


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
    Measure(column="masd_mm", title="MASD (mm)", published=None, lower_is_better=True),
    Measure(column="apl_mm", title="APL (mm)", published=None, lower_is_better=True),
    Measure(column="vrd", title="VRD", published=None, lower_is_better=True),
)


def build_strip_chart(frame: pd.DataFrame, measure: Measure, catalogue: Catalogue) -> go.Figure:
    """One column per structure, what is published behind; infinite values are left out.

    Above `DOTS_LIMIT` values each structure is a box with its worst cases as dots.
    """
    values = frame[measure.column]
    finite = frame[values.notna() & (values.abs() < float("inf"))]
    present = set(finite["structure"])
    names = [str(s.name) for s in catalogue if s.name in present]
    figure = go.Figure(build_published(names, measure, catalogue))
    if len(finite) <= DOTS_LIMIT:
        box = go.Box(x=finite["structure"], y=finite[measure.column])
        box.update(boxpoints="all", jitter=0.4, pointpos=0)
        box.update(customdata=finite[["case"]], hovertemplate=_CASE_HOVER)
        figure.add_trace(box)
    else:
        figure.add_trace(build_boxes(finite, measure.column, names))
        worst = pick_worst(finite, measure.column, lower_is_better=measure.lower_is_better)
        figure.add_trace(
            go.Scatter(
                x=worst["structure"],
                y=worst[measure.column],
                customdata=worst[["case"]],
                hovertemplate=_CASE_HOVER,
                mode="markers",
                marker={"color": ACCENT, "size": 5, "opacity": 0.8},
                showlegend=False,
            )
        )
    figure.update_traces(
        marker={"color": ACCENT, "size": 5, "opacity": 0.8},
        line={"color": _GREY, "width": 1},
        fillcolor="rgba(120,130,145,.12)",
        showlegend=False,
        selector={"type": "box"},
    )
    _lay_out(figure, measure.title)
    figure.update_xaxes(categoryorder="array", categoryarray=names, tickangle=-50)
    figure.update_yaxes(rangemode="tozero")
    return figure


def build_published(
    names: Sequence[str], measure: Measure, catalogue: Catalogue
) -> list[go.Bar | go.Scatter]:
    """What the structure table knows as published: a band for a range, a line for one number."""
    if measure.published is None:
        return []
    structures = [catalogue.get_structure(name) for name in names]
    ranges = [(s.name, getattr(s, f"{measure.published}_range")) for s in structures]
    bands = [(name, *found) for name, found in ranges if found is not None]
    values = [(s.name, getattr(s, measure.published)) for s in structures]
    lines = [(name, value) for name, value in values if value is not None]
    traces: list[go.Bar | go.Scatter] = []
    if bands:
        traces.append(
            go.Bar(
                x=[name for name, _, _ in bands],
                base=[low for _, low, _ in bands],
                y=[high - low for _, low, high in bands],
                customdata=[[low, high] for _, low, high in bands],
                width=0.9,
                marker={"color": _PUBLISHED, "opacity": 0.25},
                name="published range (local draft)",
                hovertemplate="published range, not confirmed: "
                "%{customdata[0]} to %{customdata[1]}<extra></extra>",
            )
        )
    if lines:
        traces.append(
            go.Scatter(
                x=[name for name, _ in lines],
                y=[value for _, value in lines],
                mode="markers",
                marker={
                    "symbol": "line-ew",
                    "size": 18 if len(names) <= _MANY_COLUMNS else 9,
                    "line": {"width": 3, "color": _PUBLISHED},
                },
                name="published value (local draft)",
                hovertemplate="published: %{y}, one number without a range; not confirmed"
                "<extra></extra>",
            )
        )
    return traces


def build_volume_chart(frame: pd.DataFrame, limits: Limits, *, in_percent: bool) -> go.Figure:
    """Bland-Altman: difference over mean of two volumes, with bias and limits of agreement.

    `frame` has case, structure, mean_cc, difference_cc, difference_percent. In percent the means
    are on a logarithmic axis, since structures differ a thousandfold. Above `DOTS_LIMIT` pairs,
    shading says how many lie where, and the furthest are dots.
    """
    column, unit = ("difference_percent", "%") if in_percent else ("difference_cc", "cc")
    figure = go.Figure()
    if len(frame) > DOTS_LIMIT:
        frame, rest = split_furthest(frame, column)
        figure.add_trace(build_shading(rest, column, log_x=in_percent))
    figure.add_trace(
        go.Scatter(
            x=frame["mean_cc"],
            y=frame[column],
            mode="markers",
            marker={"color": ACCENT, "size": 6, "opacity": 0.7},
            customdata=frame[["case", "structure"]],
            hovertemplate="%{customdata[0]}, %{customdata[1]}: %{y:.2f} "
            + unit
            + "<extra></extra>",
            showlegend=False,
        )
    )
    lines = (("bias", limits.bias), ("-1.96 SD", limits.low), ("+1.96 SD", limits.high))
    for words, value in lines:
        if value == value:  # not nan
            figure.add_hline(
                y=value,
                line={
                    "color": _PUBLISHED if words == "bias" else _GREY,
                    "dash": "solid" if words == "bias" else "dash",
                    "width": 1.5,
                },
                annotation={"text": f"{words} {value:+.2f} {unit}", "font": {"size": 12}},
                annotation_position="right",
            )
    _lay_out(figure, f"Volume difference ({unit})")
    figure.update_layout(margin={"r": 130})  # the words of the lines, beside what they lie over
    figure.update_xaxes(title="Mean of both volumes (cc)", type="log" if in_percent else "linear")
    return figure


def build_trend_chart(points: Sequence[TrendPoint], measure: Measure) -> go.Figure:
    """Medians of one measure per version, one line per structure; `measure` must be summarised."""
    versions = list(dict.fromkeys(point.version for point in points))
    names = list(dict.fromkeys(point.summary.structure for point in points))
    figure = go.Figure()
    for name in names:
        own = [point for point in points if point.summary.structure == name]
        spreads = [getattr(point.summary, measure.column) for point in own]
        figure.add_trace(
            go.Scatter(
                x=[point.version for point in own],
                y=[spread.median for spread in spreads],
                customdata=[[spread.defined] for spread in spreads],
                mode="lines+markers",
                name=name,
                hovertemplate=f"{name}, %{{x}}: %{{y:.3f}} (n = %{{customdata[0]}})<extra></extra>",
            )
        )
    _lay_out(figure, f"{measure.title}, median")
    figure.update_layout(showlegend=len(names) <= _FEW_LINES)
    figure.update_xaxes(categoryorder="array", categoryarray=versions)
    return figure


def _lay_out(figure: go.Figure, title: str) -> None:
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        yaxis={"title": title},
        legend={"orientation": "h", "y": 1.08},
        font={"size": 13},
    )
