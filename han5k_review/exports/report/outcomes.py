"""The five outcomes of NICE HTE11, what is missing and why, and the versions behind the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from han5k_review.exports.report.case_flow import count_flow
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    NOT_MEASURED,
    Section,
    build_list,
    paragraph,
    say_number,
    say_percent,
    table,
)
from han5k_review.exports.report.time_saved import say_saved
from han5k_review.exports.severity import find_severity
from han5k_review.review.counting import GradeUse
from han5k_review.statistics.shares import measure_clustered_share
from han5k_review.store.vocabulary import APART, GradeLevel
from han5k_review.texts.counts import say_count

_NO_TIME = "time of contouring from nothing, so that time saved cannot be told"


def build_outcomes(facts: ReportFacts) -> Section:
    """Five lines; what the study did not measure says so."""
    lines = [
        ("1", "Acceptability and edits", _say_acceptability(facts)),
        ("2", "Dose to organs and targets", NOT_MEASURED),
        ("3", "Time", _say_time(facts)),
        ("4", "Staff grade and time", f"{NOT_MEASURED}: staff grades are not recorded"),
        ("5", "Errors and adverse events", _say_errors(facts)),
    ]
    return Section(
        key="outcomes",
        title="Five outcomes (NICE HTE11)",
        parts=(table(("", "Outcome", "Result"), lines, key="outcome-table"),),
    )


def _say_acceptability(facts: ReportFacts) -> str:
    verdicts = [
        (row.case.patient, row.verdict is not GradeLevel.MAJOR)
        for row in facts.judged
        if find_severity(row.verdict) is not None
    ]
    if not verdicts:
        return NOT_MEASURED
    share = measure_clustered_share(verdicts)
    edits = [view.revision for view in facts.rows.revisions if view.source not in APART]
    degrees = [row.vrd for row in edits if row.vrd is not None]
    said = (
        f"acceptable in {say_percent(share.proportion)} of {say_count(share.judged, 'grade')} that "
        f"count; {say_count(len(edits), 'revision')}"
    )
    if degrees:
        said += f", median volumetric revision degree {say_percent(median(degrees))}"
    return said


def _say_time(facts: ReportFacts) -> str:
    looked = [row.grade.active_seconds for row in facts.counted if row.grade.active_seconds]
    edited = [
        view.revision.active_seconds
        for view in facts.rows.revisions
        if view.revision.active_seconds is not None and view.source not in APART
    ]
    if not looked and not edited:
        return NOT_MEASURED
    parts = []
    if looked:
        parts.append(
            f"median {say_number(median(looked), 1)} s active time per grade "
            f"({say_count(len(looked), 'grade')})"
        )
    if edited:
        parts.append(
            f"median {say_number(median(edited), 1)} s per revision in the viewer "
            f"({say_count(len(edited), 'revision')})"
        )
    parts.append(say_saved(facts))
    return "; ".join(parts)


def _say_errors(facts: ReportFacts) -> str:
    wrong = sum(row.verdict is GradeLevel.ABSENT for row in facts.counted)
    planted = [row for row in facts.grades if row.is_current and row.use is GradeUse.PLANTED]
    if not facts.counted and not planted:
        return NOT_MEASURED
    tags = Counter(tag for row in facts.counted for tag in row.grade.tags)
    said = f"absent or wrong organ: {say_count(wrong, 'grade')}"
    if tags:
        named = sorted(tags.items(), key=lambda item: (-item[1], item[0]))
        said += "; issues: " + ", ".join(f"{tag} {count}" for tag, count in named)
    return f"{said}; adverse events: {NOT_MEASURED}"


def build_missing(facts: ReportFacts) -> Section:
    """What is not there, in numbers and in words."""
    flow = count_flow(facts)
    reasons = Counter(pair.reason for pair in facts.rows.metrics if pair.reason)
    changed = sum(not row.is_current for row in facts.grades)
    old = len(facts.counted) - len(facts.judged)
    lines: Sequence[tuple[str, int, str]] = (
        ("Cases never read", flow.imported - flow.read, "see the case flow"),
        (
            "First reads without a grade",
            flow.assigned_reads - flow.reads,
            "not begun yet, or closed",
        ),
        ("First reads not signed", flow.reads - flow.signed, "begun, and not final"),
        (
            "Grades not assessable or absent",
            flow.not_graded,
            "missing for agreement; shown as failures beside each share",
        ),
        ("Grades changed or withdrawn", changed, "only the grade in force counts"),
        ("Grades of other contours", old, "not of the contour under review now: in no share"),
        *(("Pairs without metrics", count, reason) for reason, count in sorted(reasons.items())),
    )
    read = {row.grade.structure for row in facts.counted}
    unread = [str(one.name) for one in facts.rows.catalogue if one.name not in read]
    parts = [table(("What", "Number", "Why"), lines, key="missing-table")]
    if unread:
        parts.append(paragraph(f"Structures that nobody read: {', '.join(unread)}."))
    parts += [
        paragraph("Not recorded in the study, so not in this report:"),
        build_list(
            (
                "specialty, years of experience and staff grade of readers",
                "site, scanner, contrast and artefacts of each case",
                "clinical use, outcome of treatment, adverse events",
                *(() if facts.rows.manual else (_NO_TIME,)),
            )
        ),
    ]
    return Section(key="missing", title="What is missing, and why", parts=tuple(parts))


def build_versions(facts: ReportFacts) -> Section:
    """Software, definitions, models and the state of the study that this report shows."""
    about = facts.rows.facts
    software = {pair.software_version for pair in facts.rows.metrics if pair.software_version}
    models = sorted({row.model for row in facts.counted if row.model})
    grades = [row.grade.graded_at_utc for row in facts.grades]
    lines = [
        ("Study", about.study),
        ("Protocol version", about.protocol_version),
        ("Scale", about.scale),
        ("Software version", about.software_version),
        ("Metrics were measured by version", ", ".join(sorted(software)) or NOT_MEASURED),
        ("Metric definition", f"{about.definition.value}, version {about.definition.version}"),
        ("Models whose contours were read", ", ".join(models) or "none known"),
        ("First grade", f"{min(grades):%Y-%m-%d %H:%M} UTC" if grades else "none"),
        ("Last grade", f"{max(grades):%Y-%m-%d %H:%M} UTC" if grades else "none"),
    ]
    said = (
        "Tools differ in Dice and distances (PMC9679364). Each metric is defined, with values that "
        "tests check, in docs/correctness.md of the software."
    )
    return Section(
        key="versions",
        title="Versions",
        parts=(table(("What", "Value"), lines, key="version-table"), paragraph(said)),
    )
