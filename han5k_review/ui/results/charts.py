"""Charts of the results page: grades, agreement, certificates, grades against a metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from han5k_review.review.results import LEVELS
from han5k_review.statistics.kappa import PairAgreement
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.texts.counts import say_count
from han5k_review.ui.axes import choose_whole_step
from han5k_review.ui.style import ACCENT, GRADE_COLORS

_GREY = "#8a919c"
_ROW_PX, _LEAST_PX = 22, 260
_SHOWN_POWERS = (-3.0, 4.0)
_FEW_POINTS = 400
_MARGIN = {"l": 10, "r": 10, "t": 30, "b": 10}


def build_grade_chart(
    counts: Mapping[str, Mapping[GradeLevel, int]], names: Sequence[str], words: Mapping[str, str]
) -> go.Figure:
    """One bar per structure, parted by level in percent; the number of grades in the hover."""
    figure = go.Figure()
    totals = [sum(counts[name].values()) for name in names]
    for level in GradeLevel:
        found = [counts[name].get(level, 0) for name in names]
        if not any(found):
            continue
        figure.add_bar(
            y=list(names),
            x=[100 * n / total for n, total in zip(found, totals, strict=True)],
            customdata=list(zip(found, totals, strict=True)),
            name=words.get(level.value, level.value),
            orientation="h",
            marker={"color": GRADE_COLORS.get(level.value, _GREY)},
            hovertemplate="%{y}: %{customdata[0]} of %{customdata[1]} grades, %{x:.1f} %",
        )
    figure.update_layout(
        barmode="stack",
        height=max(_LEAST_PX, 90 + _ROW_PX * len(names)),
        margin=_MARGIN | {"r": 24},  # the half of its last number
        xaxis={"title": "Percent of grades", "range": [0, 100], "dtick": 20},
        yaxis={"autorange": "reversed"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    return figure


def build_agreement_chart(pairs: Sequence[PairAgreement]) -> go.Figure:
    """Quadratic-weighted kappa of every two readers; empty where it is undefined."""
    readers = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    place = {name: number for number, name in enumerate(readers)}
    values = np.full((len(readers), len(readers)), math.nan)
    words = [["" for _ in readers] for _ in readers]
    for pair in pairs:
        value = pair.kappa.value
        said = say_count(pair.compared, "contour")
        said += (
            f", exactly equal {100 * pair.exact.value:.0f} %"
            if pair.exact.value is not None
            else ""
        )
        said += f"<br>{pair.kappa.reason}" if value is None else ""
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            values[place[one], place[other]] = math.nan if value is None else value
            words[place[one]][place[other]] = said
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=readers,
            y=readers,
            customdata=words,
            colorscale="Viridis",
            zmin=0,
            zmax=1,
            texttemplate="%{z:.2f}",
            hovertemplate="%{y} and %{x}: kappa %{z:.2f}<br>%{customdata}<extra></extra>",
            hoverongaps=True,
            colorbar={"title": "kappa"},
        )
    )
    figure.update_layout(
        height=max(_LEAST_PX, 120 + 2 * _ROW_PX * len(readers)),
        margin=_MARGIN,
        xaxis={"type": "category", "showgrid": False},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False},
    )
    return figure


def build_certificate_chart(
    evidence: NDArray[np.float64], error_rate: float, cases: Sequence[str]
) -> go.Figure:
    """The e-values (patients,), no unit, from 0.001 to 10,000, with the line that releases."""
    shown = np.clip(np.append(0.0, evidence) / math.log(10), *_SHOWN_POWERS)
    figure = go.Figure(
        go.Scatter(
            x=np.arange(len(shown)),
            y=10**shown,
            customdata=["the start", *cases],
            mode="lines+markers" if len(shown) <= _FEW_POINTS else "lines",
            line={"color": ACCENT},
            marker={"size": 4},
            hovertemplate="after %{x} patients (%{customdata}): e-value %{y:.3g}<extra></extra>",
        )
    )
    line = {"color": GRADE_COLORS["no"], "dash": "dash"}
    figure.add_hline(y=1 / error_rate, line=line)
    figure.add_annotation(
        text="released", x=0, xref="paper", y=-math.log10(error_rate), yshift=10, showarrow=False
    )
    low, high = _SHOWN_POWERS
    figure.update_layout(
        height=320,
        margin=_MARGIN,
        xaxis={
            "title": "Patients, in the order of their last grade",
            "range": [0, len(shown)],
            "dtick": choose_whole_step(len(shown) - 1),
        },
        yaxis={"title": "E-value", "type": "log", "range": [low - 0.2, high + 0.2], "dtick": 1},
        showlegend=False,
    )
    return figure


def build_metric_chart(
    values: Sequence[float],
    levels: Sequence[int],
    cases: Sequence[str],
    title: str,
    threshold: float | None,
    words: Mapping[str, str],
) -> go.Figure:
    """One box per level with every case as a dot; a line where acceptable ends."""
    figure = go.Figure()
    for place, level in enumerate(LEVELS):
        chosen = [
            n for n, found in enumerate(levels) if found == place and math.isfinite(values[n])
        ]
        if not chosen:
            continue
        figure.add_box(
            y=[values[n] for n in chosen],
            name=words.get(level.value, level.value),
            customdata=[cases[n] for n in chosen],
            boxpoints="all",
            jitter=0.4,
            pointpos=0,
            marker={"color": GRADE_COLORS[level.value], "size": 5},
            hovertemplate="%{customdata}: %{y:.3f}<extra></extra>",
        )
    if threshold is not None:
        figure.add_hline(y=threshold, line={"color": _GREY, "dash": "dash"})
    figure.update_layout(height=380, margin=_MARGIN, yaxis={"title": title}, showlegend=False)
    return figure
