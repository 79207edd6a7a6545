"""Charts of the triage view: ROC, calibration, risk against coverage, minutes against errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from han5k_review.triage.bands import Band
from han5k_review.triage.proof import CalibrationBin, Curves
from han5k_review.ui.style import ACCENT

_GREY = "#8a919c"
_SHADE = "rgba(59, 130, 196, 0.2)"
_HEIGHT = 280
_MARGIN = {"l": 10, "r": 10, "t": 40, "b": 10}


def build_roc_chart(curves: Curves, band: Band) -> go.Figure:
    """Errors found against false alarms, from the highest score on, with the band's limits."""
    figure = _shade(band)
    _add_line(figure, 100 * curves.false_alarms, 100 * curves.found, "%{x:.0f} %, %{y:.0f} %")
    return _finish(
        figure,
        "Found against false alarms (ROC)",
        "Good contours flagged, %",
        "Bad ones flagged, %",
        (100.0, 100.0),
    )


def build_calibration_chart(bins: Sequence[CalibrationBin]) -> go.Figure:
    """What the score said, and what readers then asked for; on the diagonal both agree."""
    figure = go.Figure(
        go.Scatter(
            x=[100 * one.expected for one in bins],
            y=[100 * one.revised for one in bins],
            customdata=[one.contours for one in bins],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [100 * (one.high - one.revised) for one in bins],
                "arrayminus": [100 * (one.revised - one.low) for one in bins],
                "thickness": 1,
            },
            mode="lines+markers",
            line={"color": ACCENT},
            hovertemplate="said %{x:.0f} %, was %{y:.0f} % of %{customdata} contours"
            "<extra></extra>",
        )
    )
    return _finish(
        figure,
        "Calibration",
        "To be revised by the score, %",
        "By the readers, %",
        (100.0, 100.0),
    )


def build_risk_chart(curves: Curves, band: Band) -> go.Figure:
    """Of the contours with the lowest scores: how many left unread, how many of them bad."""
    inside = curves.coverage > 0
    figure = _shade(band)
    _add_line(
        figure,
        100 * curves.coverage[inside],
        100 * curves.risk[inside],
        "%{x:.0f} % left unread: %{y:.1f} % of them bad",
    )
    figure.update_layout(yaxis={"rangemode": "tozero"})
    return _finish(
        figure,
        "Risk against coverage",
        "Left unread, lowest scores first, %",
        "Bad among them, %",
        None,
    )


def build_minutes_chart(curves: Curves) -> go.Figure:
    """Errors found against minutes of reading, in order of the score and in random order."""
    figure = go.Figure()
    _add_line(figure, curves.minutes, 100 * curves.found_by_then, "%{x:.0f} min: %{y:.0f} % found")
    return _finish(
        figure,
        "Errors found against minutes",
        "Active minutes of reading",
        "Bad ones found, %",
        (float(curves.minutes[-1]), 100.0),
    )


def _shade(band: Band) -> go.Figure:
    """A figure with the area between the band's limits, as percent."""
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure = go.Figure(go.Scatter(x=100 * band.x, y=100 * band.low, **edge))
    figure.add_scatter(x=100 * band.x, y=100 * band.high, fill="tonexty", fillcolor=_SHADE, **edge)
    return figure


def _add_line(
    figure: go.Figure, x: NDArray[np.float64], y: NDArray[np.float64], hover: str
) -> None:
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": ACCENT}, hovertemplate=f"{hover}<extra></extra>"
    )


def _finish(
    figure: go.Figure,
    title: str,
    x_title: str,
    y_title: str,
    diagonal: tuple[float, float] | None,
) -> go.Figure:
    """Titles; and the line that chance, or perfect agreement, would draw."""
    if diagonal is not None:
        figure.add_scatter(
            x=[0, diagonal[0]],
            y=[0, diagonal[1]],
            mode="lines",
            line={"color": _GREY, "dash": "dash"},
            hoverinfo="skip",
        )
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=_HEIGHT,
        margin=_MARGIN,
        xaxis={"title": x_title},
        yaxis={"title": y_title},
        showlegend=False,
    )
    return figure
