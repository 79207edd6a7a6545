"""How many cases, readers and repeats a protocol needs, what it can show, and how long it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from han5k_review.errors import DataError
from han5k_review.protocol.rules import Protocol, check_readers, list_doubts
from han5k_review.statistics.fixed import FixedPlan, find_fixed_plan
from han5k_review.statistics.planning import (
    OperatingPoint,
    StudyEffort,
    StudySize,
    find_repeats,
    list_fixed_points,
    list_sequential_points,
    measure_effort,
)
from han5k_review.statistics.releases import ManyRule
from han5k_review.statistics.sequential import find_reads_left
from han5k_review.store.vocabulary import CertificateKind, Preset

SHARES = (0.85, 0.90, 0.95, 0.97, 0.99, 1.0)
SECONDS_PER_GRADE = 10.0
_REPEAT_AGREEMENT, _REPEAT_WIDTH = 0.8, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """The planner's answer.

    `points` are the operating characteristics of one structure's certificate, `fixed` the plan of a
    fixed one, `reads_per_structure` the patients that each structure gets at most. `planted` errors
    take the place of contours, so that these get a read less. `repeats_needed`: contours read twice
    until the exact agreement is known within 0.1 when it is 0.8.
    """

    cases: int
    readers: int
    effort: StudyEffort
    planted: int
    points: tuple[OperatingPoint, ...]
    fixed: FixedPlan | None
    reads_per_structure: int
    error_rate: float
    repeats_needed: int
    doubts: tuple[str, ...]


def plan_study(
    protocol: Protocol, *, cases: int, readers: int, seconds_per_grade: float = SECONDS_PER_GRADE
) -> StudyPlan:
    """Effort and operating characteristics. RuleError or DataError for numbers that cannot be."""
    check_readers(protocol, readers)
    if cases < 1:
        raise DataError(f"At least one case was expected, found {cases}.")
    if not 0 < seconds_per_grade <= 3600:
        raise DataError(f"1 to 3600 seconds per grade were expected, found {seconds_per_grade:g}.")
    trains = protocol.preset is Preset.TRAINING
    effort = measure_effort(
        StudySize(
            cases=0 if trains else cases,
            structures=len(protocol.structures),
            readers=readers,
            reads_per_case=1 if trains else protocol.reads_per_case * protocol.sets_per_case,
            seconds_per_grade=seconds_per_grade,
            repeat_share=protocol.repeat_share,
            calibration_cases=len(protocol.calibration_cases),
        )
        if trains or protocol.reads_per_case * protocol.sets_per_case <= readers
        else _folded(protocol, cases, readers, seconds_per_grade)
    )
    first = effort.grades - effort.repeats - effort.calibration
    reads = math.floor(cases * (1 - protocol.planted_share**protocol.reads_per_case))
    rate = find_rate(protocol)
    fixed, points = _characterise(protocol, reads, rate)
    return StudyPlan(
        cases=cases,
        readers=readers,
        effort=effort,
        planted=round(first * protocol.planted_share),
        points=points,
        fixed=fixed,
        reads_per_structure=reads,
        error_rate=rate,
        repeats_needed=find_repeats(agreement=_REPEAT_AGREEMENT, half_width=_REPEAT_WIDTH),
        doubts=tuple([*_say_short(protocol, fixed, reads, rate), *list_doubts(protocol, readers)]),
    )


def find_rate(protocol: Protocol) -> float:
    """The error rate at which one structure is planned: divided by all of them, family-wise.

    Under the false discovery rule e-BH releases k of K structures together when each has passed at
    error rate * k / K. The plan is for half of them, rounded up (decision 0038).
    """
    structures = len(protocol.structures)
    together = 1 if protocol.many_rule is ManyRule.FAMILY_WISE else math.ceil(structures / 2)
    return protocol.error_rate * together / structures


def _folded(protocol: Protocol, cases: int, readers: int, seconds: float) -> StudySize:
    """More reads of a case than readers: some read a second source of it."""
    return StudySize(
        cases=cases * protocol.sets_per_case,
        structures=len(protocol.structures),
        readers=readers,
        reads_per_case=protocol.reads_per_case,
        seconds_per_grade=seconds,
        repeat_share=protocol.repeat_share,
        calibration_cases=len(protocol.calibration_cases),
    )


def _characterise(
    protocol: Protocol, reads: int, rate: float
) -> tuple[FixedPlan | None, tuple[OperatingPoint, ...]]:
    if protocol.certificate is CertificateKind.FIXED:
        fixed = find_fixed_plan(
            limit=protocol.limit, error_rate=rate, failures=protocol.fixed_failures
        )
        return fixed, tuple(list_fixed_points(fixed, SHARES))
    if protocol.certificate is CertificateKind.SEQUENTIAL:
        points = list_sequential_points(
            limit=protocol.limit, error_rate=rate, most_reads=reads, shares=SHARES
        )
        return None, tuple(points)
    return None, ()


def _say_short(protocol: Protocol, fixed: FixedPlan | None, reads: int, rate: float) -> list[str]:
    """Whether so few patients can release anything at all, and what the plan relies on."""
    said = []
    structures = len(protocol.structures)
    asked = protocol.certificate is not CertificateKind.NONE
    if asked and structures > 1 and protocol.many_rule is ManyRule.FALSE_DISCOVERY:
        said.append(
            f"False discovery rate: the plan is for {math.ceil(structures / 2)} of the "
            f"{structures} structures passing together; where fewer pass, none may be released."
        )
    needed = 0
    if fixed is not None:
        needed = fixed.reads
    elif protocol.certificate is CertificateKind.SEQUENTIAL:
        needed = find_reads_left(0, 0, limit=protocol.limit, error_rate=rate)
    if reads < needed:
        said.append(
            f"The certificate needs at least {needed} patients per structure, there are {reads}: "
            "no structure can be released."
        )
    return said
