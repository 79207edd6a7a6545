"""Certificates: which structures the grades release, as read, and corrected for missed errors."""

from __future__ import annotations

from collections.abc import Sequence

from han5k_review.exports.acceptability import Acceptability, build_acceptability
from han5k_review.exports.certificate_sheet import (
    ERROR_RATE,
    LIMITS,
    CertificateRow,
    build_certificate_rows,
)
from han5k_review.exports.reader_sheet import build_reader_rows
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    TableCell,
    paragraph,
    say_limits,
    say_number,
    say_percent,
    subtitle,
    table,
)
from han5k_review.protocol.rules import Protocol
from han5k_review.protocol.words import describe_certificate
from han5k_review.statistics.fixed import find_fixed_plan, measure_lower_bound
from han5k_review.statistics.releases import choose_releases
from han5k_review.statistics.sequential import find_sequential_bound, measure_e_value
from han5k_review.statistics.vigilance import Sensitivity, correct_limit, measure_sensitivity
from han5k_review.store.vocabulary import CertificateKind

_HEADINGS = (
    "Structure",
    "Patients",
    "Acceptable",
    "At least, any time",
    "E-value",
    "Released alone",
    "Released, false discovery",
    "Released, family-wise",
    "Patients left",
    "E-value, non-grades fail",
    "Share to see for missed errors",
    "E-value for it",
)


def build_certificates(facts: ReportFacts) -> Section:
    """Both limits of the sheet Certificates, and the verdict that the protocol asks for."""
    found = build_certificate_rows(facts.rows, facts.grades)
    protocol = facts.protocol
    asked = "none is asked for" if protocol is None else describe_certificate(protocol)
    parts = [paragraph(f"Asked for by the protocol: {asked}.")]
    if not found:
        parts.append(paragraph("Nothing is graded yet: nothing is certified."))
        return Section(key="certificates", title="Certificates", parts=tuple(parts))
    vigilance = measure_vigilance(facts)
    parts.append(paragraph(_say_vigilance(vigilance)))
    if protocol is not None and protocol.certificate is CertificateKind.SEQUENTIAL:
        parts.append(paragraph(_say_verdict(facts, protocol)))
    if protocol is not None and protocol.certificate is CertificateKind.FIXED:
        parts.append(_build_fixed(facts, [row for row in found if row.limit == LIMITS[0]]))
    for limit in LIMITS:
        read = [row for row in found if row.limit == limit and row.patients.cases]
        parts += [
            subtitle(f"More than {say_percent(limit)} acceptable"),
            table(
                _HEADINGS,
                (_line(row, vigilance) for row in read),
                key=f"certificates-{round(100 * limit)}",
            ),
        ]
    parts.append(
        paragraph(
            f"An e-value may be looked at after every read; {1 / ERROR_RATE:g} releases a "
            f"structure that stands alone. Rules over all {len(facts.rows.catalogue)} structures "
            "count also those that nobody read; these have no line here.",
            kind="small",
        )
    )
    return Section(key="certificates", title="Certificates", parts=tuple(parts))


def _say_verdict(facts: ReportFacts, protocol: Protocol) -> str:
    """Which structures the rule of the protocol releases, over all structures that it names."""
    found = build_acceptability(facts.grades, by_patient=True)
    nobody = Acceptability.nobody()
    read = {name: found.get(name, nobody) for name in protocol.structures}
    values = {
        name: measure_e_value(each.acceptable, each.cases, protocol.limit)
        for name, each in read.items()
    }
    released = choose_releases(values, error_rate=protocol.error_rate, rule=protocol.many_rule)
    names = [name for name in protocol.structures if name in released]
    return (
        f"Released by the rule of the protocol, of its {len(values)} structures: "
        f"{', '.join(names) or 'none'}."
    )


def measure_vigilance(facts: ReportFacts) -> Sensitivity:
    """Planted errors found by all readers together."""
    rows = [row.vigilance for row in build_reader_rows(facts.rows, facts.grades)]
    return measure_sensitivity(sum(row.found for row in rows), sum(row.planted for row in rows))


def _say_vigilance(found: Sensitivity) -> str:
    if found.estimate.value is None:
        return (
            "No error was planted: how many errors readers miss is not known, and the certificates "
            "take readers at their word."
        )
    return (
        f"Readers found {found.found} of {found.planted} planted errors: sensitivity "
        f"{say_percent(found.estimate.value)} ({say_limits(found.estimate.interval)}), at least "
        f"{say_percent(found.lower_bound_any_time)} whenever one looks. The last two columns ask "
        "for the share that such readers must see (error rates of both add up)."
    )


def _line(row: CertificateRow, vigilance: Sensitivity) -> tuple[TableCell, ...]:
    found = row.patients
    bound = vigilance.lower_bound_any_time
    corrected = correct_limit(row.limit, bound) if bound > 0 else None
    return (
        str(row.structure.name),
        found.cases,
        found.acceptable,
        say_percent(find_sequential_bound(found.acceptable, found.cases, ERROR_RATE)),
        say_number(row.e_value),
        _say(row.e_value >= 1 / ERROR_RATE),
        _say(row.by_discovery),
        _say(row.by_family),
        row.reads_left,
        say_number(row.e_value_if_failures),
        say_percent(corrected),
        "-"
        if corrected is None
        else say_number(measure_e_value(found.acceptable, found.cases, corrected)),
    )


def _build_fixed(facts: ReportFacts, rows: Sequence[CertificateRow]) -> str:
    """The verdict of a fixed certificate: none before the last read of its plan."""
    protocol = facts.protocol
    if protocol is None:
        return ""
    plan = find_fixed_plan(
        limit=protocol.limit, error_rate=protocol.error_rate, failures=protocol.fixed_failures
    )
    lines = [
        (
            str(row.structure.name),
            row.patients.cases,
            row.patients.cases - row.patients.acceptable,
            say_percent(
                measure_lower_bound(
                    row.patients.acceptable, row.patients.cases, protocol.error_rate
                )
            )
            if row.patients.cases >= plan.reads
            else f"no verdict before {plan.reads} patients",
        )
        for row in rows
        if row.patients.cases
    ]
    headings = ("Structure", "Patients", "Failures", "At least, fixed number")
    return table(headings, lines, key="certificates-fixed")


def _say(value: bool) -> str:
    return "yes" if value else "no"
