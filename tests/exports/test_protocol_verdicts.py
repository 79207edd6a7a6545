"""Verdicts of a fixed certificate over many structures keep what the protocol promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from han5k_review.exports.protocol_verdicts import find_protocol_plan, judge_by_protocol
from han5k_review.protocol.rules import Protocol
from han5k_review.review.results import PatientCount
from han5k_review.statistics.releases import ManyRule
from han5k_review.store.vocabulary import CertificateKind, Endpoint, Preset

NAMES = tuple(f"s{number}" for number in range(10))
FIXED = Protocol(
    preset=Preset.OWN,
    scale="han5k-3",
    structures=NAMES,
    endpoint=Endpoint.ACCEPTABLE,
    certificate=CertificateKind.FIXED,
    limit=0.9,
    many_rule=ManyRule.FALSE_DISCOVERY,
)


def judge(protocol: Protocol, failures: dict[str, int], patients: int) -> dict[str, bool]:
    counts = {
        name: PatientCount(patients=patients, acceptable=patients - failed)
        for name, failed in failures.items()
    }
    return judge_by_protocol(protocol, counts)


def test_few_that_pass_by_chance_are_not_released_under_false_discovery() -> None:
    # 36 reads without a failure: 0.9 ** 36 = 0.0225 <= 0.05 * 5 / 10, and 35 are not enough.
    reads = find_protocol_plan(FIXED).reads
    assert reads == 36
    bad = dict.fromkeys(NAMES, 3)
    alone = judge(FIXED, {**bad, "s0": 0}, reads)
    assert alone == dict.fromkeys(NAMES, False)  # the plain error rate would have released s0
    half = judge(FIXED, {**bad, **dict.fromkeys(NAMES[:5], 0)}, reads)
    assert [name for name, released in half.items() if released] == list(NAMES[:5])
    strict = replace(FIXED, many_rule=ManyRule.FAMILY_WISE)
    assert find_protocol_plan(strict).reads == 51  # 0.9 ** 51 <= 0.005
    assert judge(strict, {**bad, "s0": 0}, 51)["s0"]


def test_there_is_no_verdict_before_the_last_read_and_more_reads_never_help() -> None:
    good = dict.fromkeys(NAMES, 0)
    assert judge(FIXED, good, 35) == {}
    assert all(judge(FIXED, good, 36).values())
    assert not any(judge(FIXED, dict.fromkeys(NAMES, 1), 90).values())
    some = judge_by_protocol(FIXED, {"s0": PatientCount(patients=36, acceptable=36)})
    assert some == {"s0": False}


@pytest.mark.parametrize("good", [0, 3, 6])
def test_the_share_of_false_releases_stays_below_the_error_rate(good: int) -> None:
    """4,000 studies; `good` structures never fail, the others are exactly at the limit."""
    rng = np.random.default_rng(38)
    reads = find_protocol_plan(FIXED).reads
    failures = binom.rvs(reads, 0.1, size=(4000, len(NAMES) - good), random_state=rng)
    passed_falsely = (failures == 0).sum(axis=1)
    shares = []
    for bad in sorted(set(passed_falsely)):
        found = dict.fromkeys(NAMES[:good], 0)
        for place, name in enumerate(NAMES[good:]):
            found[name] = 0 if place < bad else 4
        released = sum(judge(FIXED, found, reads).values())
        shares.append((passed_falsely == bad).mean() * (bad / released if released else 0.0))
    assert sum(shares) <= FIXED.error_rate
