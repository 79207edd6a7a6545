"""A protocol in words: one line for each thing it asks for, the same on page, paper and screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.protocol.rules import Protocol
from han5k_review.store.vocabulary import AdjudicationRule, CertificateKind
from han5k_review.texts.counts import say_count


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolLine:
    """One thing: its name in the code and the exports, its name for people, its value in words."""

    name: str
    title: str
    value: str


def describe_protocol(protocol: Protocol) -> list[ProtocolLine]:
    """Every value of a protocol, in the order in which a lead thinks of them."""
    lines = (
        ("preset", "Design", protocol.preset.value),
        ("endpoint", "Primary endpoint", protocol.endpoint.value),
        ("scale", "Scale", protocol.scale),
        ("structures", "Structures", _list(protocol.structures)),
        ("sources", "Label sources", _list(protocol.sources)),
        ("reads_per_case", "Reads per case and source", str(protocol.reads_per_case)),
        ("repeats", "Hidden repeats", _repeats(protocol)),
        ("calibration_cases", "Calibration cases", _list(protocol.calibration_cases) or "none"),
        ("planted_errors", "Planted errors", _planted(protocol)),
        ("order", "Order", protocol.order.value),
        ("blinding", "Blinding", protocol.blinding.value),
        ("adjudication", "Adjudication", _adjudication(protocol)),
        ("ai_assistance", "AI assistance", _yes(protocol.ai_assistance)),
        ("asks_source", "Asks for a source guess", _yes(protocol.asks_source)),
        ("asks_confidence", "Asks for confidence", _yes(protocol.asks_confidence)),
        ("lease_days", "Time for a read once begun", _lease(protocol)),
        ("manual_share", "Drawn from nothing", _manual(protocol)),
        ("allows_neither", "No preference allowed", _neither(protocol)),
        ("certificate", "Certificate", describe_certificate(protocol)),
        ("seed", "Seed of the draw", str(protocol.seed)),
    )
    return [ProtocolLine(name=name, title=title, value=value) for name, title, value in lines]


def describe_certificate(protocol: Protocol) -> str:
    """What a certificate shows, at which error rate, and when one may look."""
    if protocol.certificate is CertificateKind.NONE:
        return "none"
    fixed = protocol.certificate is CertificateKind.FIXED
    allowed = f", {say_count(protocol.fixed_failures, 'failure')} allowed" if fixed else ""
    return (
        f"{protocol.certificate.value}: more than {say_share(protocol.limit)} acceptable{allowed}, "
        f"{protocol.many_rule.value} {say_share(protocol.error_rate)}"
    )


def say_share(share: float) -> str:
    """A share in per cent, without needless digits."""
    return f"{100 * share:g} %"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _lease(protocol: Protocol) -> str:
    return say_count(protocol.lease_days, "day") if protocol.lease_days else "no limit"


def _manual(protocol: Protocol) -> str:
    share = protocol.manual_share
    return f"{say_share(share)} of the reads" if share else "none"


def _neither(protocol: Protocol) -> str:
    return _yes(protocol.allows_neither) if protocol.is_forced_choice else "not a forced choice"


def _repeats(protocol: Protocol) -> str:
    if not protocol.repeat_share:
        return "none"
    return f"{say_share(protocol.repeat_share)} after {say_count(protocol.repeat_weeks, 'week')}"


def _planted(protocol: Protocol) -> str:
    if not protocol.planted_share:
        return "none"
    kinds = _list([kind.value.replace("_", " ") for kind in protocol.planted_kinds])
    return f"{say_share(protocol.planted_share)} of the contours: {kinds}"


def _adjudication(protocol: Protocol) -> str:
    if protocol.adjudication is AdjudicationRule.SAMPLE:
        return f"{protocol.adjudication.value} of {say_share(protocol.adjudication_share)}"
    return protocol.adjudication.value
