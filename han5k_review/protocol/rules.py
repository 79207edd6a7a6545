"""Protocol: what a reader study asks for, and which values fit together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from han5k_review.errors import RuleError
from han5k_review.statistics.releases import ManyRule
from han5k_review.store.vocabulary import (
    AdjudicationRule,
    Blinding,
    CertificateKind,
    Endpoint,
    PlantedKind,
    Preset,
    ReadOrder,
)

MOST_PLANTED = 0.2
_NEEDS_TWO_READS = (AdjudicationRule.ONE_LEVEL, AdjudicationRule.TWO_LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFacts:
    """What the study has: structures, scales, label sources that hold contours, cases, by name.

    `scale` is the one in use, `has_grades` whether anything was graded with it.
    """

    structures: tuple[str, ...]
    scales: tuple[str, ...]
    sources: tuple[str, ...]
    cases: tuple[str, ...]
    scale: str
    has_grades: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One version of the protocol.

    `sources` are label choices (`ai`, `reference`, ...): each case is read `reads_per_case` times
    per source. `repeat_share` of a reader's reads come again after `repeat_weeks`. In
    `planted_share` of the contours an error is planted. `limit` is the share to be shown by a
    certificate at `error_rate` over all structures (`many_rule`); a fixed one allows
    `fixed_failures`. In a forced choice both of two sources are shown at once, and
    `allows_neither` says whether a reader may prefer none of them. `manual_share` of a reader's
    reads show no contour: it is drawn from nothing, and only the time is compared. A read that was
    begun belongs to its reader for `lease_days` (0: for ever). Equal seeds give equal draws.
    """

    preset: Preset
    scale: str
    structures: tuple[str, ...]
    endpoint: Endpoint
    sources: tuple[str, ...] = ("ai",)
    reads_per_case: int = 1
    repeat_share: float = 0.0
    repeat_weeks: int = 2
    calibration_cases: tuple[str, ...] = ()
    planted_share: float = 0.0
    planted_kinds: tuple[PlantedKind, ...] = tuple(PlantedKind)
    order: ReadOrder = ReadOrder.CASE_WISE
    blinding: Blinding = Blinding.BLIND
    adjudication: AdjudicationRule = AdjudicationRule.NONE
    adjudication_share: float = 0.1
    ai_assistance: bool = False
    asks_source: bool = False
    asks_confidence: bool = False
    allows_neither: bool = True
    lease_days: int = 0
    manual_share: float = 0.0
    certificate: CertificateKind = CertificateKind.NONE
    limit: float = 0.9
    error_rate: float = 0.05
    many_rule: ManyRule = ManyRule.FALSE_DISCOVERY
    fixed_failures: int = 0
    seed: int = 1

    @property
    def is_forced_choice(self) -> bool:
        """True where two contours stand beside each other and one of them is chosen."""
        return self.preset is Preset.FORCED_CHOICE

    @property
    def sets_per_case(self) -> int:
        """How many sets of contours of a case are read: one per source; of pairs, one."""
        return 1 if self.is_forced_choice else len(self.sources)


def check_protocol(protocol: Protocol, facts: StudyFacts) -> None:
    """RuleError with one sentence where values do not fit the study or each other."""
    _check_known("Structures", protocol.structures, facts.structures)
    _check_known("Label sources with contours", protocol.sources, facts.sources)
    _check_known("Scales", [protocol.scale], facts.scales)
    _check_known("Calibration cases", protocol.calibration_cases, facts.cases)
    if facts.has_grades and protocol.scale != facts.scale:
        raise RuleError(
            f"The scale {facts.scale} was expected, since grades were given on it, found "
            f"{protocol.scale}; keep the scale, or make a new study."
        )
    _check_numbers(protocol)
    _check_design(protocol)


def check_readers(protocol: Protocol, readers: int) -> None:
    """RuleError when so few readers cannot do what the protocol asks."""
    if protocol.preset is Preset.TRAINING:
        needed = 1
    elif protocol.endpoint is Endpoint.AGREEMENT:
        needed = max(2, protocol.reads_per_case)
    else:
        needed = protocol.reads_per_case
    if readers < needed:
        raise RuleError(
            f"At least {needed} readers were expected for {protocol.reads_per_case} reads per case "
            f"and the endpoint {protocol.endpoint.value}, found {readers}; add readers, or ask for "
            "less."
        )


def list_doubts(protocol: Protocol, readers: int) -> list[str]:
    """Sentences about what such a study will not show, though it can be done."""
    said = []
    if readers == 1:
        said.append("One reader only: the results hold for this reader alone.")
    grades = protocol.preset is not Preset.TRAINING and not protocol.is_forced_choice
    if protocol.planted_share == 0 and grades:
        said.append("No planted errors: nobody learns how many errors the readers miss.")
    if protocol.repeat_share == 0 and protocol.preset is not Preset.TRAINING:
        said.append("No repeats: agreement of readers with themselves is not measured.")
    if protocol.endpoint is Endpoint.TIME and not 0 < protocol.manual_share < 1:
        said.append(
            "Time saved needs both arms: some reads drawn from nothing, and some with a contour."
        )
    if protocol.manual_share and readers < 2:
        said.append("Time saved needs two readers or more: the reader is part of its model.")
    return said


