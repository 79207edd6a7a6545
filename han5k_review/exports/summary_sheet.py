"""The sheet `Summary`: one row per structure, grades and metrics side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from han5k_review.anatomy.structure import Structure
from han5k_review.evaluation import Spread, StructureSummary, build_summary
from han5k_review.exports.acceptability import Acceptability, build_acceptability
from han5k_review.exports.columns import Column, Kind, Sheet, column
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.study_rows import StudyRows

_T, _I, _N = Kind.TEXT, Kind.INTEGER, Kind.NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """One structure that has a grade or a measured pair."""

    structure: Structure
    grades: Acceptability
    metrics: StructureSummary | None


_Columns = tuple[Column[SummaryRow], ...]

_GRADES: _Columns = (
    column(
        "structure",
        "Structure",
        _T,
        "structure table",
        "Name of the structure in the study's structure table.",
        lambda r: r.structure.name,
    ),
    column(
        "tg263",
        "TG-263 name",
        _T,
        "structure table",
        "Name after AAPM TG-263.",
        lambda r: r.structure.tg263,
    ),
    column(
        "tier", "Tier", _T, "structure table", "Risk tier (A to C).", lambda r: r.structure.tier
    ),
    column(
        "cases",
        "Cases graded",
        _I,
        "grades",
        "Cases whose contour under review has a three-level grade; repeats and calibration reads "
        "are left out. Each case counts once, with the worst grade among its readers.",
        lambda r: r.grades.cases,
    ),
    column(
        "no_revision", "No revision", _I, "grades", "Cases that need none.", lambda r: r.grades.no
    ),
    column(
        "minor_revision",
        "Minor revision",
        _I,
        "grades",
        "Cases that need a minor one.",
        lambda r: r.grades.minor,
    ),
    column(
        "major_revision",
        "Major revision",
        _I,
        "grades",
        "Cases that need a major one.",
        lambda r: r.grades.major,
    ),
    column(
        "not_graded",
        "Not assessable or absent",
        _I,
        "grades",
        "Cases whose readers all gave a non-grade; they stay out of the proportion.",
        lambda r: r.grades.not_graded,
    ),
    column(
        "grades",
        "Grades",
        _I,
        "grades",
        "Grades behind these counts, of all readers.",
        lambda r: r.grades.grades,
    ),
    column(
        "proportion_acceptable",
        "Proportion acceptable",
        _N,
        "grades",
        "Cases with no or minor revision over cases graded.",
        lambda r: r.grades.proportion,
    ),
    column(
        "acceptable_low",
        "Acceptable, lower 95 % limit",
        _N,
        "grades",
        "Lower limit of the exact (Clopper-Pearson) 95 % interval of the proportion.",
        lambda r: r.grades.interval.low if r.grades.interval else None,
    ),
    column(
        "acceptable_high",
        "Acceptable, upper 95 % limit",
        _N,
        "grades",
        "Upper limit of the exact (Clopper-Pearson) 95 % interval of the proportion.",
        lambda r: r.grades.interval.high if r.grades.interval else None,
    ),
)


def _counts(read: Callable[[StructureSummary], object]) -> Callable[[SummaryRow], object]:
    return lambda row: None if row.metrics is None else read(row.metrics)


def _spread_columns(
    name: str, title: str, unit: str, read: Callable[[StructureSummary], Spread]
) -> _Columns:
    parts = (
        ("median", "median", "Median of the defined values", lambda s: read(s).median),
        ("quartile_1", "first quartile", "First quartile", lambda s: read(s).quartile_1),
        ("quartile_3", "third quartile", "Third quartile", lambda s: read(s).quartile_3),
    )
    return tuple(
        column(
            f"{name}_{part}",
            f"{title} {words}",
            _N,
            "measured",
            f"{text}; empty when it falls on an infinite value.",
            _counts(take),
            unit,
        )
        for part, words, text, take in parts
    )


_METRICS: _Columns = (
    column(
        "pairs_measured",
        "Pairs measured",
        _I,
        "measured",
        "Cases with a measured pair.",
        _counts(lambda s: s.measured),
    ),
    column(
        "pairs_undefined",
        "Pairs undefined",
        _I,
        "measured",
        "Measured pairs with both masks empty; they have no Dice and no distance.",
        _counts(lambda s: s.dice.undefined),
    ),
    column(
        "pairs_infinite",
        "Pairs infinite",
        _I,
        "measured",
        "Measured pairs with one mask empty; their distances are infinite, never averaged.",
        _counts(lambda s: s.hd95_mm.infinite),
    ),
    *_spread_columns("dice", "Dice", "", lambda s: s.dice),
    column(
        "dice_mean",
        "Dice mean",
        _N,
        "measured",
        "Mean Dice over the pairs where it is defined.",
        _counts(lambda s: s.dice.mean),
    ),
    *_spread_columns("hd95_mm", "HD95", "mm", lambda s: s.hd95_mm),
    *_spread_columns("surface_dice", "Surface Dice", "", lambda s: s.surface_dice),
    column(
        "tolerance_mm",
        "Tolerance",
        _N,
        "measured",
        "Tolerance of surface Dice.",
        _counts(lambda s: s.tolerance_mm),
        "mm",
    ),
    column(
        "definition",
        "Definition",
        _T,
        "measured",
        "Definition of surface and percentile.",
        _counts(lambda s: s.definition),
    ),
    column(
        "definition_version",
        "Definition version",
        _T,
        "measured",
        "Version of the definition.",
        _counts(lambda s: s.definition_version),
    ),
)

SUMMARY: Sheet[SummaryRow] = Sheet(
    key="summary",
    title="Summary",
    row="a structure with at least one grade or one measured pair",
    columns=(*_GRADES, *_METRICS),
)


def build_summary_rows(rows: StudyRows, grades: Sequence[GradeRow]) -> list[SummaryRow]:
    """The rows of the sheet, in catalogue order."""
    acceptability = build_acceptability(grades)
    measured = {summary.structure: summary for summary in build_summary(rows.metrics)}
    return [
        SummaryRow(
            structure=structure,
            grades=acceptability.get(structure.name, Acceptability.nobody()),
            metrics=measured.get(structure.name),
        )
        for structure in rows.catalogue
        if structure.name in acceptability or structure.name in measured
    ]
