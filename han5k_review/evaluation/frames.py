"""Data frames of metric rows and summaries, for the pages' tables and plots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

import pandas as pd

from han5k_review.evaluation.rows import PairMetrics
from han5k_review.evaluation.summary import Spread, StructureSummary
from han5k_review.evaluation.trend import TrendPoint
from han5k_review.evaluation.volumes import VolumePair, build_volume_pair
from han5k_review.metrics import Panel

_PANEL_FIELDS = tuple(f.name for f in fields(Panel))
_SPREADS = ("dice", "hd95_mm", "surface_dice", "volume_difference_percent")
_SPREAD_FIELDS = tuple(f.name for f in fields(Spread))
_VOLUME_FIELDS = tuple(f.name for f in fields(VolumePair))


def build_metrics_frame(rows: Iterable[PairMetrics]) -> pd.DataFrame:
    """One line per row: case, patient, structure, the panel's fields (nan without one), reason."""
    columns = ["case", "patient", "structure", *_PANEL_FIELDS, "reason"]
    lines = [
        [
            row.case,
            row.patient,
            row.structure,
            *(None if row.panel is None else getattr(row.panel, name) for name in _PANEL_FIELDS),
            row.reason,
        ]
        for row in rows
    ]
    return pd.DataFrame(lines, columns=columns)


def build_summary_frame(summaries: Iterable[StructureSummary]) -> pd.DataFrame:
    """One line per structure: counts, and `<measure>_<statistic>` columns such as `dice_median`."""
    plain = [f.name for f in fields(StructureSummary) if f.name not in _SPREADS]
    columns = [*plain, *(f"{name}_{part}" for name in _SPREADS for part in _SPREAD_FIELDS)]
    lines = [
        [
            *(getattr(summary, name) for name in plain),
            *(
                getattr(getattr(summary, name), part)
                for name in _SPREADS
                for part in _SPREAD_FIELDS
            ),
        ]
        for summary in summaries
    ]
    return pd.DataFrame(lines, columns=columns)


def build_volume_frame(rows: Iterable[PairMetrics]) -> pd.DataFrame:
    """One line per pair that has volume: case, structure, and the fields of `VolumePair`."""
    columns = ["case", "structure", *_VOLUME_FIELDS]
    lines = []
    for row in rows:
        pair = None if row.panel is None else build_volume_pair(row.panel)
        if pair is not None:
            lines.append([row.case, row.structure, *(getattr(pair, n) for n in _VOLUME_FIELDS)])
    return pd.DataFrame(lines, columns=columns)


def build_trend_frame(points: Iterable[TrendPoint]) -> pd.DataFrame:
    """The summary frame with the version in front."""
    listed = list(points)
    frame = build_summary_frame(point.summary for point in listed)
    frame.insert(0, "version", [point.version for point in listed])
    return frame
