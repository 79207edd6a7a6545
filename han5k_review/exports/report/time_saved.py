"""Time saved: contours to revise against drawing from nothing, with reader, patient and order."""

from __future__ import annotations

from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    NOT_MEASURED,
    Section,
    TableCell,
    build_list,
    paragraph,
    say_estimate,
    say_number,
    say_percent,
    table,
)
from han5k_review.exports.time_rows import SavedRow, build_saved_rows, build_time_rows

_HEADINGS = (
    "Structure",
    "Drawn from nothing",
    "Contour shown",
    "Time in share of drawing",
    "Seconds saved",
    "Per tenfold place in the list",
    "Variance between patients",
    "Between readers",
)


def list_saved(facts: ReportFacts) -> list[SavedRow]:
    """The rows of the sheet `Time saved`; none where nothing was drawn from nothing."""
    names = [str(structure.name) for structure in facts.rows.catalogue]
    return build_saved_rows(build_time_rows(facts.rows, facts.grades), names)


def say_saved(facts: ReportFacts) -> str:
    """One clause for the outcomes: the share that is saved of a whole read, or of structures."""
    measured = [row for row in list_saved(facts) if row.saved is not None]
    if not measured:
        return f"time saved against contouring by hand: {NOT_MEASURED}"
    first = measured[0]
    ratio = None if first.saved is None else first.saved.ratio.value
    share = say_percent(None if ratio is None else 1 - ratio)
    return f"time saved against contouring by hand ({first.structure}): {share}"


def build_time_saved(facts: ReportFacts) -> Section:
    """The table by structure; where nothing was drawn from nothing, the section says so."""
    rows = list_saved(facts)
    if not rows:
        said = paragraph("No structure was drawn from nothing in this study.")
        return Section(key="time-saved", title="Time saved", parts=(said,))
    reasons = {f"{row.structure}: {row.reason}": None for row in rows if row.reason}
    reasons |= {
        f"{row.structure}: the fit did not converge; do not rely on this line.": None
        for row in rows
        if row.saved is not None and not row.saved.model.converged
    }
    return Section(
        key="time-saved",
        title="Time saved",
        parts=(
            paragraph(
                "Some reads, drawn by the seed of the protocol, showed no contour, and their "
                "readers drew each structure from nothing. Compared are active seconds: of "
                "drawing, against those of looking, grading and revising. Linear mixed model of "
                "the logarithm of seconds (statsmodels MixedLM, REML; 95 % intervals) with arm and "
                "place in the reader's list as fixed effects, reader and patient as random ones. "
                "Readers know in which arm they are: that cannot be blinded. Contours drawn from "
                "nothing are in no other number of this report."
            ),
            table(_HEADINGS, (_line(row) for row in rows), key="time-saved-table"),
            build_list(reasons) if reasons else "",
        ),
    )


def _line(row: SavedRow) -> tuple[TableCell, ...]:
    if row.saved is None:
        return (row.structure, row.from_nothing, row.shown, *([NOT_MEASURED] * 2), "", "", "")
    model = row.saved.model
    return (
        row.structure,
        row.from_nothing,
        row.shown,
        say_estimate(row.saved.ratio),
        say_estimate(row.saved.seconds_saved),
        say_estimate(model.order),
        say_number(model.patient_variance, 3),
        say_number(model.reader_variance, 3),
    )
