"""Agreement of readers with each other and with themselves, and where levels vary."""

from __future__ import annotations

from collections.abc import Sequence

from han5k_review.exports.agreement_rows import (
    EVERY_STRUCTURE,
    AgreementRow,
    build_agreement_rows,
    build_first_ratings,
    split_structures,
)
from han5k_review.exports.report.crossed_model import build_crossed_model
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    TableCell,
    build_list,
    paragraph,
    say_estimate,
    subtitle,
    table,
)
from han5k_review.statistics.components import measure_components
from han5k_review.statistics.estimates import Estimate

_HEADINGS = (
    "Structure",
    "Comparison",
    "Readers",
    "Contours",
    "Exact agreement",
    "Weighted kappa",
    "Fleiss' kappa",
    "Gwet's AC2",
    "Krippendorff's alpha",
    "Bias",
)
_VARIANCES = ("Structure", "Mean level", "Between patients", "Between readers", "The rest")


def build_agreement(facts: ReportFacts) -> Section:
    """All comparisons of the sheet Agreement, where levels vary, and the mixed model."""
    found = build_agreement_rows(facts.rows, facts.grades)
    if not found:
        said = paragraph("Nothing is graded yet: agreement is not measured.")
        return Section(key="agreement", title="Agreement", parts=(said,))
    whole = [row for row in found if row.structure == EVERY_STRUCTURE]
    single = [row for row in found if row.structure != EVERY_STRUCTURE]
    notes = dict.fromkeys(row.note for row in found if row.note)
    return Section(
        key="agreement",
        title="Agreement",
        parts=(
            paragraph(
                "Three levels (0 no, 1 minor, 2 major revision); non-grades are missing. Kappa and "
                "Fleiss' kappa have quadratic weights. In brackets: 95 % intervals that resample "
                "patients and readers (crossed bootstrap, fixed seed). Read AC2 beside kappa, "
                "which is low where one level prevails."
            ),
            table(_HEADINGS, map(_line, whole), key="agreement-table"),
            subtitle("All readers, by structure"),
            table(_HEADINGS, map(_line, single), key="agreement-structures"),
            subtitle("Why numbers or intervals are missing") if notes else "",
            build_list(notes),
            subtitle("Where levels vary"),
            paragraph(
                "Variances of levels in a model with crossed random effects of patient and reader "
                "(moments, Henderson 1953). Few readers leave the reader variance uncertain."
            ),
            _build_components(facts, [row.structure for row in single]),
            *build_crossed_model(facts),
        ),
    )


def _line(row: AgreementRow) -> tuple[TableCell, ...]:
    readers = row.reader if row.reader == row.other_reader else f"{row.reader} {row.other_reader}"
    return (
        row.structure,
        row.comparison,
        readers.strip(),
        row.contours,
        *(
            say_estimate(estimate)
            for estimate in (row.exact, row.kappa, row.fleiss, row.ac2, row.alpha, row.bias)
        ),
    )


def _build_components(facts: ReportFacts, structures: Sequence[str]) -> str:
    ratings = split_structures(build_first_ratings(facts.grades))
    lines: list[tuple[TableCell, ...]] = []
    for name in structures:
        found = measure_components(ratings[name])
        if found is None:
            continue
        parts = (found.patient, found.reader, found.rest)
        lines.append((name, f"{found.mean:.2f}", *(_say_variance(each) for each in parts)))
    return table(_VARIANCES, lines, key="variance-table")


def _say_variance(estimate: Estimate) -> str:
    return estimate.reason if estimate.value is None else say_estimate(estimate, 3)
