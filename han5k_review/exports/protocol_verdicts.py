"""Verdicts of the protocol's certificate, over its structures. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from han5k_review.exports.acceptability import Acceptability
from han5k_review.protocol.rules import Protocol
from han5k_review.protocol.size import find_rate
from han5k_review.statistics.fixed import find_fixed_plan
from han5k_review.statistics.releases import choose_releases
from han5k_review.statistics.sequential import measure_e_value
from han5k_review.store.vocabulary import CertificateKind


def judge_by_protocol(protocol: Protocol, patients: Mapping[str, Acceptability]) -> dict[str, bool]:
    """Structure -> released or not; those without a verdict are left out.

    Sequential: by e-values over the structures of the protocol, read or not, at any time. Fixed: no
    verdict before the planned number of patients; after that, released with at most the planned
    failures, all patients counted, also those beyond the plan (which never makes it easier). The
    error rate is divided by the structures family-wise; under the false discovery rule it holds for
    each fixed certificate alone, as the planner says (`protocol/size.py`).
    """
    own = {name: patients.get(name, Acceptability.nobody()) for name in protocol.structures}
    if protocol.certificate is CertificateKind.SEQUENTIAL:
        values = {
            name: measure_e_value(each.acceptable, each.cases, protocol.limit)
            for name, each in own.items()
        }
        released = choose_releases(values, error_rate=protocol.error_rate, rule=protocol.many_rule)
        return {name: name in released for name in own}
    if protocol.certificate is not CertificateKind.FIXED:
        return {}
    plan = find_fixed_plan(
        limit=protocol.limit, error_rate=find_rate(protocol), failures=protocol.fixed_failures
    )
    return {
        name: each.cases - each.acceptable <= plan.failures
        for name, each in own.items()
        if each.cases >= plan.reads
    }
