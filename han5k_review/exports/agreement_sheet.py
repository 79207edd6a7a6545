"""The sheet `Agreement`: do readers agree with each other and with themselves."""

from __future__ import annotations

from han5k_review.exports.agreement_rows import AgreementRow
from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.estimate_columns import estimate_columns, value_column

_T, _I = Kind.TEXT, Kind.INTEGER

AGREEMENT: Sheet[AgreementRow] = Sheet(
    key="agreement",
    title="Agreement",
    row="a comparison of grades: of all readers, of two, of one with the others or with oneself",
    columns=(
        column(
            "structure",
            "Structure",
            _T,
            "grade",
            "Name of the structure, or `all structures`.",
            lambda r: r.structure,
        ),
        column(
            "comparison",
            "Comparison",
            _T,
            "grade",
            "`all readers`, `two readers`, `one against the others`, or `own repeats`.",
            lambda r: r.comparison,
        ),
        column("reader", "Reader", _T, "reader", "Pseudonym.", lambda r: r.reader),
        column(
            "other_reader",
            "Other reader",
            _T,
            "reader",
            "Pseudonym of the second reader; the same one for repeats.",
            lambda r: r.other_reader,
        ),
        column(
            "contours",
            "Contours compared",
            _I,
            "grades",
            "Contours with at least two grades of this comparison, on the three levels.",
            lambda r: r.contours,
        ),
        column(
            "grades",
            "Grades",
            _I,
            "grades",
            "Grades of these readers, also of contours that one of them graded alone.",
            lambda r: r.grades,
        ),
        *estimate_columns(
            "exact",
            "Exact agreement",
            "Mean over contours of the share of pairs of readers with equal levels.",
            lambda r: r.exact,
        ),
        value_column(
            "within_one",
            "Agreement within one level",
            "The same with levels that are at most one apart.",
            lambda r: r.within_one,
        ),
        *estimate_columns(
            "kappa",
            "Weighted kappa",
            "Cohen's kappa with quadratic weights; of all readers the mean over pairs, which has "
            "no interval.",
            lambda r: r.kappa,
        ),
        value_column(
            "fleiss",
            "Fleiss' kappa",
            "With quadratic weights; readers may be missing.",
            lambda r: r.fleiss,
        ),
        *estimate_columns(
            "ac2",
            "Gwet's AC2",
            "With quadratic weights; stays meaningful where one level prevails.",
            lambda r: r.ac2,
        ),
        *estimate_columns("alpha", "Krippendorff's alpha", "Ordinal.", lambda r: r.alpha),
        *estimate_columns(
            "bias",
            "Bias",
            "Mean level (0 no, 1 minor, 2 major) of the reader less that of the others; of two "
            "readers, and of repeats, that of the second less that of the first.",
            lambda r: r.bias,
        ),
        column(
            "note",
            "Note",
            _T,
            "measured: docs/statistics.md",
            "Why a number or an interval is missing.",
            lambda r: r.note,
        ),
    ),
)
