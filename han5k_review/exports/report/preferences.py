"""Preferences: which of two contours beside each other readers would take, by structure."""

from __future__ import annotations

from han5k_review.exports.preference_rows import PreferenceRow, build_preference_rows
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    TableCell,
    paragraph,
    say_limits,
    say_number,
    say_percent,
    table,
)

_HEADINGS = (
    "Sources",
    "Structure",
    "First",
    "Second",
    "No preference",
    "Both poor",
    "Prefer the first",
    "Wilson 95 %",
    "By patient 95 %",
    "Patients",
    "P",
    "Prefer the left",
)


def build_preferences(facts: ReportFacts) -> Section:
    """The table of all pairs of sources; where none was compared, the section says so."""
    names = [str(structure.name) for structure in facts.rows.catalogue]
    rows = build_preference_rows(facts.rows.choices, names)
    if not rows:
        said = paragraph("No two contours were shown beside each other in this study.")
        return Section(key="preferences", title="Preferences", parts=(said,))
    repeats, same = sum(row.repeats for row in rows[:1]), sum(row.same for row in rows[:1])
    return Section(
        key="preferences",
        title="Preferences",
        parts=(
            paragraph(
                "Two contours of one structure stood beside each other, unlabelled, sides drawn by "
                "the seed of the protocol. The share is of the choices for one of the two. Choices "
                "of one patient are alike: the interval by patient uses their effective number, "
                "and P is of the exact two-sided sign test over patients, each for the source that "
                "was chosen more often. A share of the left side far from one half would mean that "
                "readers lean to a side."
            ),
            table(_HEADINGS, (_line(row) for row in rows), key="preference-table"),
            paragraph(
                f"Repeats with the same answer: {same} of {repeats}. P values are not corrected "
                "for the number of structures.",
                kind="small",
            ),
        ),
    )


def _line(row: PreferenceRow) -> tuple[TableCell, ...]:
    found = row.result
    return (
        f"{row.sources[0]} (first), {row.sources[1]} (second)",
        row.structure,
        found.first,
        found.second,
        found.neither,
        found.both_poor,
        say_percent(found.share.proportion),
        say_limits(found.plain),
        say_limits(found.share.wilson),
        found.share.patients,
        say_number(found.p_value, 4),
        say_percent(found.left.proportion),
    )
