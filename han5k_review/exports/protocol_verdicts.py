"""Verdicts of the protocol's certificate, over its structures. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from han5k_review.protocol.rules import Protocol
from han5k_review.protocol.size import find_rate
from han5k_review.review.results import PatientCount
from han5k_review.statistics.fixed import FixedPlan, find_fixed_plan, measure_release_chance
from han5k_review.statistics.releases import choose_releases
from han5k_review.statistics.sequential import measure_e_value
from han5k_review.store.vocabulary import CertificateKind

_NOBODY = PatientCount(patients=0, acceptable=0)


def judge_by_protocol(protocol: Protocol, counts: Mapping[str, PatientCount]) -> dict[str, bool]:
    """Structure -> released or not; those without a verdict are left out.

    Always over the structures of the protocol, read or not, by its rule for many structures.
    Sequential: by e-values, at any time. Fixed: no verdict before the planned number of patients;
    all patients count, also those beyond the plan (which never makes it easier). Who passes has
    passed with a chance of at most a at the limit, so that 1 / a is an e-value, and 0 for the
    others: the rule then holds under any dependence between structures (decision 0038).
    """
    own = {name: counts.get(name, _NOBODY) for name in protocol.structures}
    if protocol.certificate is CertificateKind.SEQUENTIAL:
        values = {
            name: measure_e_value(each.acceptable, each.patients, protocol.limit)
            for name, each in own.items()
        }
        due = set(own)
    elif protocol.certificate is CertificateKind.FIXED:
        plan = find_protocol_plan(protocol)
        due = {name for name, each in own.items() if each.patients >= plan.reads}
        passed = {n for n in due if own[n].patients - own[n].acceptable <= plan.failures}
        worth = 1 / measure_release_chance(plan, protocol.limit)
        values = {name: worth if name in passed else 0.0 for name in own}
    else:
        return {}
    released = choose_releases(values, error_rate=protocol.error_rate, rule=protocol.many_rule)
    return {name: name in released for name in own if name in due}


def find_protocol_plan(protocol: Protocol) -> FixedPlan:
    """The plan of each structure of a protocol with a fixed certificate."""
    return find_fixed_plan(
        limit=protocol.limit, error_rate=find_rate(protocol), failures=protocol.fixed_failures
    )