def _check_known(what: str, wanted: Sequence[str], known: Collection[str]) -> None:
    missing = [one for one in wanted if one not in known]
    if missing:
        there = ", ".join(list(known)[:8]) or "none"
        raise RuleError(
            f"{what} of the study were expected ({there}{', ...' if len(known) > 8 else ''}), "
            f"found {', '.join(missing)}."
        )
    twice = sorted({one for one in wanted if list(wanted).count(one) > 1})
    if twice:
        raise RuleError(f"{what}, each once, were expected; {', '.join(twice)} is there twice.")


def _check_numbers(protocol: Protocol) -> None:
    bounds = (
        ("Reads per case", protocol.reads_per_case, 1, 20),
        ("A share of repeats", protocol.repeat_share, 0, 1),
        ("Weeks before a repeat", protocol.repeat_weeks, 0, 520),
        ("A share of planted errors", protocol.planted_share, 0, MOST_PLANTED),
        ("A share for adjudication", protocol.adjudication_share, 0, 1),
        ("A share drawn from nothing", protocol.manual_share, 0, 1),
        ("A share to be shown", protocol.limit, 0.5, 0.999),
        ("An error rate", protocol.error_rate, 0.001, 0.5),
        ("Failures allowed", protocol.fixed_failures, 0, 200),
        ("Days of a lease", protocol.lease_days, 0, 3650),
        ("A seed", protocol.seed, 0, 2**31 - 1),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            raise RuleError(f"{name} from {low:g} to {high:g} was expected, found {value:g}.")


def _check_design(protocol: Protocol) -> None:
    if not protocol.structures:
        raise RuleError("At least one structure to read was expected, found none; choose some.")
    if not protocol.sources:
        raise RuleError("At least one label source was expected, found none; `ai` is the usual.")
    if protocol.is_forced_choice:
        _check_choice(protocol)
    if protocol.endpoint is Endpoint.SOURCES and len(protocol.sources) < 2:
        raise RuleError(
            "At least two label sources were expected to compare, found "
            f"{', '.join(protocol.sources)}; add another, such as reference."
        )
    if protocol.endpoint is Endpoint.REPEATABILITY and protocol.repeat_share == 0:
        raise RuleError(
            "Repeats were expected to measure the agreement of readers with themselves, found "
            "none; ask for 10 to 20 % repeats."
        )
    if protocol.endpoint is Endpoint.AGREEMENT and protocol.reads_per_case < 2:
        raise RuleError(
            "At least two reads per case were expected to measure agreement between readers, found "
            "one rater only; ask for two."
        )
    if protocol.adjudication in _NEEDS_TWO_READS and protocol.reads_per_case < 2:
        raise RuleError(
            "At least two reads per case were expected to adjudicate levels that are apart, found "
            "one; ask for two, or adjudicate any major or a sample."
        )
    if protocol.preset is Preset.TRAINING and not protocol.calibration_cases:
        raise RuleError(
            "Calibration cases were expected for a training study, found none; name some cases."
        )
    if protocol.preset is Preset.TRAINING and protocol.manual_share:
        raise RuleError(
            "A training study without reads drawn from nothing was expected: it has calibration "
            "cases alone, whose contours are graded; ask for 0 %."
        )
    if protocol.planted_share and not protocol.planted_kinds:
        raise RuleError("Kinds of planted errors were expected, found none; choose some.")


def _check_choice(protocol: Protocol) -> None:
    """A forced choice is blind, of two sources, and has nothing that needs grades."""
    if len(protocol.sources) != 2:
        raise RuleError(
            "Two label sources were expected for a forced choice, found "
            f"{len(protocol.sources)}; name two, such as ai and reference."
        )
    if protocol.blinding is not Blinding.BLIND:
        raise RuleError("A blind protocol was expected for a forced choice, found an open one.")
    asked = {
        "planted errors": protocol.planted_share > 0,
        "calibration cases": bool(protocol.calibration_cases),
        "adjudication": protocol.adjudication is not AdjudicationRule.NONE,
        "a certificate": protocol.certificate is not CertificateKind.NONE,
        "a source guess": protocol.asks_source,
        "confidence": protocol.asks_confidence,
        "reads drawn from nothing": protocol.manual_share > 0,
    }
    found = [name for name, is_asked in asked.items() if is_asked]
    if found:
        raise RuleError(
            f"A forced choice without {', '.join(found)} was expected: no contour is graded in it; "
            f"take {'it' if len(found) == 1 else 'them'} out, or choose another design."
        )
