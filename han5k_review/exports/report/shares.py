"""Shares acceptable: the main table by structure, and those by tier, label source and split."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from han5k_review.exports.acceptability import Acceptability, build_acceptability
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Markup,
    Section,
    TableCell,
    paragraph,
    say_limits,
    say_percent,
    subtitle,
    table,
)
from han5k_review.exports.severity import find_severity
from han5k_review.statistics.shares import (
    Judgement,
    Share,
    build_shares,
    measure_exact_interval,
    measure_wilson_interval,
)
from han5k_review.store.vocabulary import GradeLevel

MAIN_HEADINGS = (
    "Structure",
    "Tier",
    "Patients",
    "No",
    "Minor",
    "Major",
    "Acceptable",
    "Exact 95 %",
    "Wilson 95 %",
    "",
    "Not assessable or absent",
    "As failures",
)
_GROUP_HEADINGS = (
    "Group",
    "Contours",
    "Patients",
    "Acceptable",
    "Share",
    "Exact 95 %",
    "Wilson 95 %",
)


def build_shares_section(facts: ReportFacts) -> Section:
    """The main table, then groups of contours in which a patient has several."""
    judged = facts.judged
    if not judged:
        said = paragraph("Nothing is graded yet.")
        return Section(key="shares", title="Share acceptable", parts=(said,))
    return Section(
        key="shares",
        title="Share acceptable",
        parts=(
            paragraph(
                "Contours under review. Each patient counts once in a structure, with the worst "
                "grade. The last column counts patients with a non-grade only (not assessable, "
                "absent or wrong organ) as failures."
            ),
            build_main_table(facts),
            subtitle("By tier"),
            _group_table("tier-table", judged, lambda row: _tier(row)),
            subtitle("By split"),
            _group_table("split-table", judged, lambda row: row.case.split.value.replace("_", " ")),
            subtitle("By label source"),
            paragraph("All contours of first reads, also those that are not under review."),
            _group_table("source-table", facts.counted, lambda row: row.arm.value),
            paragraph(
                "In these three tables a patient has several contours, which do not fail "
                "independently: intervals use their effective number (Korn and Graubard 1998). "
                "Site, contrast and artefacts are not recorded in the study.",
                kind="small",
            ),
        ),
    )


def build_main_table(facts: ReportFacts) -> str:
    """One line per structure with a grade, in the order of the structure table."""
    found = build_acceptability(facts.grades, by_patient=True)
    lines = [
        _main_line(str(structure.name), structure.tier or "-", found[structure.name])
        for structure in facts.rows.catalogue
        if structure.name in found
    ]
    return table(MAIN_HEADINGS, lines, key="share-table", caption="Share acceptable by structure")


def _main_line(name: str, tier: str, found: Acceptability) -> tuple[TableCell, ...]:
    strict = found.cases + found.not_graded
    return (
        name,
        tier,
        found.cases,
        found.no,
        found.minor,
        found.major,
        say_percent(found.proportion),
        say_limits(found.interval),
        say_limits(measure_wilson_interval(found.acceptable, found.cases)),
        Markup(content=_draw_interval(found)),
        found.not_graded,
        f"{say_percent(found.acceptable / strict if strict else None)} "
        f"({say_limits(measure_exact_interval(found.acceptable, strict))})",
    )


def _draw_interval(found: Acceptability) -> str:
    """The share and its exact interval on a line from 0 to 100 %; a mark at 90 %."""
    if found.proportion is None or found.interval is None:
        return ""
    width = 120
    low, high, at = (
        f"{5 + width * value:.1f}"
        for value in (found.interval.low, found.interval.high, found.proportion)
    )
    limit = f"{5 + width * 0.9:.1f}"
    return (
        f'<svg class="line" width="{width + 10}" height="14" aria-hidden="true">'
        f'<line class="axis" x1="5" y1="7" x2="{width + 5}" y2="7"/>'
        f'<line class="mark" x1="{limit}" y1="1" x2="{limit}" y2="13"/>'
        f'<line class="span" x1="{low}" y1="7" x2="{high}" y2="7"/>'
        f'<circle cx="{at}" cy="7" r="3.5"/></svg>'
    )


def _tier(row: GradeRow) -> str:
    return (row.structure.tier if row.structure else None) or "no tier"


def _group_table(key: str, rows: Iterable[GradeRow], group: Callable[[GradeRow], str]) -> str:
    shares = build_shares(_list_judgements(rows, group), by=lambda judgement: judgement.group)
    lines = [_group_line(name, share) for name, share in sorted(shares.items())]
    return table(_GROUP_HEADINGS, lines, key=key)


def _list_judgements(
    rows: Iterable[GradeRow], group: Callable[[GradeRow], str]
) -> Iterable[Judgement]:
    for row in rows:
        if find_severity(row.verdict) is not None:
            yield Judgement(
                patient=row.case.patient,
                structure=row.grade.structure,
                tier=_tier(row),
                acceptable=row.verdict is not GradeLevel.MAJOR,
                group=group(row),
            )


def _group_line(name: str, share: Share) -> tuple[TableCell, ...]:
    return (
        name,
        share.judged,
        share.patients,
        share.acceptable,
        say_percent(share.proportion),
        say_limits(share.exact),
        say_limits(share.wilson),
    )
