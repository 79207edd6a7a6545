"""Simulated studies: how often certificates and intervals keep what they promise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from han5k_review.statistics.audit import AuditDesign, AuditRead, measure_audited_evidence
from han5k_review.statistics.bootstrap import Resamples, draw_resamples, measure_mean
from han5k_review.statistics.fixed import find_fixed_plan, find_powerful_plan
from han5k_review.statistics.planning import find_boundary, list_sequential_points
from han5k_review.statistics.releases import choose_by_ebh
from han5k_review.statistics.sequential import measure_log_e
from han5k_review.statistics.vigilance import correct_limit, measure_sensitivity

ERROR_RATE = 0.05
LIMITS = (0.90, 0.95)
STRUCTURES = 49
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One promise: what was found, what was wanted; `kept` None where nothing was promised."""

    what: str
    found: str
    wanted: str
    kept: bool | None


def simulate_certificates(rng: np.random.Generator, studies: int) -> Iterator[Finding]:
    """Structures exactly at the limit, looked at after every one of 300 reads."""
    for limit in LIMITS:
        failures = np.cumsum(rng.random((studies, 300)) >= limit, axis=1)
        boundary = find_boundary(limit=limit, error_rate=ERROR_RATE, most_reads=300)[1:]
        false = float((failures <= boundary).any(axis=1).mean())
        yield Finding(
            what=f"sequential certificate at {limit:.0%}, false by 300 reads",
            found=f"{false:.2%}",
            wanted=f"<= {ERROR_RATE:.0%}",
            kept=false <= ERROR_RATE,
        )
        peeking = (failures <= _peeked_bound(limit, 300)).any(axis=1).mean()
        yield Finding(
            what=f"the same with the exact bound, released when it first passes ({limit:.0%})",
            found=f"{peeking:.2%}",
            wanted="shows why not",
            kept=None,
        )


def simulate_missed_errors(rng: np.random.Generator, studies: int) -> Iterator[Finding]:
    """Readers find 85 % of failures; a bound of it comes from 60 planted errors."""
    limit, sensitivity, planted = 0.90, 0.85, 60
    seen = np.cumsum(rng.random((studies, 300)) < (1 - limit) * sensitivity, axis=1)
    naive = find_boundary(limit=limit, error_rate=ERROR_RATE, most_reads=300)[1:]
    found = rng.binomial(planted, sensitivity, studies)
    false = np.zeros(studies, dtype=np.bool_)
    for number in np.unique(found):
        lower = measure_sensitivity(int(number), planted, ERROR_RATE).lower_bound
        corrected = correct_limit(limit, lower)
        boundary = find_boundary(limit=corrected, error_rate=ERROR_RATE, most_reads=300)[1:]
        chosen = found == number
        false[chosen] = (seen[chosen] <= boundary).any(axis=1)
    yield Finding(
        what="readers miss 15 % of failures, certificate not corrected",
        found=f"{(seen <= naive).any(axis=1).mean():.2%}",
        wanted="shows why not",
        kept=None,
    )
    yield Finding(
        what="readers miss 15 % of failures, corrected by 60 planted errors",
        found=f"{false.mean():.2%}",
        wanted=f"<= {2 * ERROR_RATE:.0%}",
        kept=bool(false.mean() <= 2 * ERROR_RATE),
    )


def simulate_audit(rng: np.random.Generator, studies: int) -> Iterator[Finding]:
    """Triage reads doubtful cases more often; the cohort is exactly at the limit."""
    failing, weights = (0.46, 0.06), (0.2, 1.8)  # 0.1 x 0.46 + 0.9 x 0.06 = 0.10
    design = AuditDesign(largest_weight=1.8, cohort_expected_failure=0.1)
    false = 0
    for _ in range(studies):
        doubtful = rng.random(150) < 0.5
        failed = rng.random(150) < np.where(doubtful, *failing)
        reads = [
            AuditRead(
                failed=bool(f),
                weight=weights[0] if d else weights[1],
                expected_failure=failing[0] if d else failing[1],
            )
            for d, f in zip(doubtful, failed, strict=True)
        ]
        evidence = measure_audited_evidence(reads, design, limit=0.9)
        false += bool((evidence >= -math.log(ERROR_RATE)).any())
    yield Finding(
        what=f"audit arm at 90 %, weighted by triage, false by 150 reads ({studies:,} studies)",
        found=f"{false / studies:.2%}",
        wanted=f"<= {ERROR_RATE:.0%}",
        kept=false / studies <= ERROR_RATE,
    )


