"""Grade against metric: do Dice, HD95, surface Dice and APL tell what readers say."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from han5k_review.evaluation import PairMetrics
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    TableCell,
    paragraph,
    say_estimate,
    say_percent,
    table,
)
from han5k_review.exports.severity import find_severity
from han5k_review.statistics.against_metrics import GradedMetric, measure_against_grades

_SEED, _RESAMPLES = 15, 300
_MAJOR = 2
MEASURES = (
    ("dice", "Dice", True),
    ("hd95_mm", "HD95 (mm)", False),
    ("surface_dice", "Surface Dice", True),
    ("apl_mm", "APL (mm)", False),
)
_HEADINGS = (
    "Structure",
    "Metric",
    "Cases",
    "Acceptable",
    "Spearman with level",
    "Area under ROC",
    "Threshold",
    "Right among acceptable",
    "Right among others",
)


def build_against_metrics(facts: ReportFacts) -> Section:
    """One line per structure and metric, where cases have both a grade and a measured pair."""
    worst: dict[tuple[str, str], int] = {}
    for row in facts.judged:
        level = find_severity(row.verdict)
        if level is not None:
            key = (row.grade.structure, row.case.name)
            worst[key] = max(level, worst.get(key, 0))
    pairs: dict[str, list[PairMetrics]] = {}
    for pair in facts.rows.metrics:
        if pair.panel is not None and (pair.structure, pair.case) in worst:
            pairs.setdefault(pair.structure, []).append(pair)
    lines = [
        _line(name, measure, pairs[name], worst)
        for name in (str(structure.name) for structure in facts.rows.catalogue)
        if name in pairs
        for measure in MEASURES
    ]
    if not lines:
        said = paragraph("Not measured: no case has both a grade and a measured pair.")
        return Section(key="metrics", title="Grade against metric", parts=(said,))
    return Section(
        key="metrics",
        title="Grade against metric",
        parts=(
            paragraph(
                "The worst grade of a case against the metric of the contour under review and the "
                "newest reference. Beyond the threshold (Youden) contours count as acceptable. In "
                "brackets: 95 % intervals over patients (bootstrap, fixed seed); '-' where one "
                "side is constant, or there are fewer than three cases."
            ),
            table(_HEADINGS, lines, key="metric-table"),
        ),
    )


def _line(
    structure: str,
    measure: tuple[str, str, bool],
    pairs: Iterable[PairMetrics],
    worst: dict[tuple[str, str], int],
) -> tuple[TableCell, ...]:
    field, title, higher_is_better = measure
    found = measure_against_grades(
        [
            GradedMetric(
                patient=pair.patient,
                value=float(getattr(pair.panel, field)),
                level=(level := worst[(structure, pair.case)]),
                acceptable=level < _MAJOR,
            )
            for pair in pairs
        ],
        higher_is_better=higher_is_better,
        generator=np.random.default_rng(_SEED),
        resamples=_RESAMPLES,
    )
    return (
        structure,
        title,
        found.contours,
        found.acceptable,
        say_estimate(found.spearman),
        say_estimate(found.auc),
        say_estimate(found.threshold),
        say_percent(found.sensitivity),
        say_percent(found.specificity),
    )
