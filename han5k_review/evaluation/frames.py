"""Data frames of metric rows and summaries, for the pages' tables and plots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

import pandas as pd

from han5k_review.evaluation.rows import PairMetrics
from han5k_review.evaluation.summary import Spread, StructureSummary
from han5k_review.evaluation.trend import TrendPoint
from han5k_review.evaluation.volumes import VolumePair, build_volume_pair
from han5k_review.metrics import Panel
from han5k_review.metrics.segrap import score as score_segrap

_PANEL_FIELDS = tuple(f.name for f in fields(Panel))
_SEGRAP_COLUMNS = ("segrap_dice", "segrap_surface_dice")
_read_panel = attrgetter(*_PANEL_FIELDS)
_SPREADS = ("dice", "hd95_mm", "surface_dice", "volume_difference_percent")
_SPREAD_FIELDS = tuple(f.name for f in fields(Spread))
_VOLUME_FIELDS = tuple(f.name for f in fields(VolumePair))


def build_metrics_frame(rows: Iterable[PairMetrics], *, segrap: bool = False) -> pd.DataFrame:
    """One line per row: case, patient, structure, the panel's fields (nan without one), reason.

    A pair without a panel names the definition and tolerance that it has none under. `segrap` adds
    SegRap2023's scores, for rows of a plan that is `is_segrap`.
    """
    scored = _SEGRAP_COLUMNS if segrap else ()
    columns = ["case", "patient", "structure", *_PANEL_FIELDS, *scored, "reason"]
    lines = [
        [
            row.case,
            row.patient,
            row.structure,
            *(_read_panel(row.panel) if row.panel else _read_unmeasured(row)),
            *(_score(row.panel) if segrap else ()),
            row.reason,
        ]
        for row in rows
    ]
    return pd.DataFrame(lines, columns=columns)


def _read_unmeasured(row: PairMetrics) -> tuple[object, ...]:
    definition = row.definition
    known = {
        "definition": definition,
        "definition_version": definition.version if definition else None,
        "tolerance_mm": row.tolerance_mm,
    }
    return tuple(known.get(name) for name in _PANEL_FIELDS)


def _score(panel: Panel | None) -> tuple[float | None, ...]:
    if panel is None:
        return (None, None)
    score = score_segrap(panel)
    return (score.dice, score.surface_dice)


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
