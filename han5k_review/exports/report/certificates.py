"""Certificates: which structures the grades release, as read, and corrected for missed errors."""

from __future__ import annotations

from collections.abc import Sequence

from han5k_review.exports.certificate_sheet import CertificateRow, build_certificate_rows
from han5k_review.exports.protocol_verdicts import find_protocol_plan
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
from han5k_review.statistics.fixed import measure_lower_bound
from han5k_review.statistics.sequential import find_sequential_bound, measure_e_value
from han5k_review.statistics.vigilance import Sensitivity, correct_limit, measure_sensitivity
from han5k_review.store.vocabulary import CertificateKind
from han5k_review.texts.counts import say_count

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
    own = [row for row in found if row.kind is not None]
    if protocol is not None and own:
        parts.append(paragraph(_say_verdict(own, len(protocol.structures))))
    if protocol is not None and protocol.certificate is CertificateKind.FIXED:
        parts.append(_build_fixed(protocol, own))
    for limit in sorted({row.limit for row in found}):
        read = [row for row in found if row.limit == limit and row.patients.cases]
        parts += [
            subtitle(f"More than {say_percent(limit)} acceptable"),
            table(
                _HEADINGS,
                (_line(row, vigilance) for row in read),
                key=f"certificates-{100 * limit:g}",
            ),
        ]
    rate = found[0].error_rate
    parts.append(
        paragraph(
            f"Error rate {say_percent(rate)}. An e-value may be looked at after every read; "
            f"{1 / rate:g} releases a structure that stands alone. Rules over all "
            f"{len(facts.rows.catalogue)} structures count also those that nobody read; these have "
            "no line here.",
            kind="small",
        )
    )
    return Section(key="certificates", title="Certificates", parts=tuple(parts))


def _say_verdict(own: Sequence[CertificateRow], structures: int) -> str:
    """Which structures the rule of the protocol releases, over all structures that it names."""
    names = [str(row.structure.name) for row in own if row.released]
    return (
        f"Released by the rule of the protocol, of its {structures} structures: "
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
        say_percent(find_sequential_bound(found.acceptable, found.cases, row.error_rate)),
        say_number(row.e_value),
        _say(row.e_value >= 1 / row.error_rate),
        _say(row.by_discovery),
        _say(row.by_family),
        row.reads_left,
        say_number(row.e_value_if_failures),
        say_percent(corrected),
        "-"
        if corrected is None
        else say_number(measure_e_value(found.acceptable, found.cases, corrected)),
    )


def _build_fixed(protocol: Protocol, own: Sequence[CertificateRow]) -> str:
    """The verdicts of a fixed certificate: none before the last read of its plan."""
    plan = find_protocol_plan(protocol)
    early = f"no verdict before {say_count(plan.reads, 'patient')}"
    lines = [
        (
            str(row.structure.name),
            found.cases,
            found.cases - found.acceptable,
            early
            if found.cases < plan.reads
            else say_percent(measure_lower_bound(found.acceptable, found.cases, plan.error_rate)),
            early if row.released is None else _say(row.released),
        )
        for row in own
        if (found := row.patients).cases and row.structure.name in protocol.structures
    ]
    headings = ("Structure", "Patients", "Failures", "At least, fixed number", "Released")
    return table(headings, lines, key="certificates-fixed")


def _say(value: bool) -> str:
    return "yes" if value else "no"