def simulate_releases(rng: np.random.Generator, studies: int) -> Iterator[Finding]:
    """49 structures, half at 99 %, half at the limit of 90 %; failures cluster in patients."""
    shares = np.where(np.arange(STRUCTURES) < STRUCTURES // 2, 0.99, 0.90)
    null = shares == 0.90
    stops: dict[str, list[NDArray[np.float64]]] = {"the last": [], "the first with a release": []}
    good: list[NDArray[np.float64]] = []
    strict: list[NDArray[np.float64]] = []
    for e_values in _walk_many(rng, studies, shares, patients=60):
        released = choose_by_ebh(e_values, ERROR_RATE)
        proportion = (released & null).sum(2) / np.maximum(released.sum(2), 1)
        first = np.where(released.any(2).any(1), released.any(2).argmax(1), -1)
        stops["the last"].append(proportion[:, -1])
        stops["the first with a release"].append(proportion[np.arange(len(first)), first])
        good.append(released[:, -1, ~null].mean(axis=1))
        strict.append((e_values[:, -1, ~null] >= STRUCTURES / ERROR_RATE).mean(axis=1))
    for name, parts in stops.items():
        false = float(np.concatenate(parts).mean())
        yield Finding(
            what=f"e-BH over {STRUCTURES} structures, 60 patients, stopped at {name}",
            found=f"{false:.2%} false discovery",
            wanted=f"<= {ERROR_RATE:.0%}",
            kept=false <= ERROR_RATE,
        )
    yield Finding(
        what="good structures (99 %) released by e-BH; by the family-wise rule",
        found=f"{np.concatenate(good).mean():.0%}; {np.concatenate(strict).mean():.0%}",
        wanted="",
        kept=None,
    )


def simulate_reads(rng: np.random.Generator, studies: int) -> Iterator[Finding]:
    """Structures of 99 %: reads until release against the fixed plan of 80 % power."""
    for limit in LIMITS:
        boundary = find_boundary(limit=limit, error_rate=ERROR_RATE, most_reads=600)[1:]
        passed = np.cumsum(rng.random((studies, 600)) >= 0.99, axis=1) <= boundary
        reads = np.where(passed.any(axis=1), passed.argmax(axis=1) + 1, 10_000)
        median = float(np.median(reads))
        (exact,) = list_sequential_points(
            limit=limit, error_rate=ERROR_RATE, most_reads=600, shares=[0.99]
        )
        plan = find_powerful_plan(limit=limit, error_rate=ERROR_RATE, share=0.99)
        least = find_fixed_plan(limit=limit, error_rate=ERROR_RATE, failures=0)
        yield Finding(
            what=f"median reads to release at 99 % against {limit:.0%} (exact: "
            f"{exact.median_reads}); fixed plan with 80 % power {plan.reads}/{plan.failures}, "
            f"smallest {least.reads}/0",
            found=f"{median:.0f}: {median / plan.reads:.2f} x; {median / least.reads:.2f} x",
            wanted="<= 1.5 x the first",
            kept=median <= 1.5 * plan.reads,
        )


def simulate_coverage(rng: np.random.Generator, studies: int) -> Iterator[Finding]:
    """A true difference of shares acceptable between two arms, same patients and readers."""
    for patients, readers, each in ((60, 12, 12), (60, 4, 4), (200, 12, 2)):
        resamples = draw_resamples(rng, patients=patients, readers=readers, resamples=500)
        hits = sum(_covers(rng, resamples, each) for _ in range(studies))
        share = hits / studies
        slack = 0.0 if studies >= 2_000 else 2 * math.sqrt(0.95 * 0.05 / studies)
        low, high = 0.93 - slack, 0.97 + slack
        yield Finding(
            what=f"crossed bootstrap, {patients} patients, {each} of {readers} readers each "
            f"({studies:,} studies)",
            found=f"{share:.1%} of intervals hold the true difference",
            wanted=f"{low:.1%} to {high:.1%}",
            kept=low <= share <= high,
        )


# Standard deviations of the latent grade: patient, reader, and how both differ between the arms.
_SPREADS = (0.7, 0.5, 0.4, 0.3)
_MEANS = (1.0, 1.6)


def _covers(rng: np.random.Generator, resamples: Resamples, each: int) -> bool:
    patients, readers = resamples.patients.shape[1], resamples.readers.shape[1]
    patient, reader, patient_arm, reader_arm = _SPREADS
    shared = rng.normal(0, patient, (patients, 1)) + rng.normal(0, reader, (1, readers))
    arms = [
        mean
        + shared
        + rng.normal(0, patient_arm, (patients, 1))
        + rng.normal(0, reader_arm, (1, readers))
        + rng.normal(0, 1, (patients, readers))
        > 0
        for mean in _MEANS
    ]
    total = math.sqrt(1 + sum(spread**2 for spread in _SPREADS))
    truth = float(ndtr(_MEANS[1] / total) - ndtr(_MEANS[0] / total))
    read = rng.random((patients, readers)).argsort(axis=1) < each
    difference = np.where(read, arms[1].astype(float) - arms[0], 0.0)
    interval = measure_mean(difference, read.astype(float), resamples).interval
    return interval is not None and interval.low <= truth <= interval.high


def _peeked_bound(limit: float, reads: int) -> NDArray[np.int64]:
    """Most failures with which the exact 95 % bound is above the limit after each read."""
    allowed = np.full(reads, -1)
    for failures in range(reads):
        first = find_fixed_plan(limit=limit, error_rate=ERROR_RATE, failures=failures).reads
        if first > reads:
            break
        allowed[first - 1 :] = failures
    return allowed


def _walk_many(
    rng: np.random.Generator, studies: int, shares: NDArray[np.float64], *, patients: int
) -> Iterator[NDArray[np.float64]]:
    """E-values (studies, patients, structures), some hundred studies at a time."""
    reads = np.arange(1, patients + 1)
    table = np.exp(measure_log_e(np.arange(patients + 1)[:, None], reads[None, :], 0.90))
    for first in range(0, studies, _AT_ONCE):
        size = min(_AT_ONCE, studies - first)
        hard = rng.normal(0, math.sqrt(0.3), (size, patients, 1))
        own = rng.normal(0, math.sqrt(0.7), (size, patients, len(shares)))
        acceptable = np.cumsum(hard + own < ndtri(shares), axis=1)
        yield table[acceptable, reads[None, :, None] - 1]
