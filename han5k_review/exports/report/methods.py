"""Methods: the protocol in words, its versions and deviations, the scale, size planned and read."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from han5k_review.errors import Han5kError
from han5k_review.exports.columns import format_time
from han5k_review.exports.report.case_flow import count_flow
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    build_list,
    paragraph,
    say_number,
    say_percent,
    subtitle,
    table,
)
from han5k_review.protocol.record import build_protocol
from han5k_review.protocol.rules import Protocol
from han5k_review.protocol.size import StudyPlan, plan_study
from han5k_review.protocol.words import describe_protocol
from han5k_review.review.counting import GradeUse
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.vocabulary import Blinding
from han5k_review.texts.counts import say_count

_NO_PROTOCOL = (
    "No protocol was set in this study: reads were assigned by hand, without a draw, planted "
    "errors or a plan of the size."
)


def build_methods(facts: ReportFacts) -> Section:
    """The design in words, every value of the protocol, its versions, and the grading scale."""
    version, protocol = facts.version, facts.protocol
    parts: list[str] = []
    if version is None or protocol is None:
        parts.append(paragraph(_NO_PROTOCOL))
    else:
        parts += [paragraph(" ".join(_say_design(protocol))), paragraph(_say_freeze(facts))]
        lines = [(line.title, line.value) for line in describe_protocol(protocol)]
        parts.append(table(("Item", f"Version {version.number}"), lines, key="protocol"))
        parts += _build_deviations(facts)
    parts += [subtitle("Scale"), _build_scale(facts)]
    parts.append(
        paragraph(
            "Acceptable means no or minor revision. A patient counts once in each structure, with "
            "the worst grade of all its first reads and CTs; repeats, calibration reads and "
            "planted errors are left out. Formulas and sources: docs/statistics.md and "
            "docs/correctness.md of the software."
        )
    )
    return Section(key="methods", title="Methods", parts=tuple(parts))


def _say_design(protocol: Protocol) -> list[str]:
    blind = protocol.blinding is Blinding.BLIND
    said = [
        f"Design: {protocol.preset.value}; primary endpoint: {protocol.endpoint.value}.",
        f"Each case is read {protocol.reads_per_case} x per label source "
        f"({', '.join(protocol.sources)}), in random order drawn with seed {protocol.seed}, "
        f"{protocol.order.value}.",
        "Readers saw neither the source of a contour, nor references, metrics, or grades of others."
        if blind
        else "Readers were not blinded: sources and references were shown.",
        "Readers work independently of each other: nobody sees another's grades while reading."
        if blind
        else "",
    ]
    if protocol.planted_share:
        said.append(
            f"In {say_percent(protocol.planted_share)} of the contours an error was made on "
            "purpose; these measure how many errors readers find, and nothing else."
        )
    if protocol.repeat_share:
        said.append(
            f"{say_percent(protocol.repeat_share)} of the reads come again, hidden, after at least "
            f"{say_count(protocol.repeat_weeks, 'week')}."
        )
    return [sentence for sentence in said if sentence]


def _say_freeze(facts: ReportFacts) -> str:
    frozen = facts.rows.frozen_at_utc
    if frozen is None:
        return "The protocol is not frozen yet: no grade was given in a read of it."
    return f"The protocol was frozen by the first grade, at {_say_time(frozen)}."


def _build_deviations(facts: ReportFacts) -> list[str]:
    """Every version; those after the freeze are deviations."""
    frozen = facts.rows.frozen_at_utc
    rows = sorted(facts.rows.protocols.values(), key=lambda row: row.number)
    lines = []
    before: ProtocolVersion | None = None
    for row in rows:
        late = frozen is not None and row.created_at_utc > frozen
        lines.append(
            (
                row.number,
                _say_time(row.created_at_utc),
                "yes" if late else "no",
                _say_changes(before, row),
                row.reason or "-",
            )
        )
        before = row
    late_count = sum(line[2] == "yes" for line in lines)
    said = (
        "There are no deviations: no version was made after the first grade."
        if not late_count
        else f"Versions made after the first grade, which are deviations: {late_count}."
    )
    headings = ("Version", "Made (UTC)", "Deviation", "What changed", "Reason")
    return [
        subtitle("Versions and deviations"),
        paragraph(said),
        table(headings, lines, key="versions"),
    ]


def _say_changes(before: ProtocolVersion | None, after: ProtocolVersion) -> str:
    if before is None:
        return "first version"
    old = {line.name: line.value for line in describe_protocol(build_protocol(before))}
    return "; ".join(
        f"{line.title}: {old[line.name]} -> {line.value}"
        for line in describe_protocol(build_protocol(after))
        if old[line.name] != line.value
    )


def _build_scale(facts: ReportFacts) -> str:
    scale = facts.rows.scales.get(facts.rows.facts.scale)
    grades = scale.grades if scale else ()
    lines = [
        (grade.code, grade.title, grade.level.value.replace("_", " "), grade.definition)
        for grade in grades
    ]
    return table(("Code", "Grade", "Level", "Definition"), lines, key="scale")


def build_size(facts: ReportFacts) -> Section:
    """Planned and actual numbers side by side, with the reason of the plan."""
    protocol, flow = facts.protocol, count_flow(facts)
    choices = facts.rows.choices
    actual_readers = _count_readers(facts)
    given = sum(row.is_current for row in facts.grades) + len(choices)
    if protocol is None:
        said = paragraph(
            f"No size was planned. Read: {say_count(flow.read, 'case')} by "
            f"{say_count(actual_readers, 'reader')}, {say_count(flow.grades, 'grade')} that count."
        )
        return Section(key="size", title="Sample size", parts=(said,))
    planned = [row for row in facts.rows.assignments.values() if row.protocol_id is not None]
    readers = len({row.reader_id for row in planned}) or actual_readers
    cases = flow.imported - flow.no_contour - flow.calibration_only
    try:
        plan = plan_study(protocol, cases=cases, readers=readers)
    except Han5kError as error:
        said = paragraph(f"The plan cannot be told from the protocol: {error}")
        return Section(key="size", title="Sample size", parts=(said,))
    used = Counter(row.use for row in facts.grades if row.is_current)
    again = used[GradeUse.REPEAT] + sum(one.is_repeat for one in choices)
    effort = plan.effort
    lines = [
        ("Cases", cases, flow.read),
        ("Readers", readers, actual_readers),
        ("Choices, all" if protocol.is_forced_choice else "Grades, all", effort.grades, given),
        ("Grades of repeats", effort.repeats, again),
        ("Grades of calibration reads", effort.calibration, used[GradeUse.CALIBRATION]),
        ("Grades of planted errors", plan.planted, used[GradeUse.PLANTED]),
        ("Patients per structure, at most", plan.reads_per_structure, _most_patients(facts)),
        ("Contours read twice, needed for exact agreement within 0.1", plan.repeats_needed, again),
    ]
    return Section(
        key="size",
        title="Sample size",
        parts=(
            table(("What", "Planned", "Actual"), lines, key="size-table"),
            *_say_reason(plan, protocol),
            build_list(plan.doubts),
        ),
    )


def _count_readers(facts: ReportFacts) -> int:
    """Readers with a grade that counts, or with a choice."""
    graded = {row.reader.pseudonym for row in facts.counted}
    return len(graded | {one.reader for one in facts.rows.choices})


def _say_reason(plan: StudyPlan, protocol: Protocol) -> list[str]:
    if not plan.points:
        return [
            paragraph("The protocol asks for no certificate: no number of reads follows from it.")
        ]
    lines = [
        (
            say_percent(point.share),
            say_percent(point.release_chance),
            "-" if point.median_reads is None else point.median_reads,
            say_number(point.mean_reads, 1),
        )
        for point in plan.points
    ]
    reason = (
        f"Reason of the size: the certificate ({protocol.certificate.value}) is to show that more "
        f"than {say_percent(protocol.limit)} are acceptable. What it does with one structure, at "
        f"error rate {plan.error_rate:g}:"
    )
    if plan.fixed is not None:
        reads = say_count(plan.fixed.reads, "read")
        failures = say_count(plan.fixed.failures, "failure")
        reason += f" To pass: {reads} with at most {failures}."
    headings = ("True share acceptable", "Chance of a release", "Median reads", "Mean reads")
    return [paragraph(reason), table(headings, lines, key="operating-points")]


def _most_patients(facts: ReportFacts) -> int:
    patients: dict[str, set[str]] = {}
    for row in facts.judged:
        patients.setdefault(row.grade.structure, set()).add(row.case.patient)
    return max(map(len, patients.values()), default=0)


def _say_time(at: datetime) -> str:
    return format_time(at)[:16].replace("T", " ") + " UTC"
