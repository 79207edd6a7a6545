"""The certificates view: which structures the grades release, at the share of the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from han5k_review.exports.certificate_sheet import ERROR_RATE, LIMITS
from han5k_review.exports.protocol_verdicts import find_protocol_plan, judge_by_protocol
from han5k_review.protocol.record import build_protocol, find_version
from han5k_review.protocol.rules import Protocol
from han5k_review.protocol.words import describe_certificate, say_share
from han5k_review.review.results import LEVELS, PatientCount, Verdict, list_verdicts
from han5k_review.statistics.releases import ManyRule, choose_releases
from han5k_review.statistics.sequential import (
    find_reads_left,
    find_sequential_bound,
    measure_e_value,
    measure_evidence,
)
from han5k_review.store.engine import reading
from han5k_review.store.vocabulary import CertificateKind, GradeLevel
from han5k_review.texts.counts import say_count
from han5k_review.ui.results.charts import build_certificate_chart
from han5k_review.ui.results.views import list_graded, read_patients
from han5k_review.ui.visit import Bench

_MAJOR = LEVELS.index(GradeLevel.MAJOR)
_MOST_SHOWN = 1e6
_PLOT = {"displaylogo": False}
_NOBODY = PatientCount(patients=0, acceptable=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be shown: the share chosen, the error rate, and the protocol whose share it is."""

    limit: float
    error_rate: float
    protocol: Protocol | None = None


def show_certificates(bench: Bench) -> None:
    """The table of all structures, and the curve of one."""
    counts = read_patients(bench)
    if not counts:
        return
    protocol = _find_certificate(bench)
    limits = LIMITS if protocol is None else sorted({*LIMITS, protocol.limit})
    left, right = st.columns([1, 2])
    limit = left.selectbox(
        "Share to be shown",
        limits,
        index=0 if protocol is None else limits.index(protocol.limit),
        format_func=say_share,
    )
    asked = Asked(
        limit=limit,
        error_rate=ERROR_RATE if protocol is None else protocol.error_rate,
        protocol=protocol if protocol is not None and protocol.limit == limit else None,
    )
    structure = right.selectbox("Structure", list_graded(bench, counts))
    with reading(bench.study.engine) as session:
        patients = list_patients(list_verdicts(session, structure))
    evidence = measure_evidence([verdict.level < _MAJOR for verdict in patients], limit=limit)
    cases = [verdict.case for verdict in patients]
    chart = build_certificate_chart(evidence, asked.error_rate, cases)
    st.plotly_chart(chart, key="curve", config=_PLOT)
    st.dataframe(
        build_certificates([str(s.name) for s in bench.catalogue], counts, asked),
        hide_index=True,
        column_config={
            "At least (%)": st.column_config.NumberColumn(
                format="%.1f", help="Lower limit at the error rate, however often one looks."
            ),
            "E-value": st.column_config.NumberColumn(
                format="%.2f", help="1,000,000 stands for more, too."
            ),
            "Patients left": st.column_config.NumberColumn(
                help="Until the structure is released alone, if all are acceptable."
            ),
        },
    )
    st.caption(_explain(asked))


def list_patients(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """One verdict of each patient, the worst, in the order of the patients' last grades."""
    worst: dict[str, Verdict] = {}
    for verdict in verdicts:
        before = worst.pop(verdict.patient, None)
        kept = before is not None and before.level > verdict.level
        worst[verdict.patient] = before if before is not None and kept else verdict
    return list(worst.values())


def build_certificates(
    names: Sequence[str], counts: Mapping[str, PatientCount], asked: Asked
) -> pd.DataFrame:
    """The table: every structure, read or not, since the rule over all needs them.

    With a protocol its verdicts stand in a column of their own.
    """
    found = {name: counts.get(name, _NOBODY) for name in names}
    limit, rate = asked.limit, asked.error_rate
    values = {
        name: measure_e_value(each.acceptable, each.patients, limit) for name, each in found.items()
    }
    together = choose_releases(values, error_rate=rate, rule=ManyRule.FALSE_DISCOVERY)
    frame = pd.DataFrame(
        [
            {
                "Structure": name,
                "Patients": each.patients,
                "Acceptable": each.acceptable,
                "At least (%)": 100 * find_sequential_bound(each.acceptable, each.patients, rate),
                "E-value": min(values[name], _MOST_SHOWN),
                "Released alone": values[name] >= 1 / rate,
                "Released together": name in together,
                "Patients left": find_reads_left(
                    each.acceptable, each.patients, limit=limit, error_rate=rate
                ),
            }
            for name, each in found.items()
        ]
    )
    if asked.protocol is not None:
        verdicts = judge_by_protocol(asked.protocol, counts)
        words = [_say(verdicts.get(n), n in asked.protocol.structures) for n in names]
        frame.insert(1, "By the protocol", words)
    return frame


def _say(released: bool | None, is_asked: bool) -> str:
    if not is_asked:
        return "not asked for"
    if released is None:
        return "no verdict yet"
    return "released" if released else "not released"


def _explain(asked: Asked) -> str:
    rate = say_share(asked.error_rate)
    said = (
        "Each patient counts once, with the worst grade. The e-value may be looked at after every "
        f"grade; {1 / asked.error_rate:g} releases a structure that stands alone (error rate "
        f"{rate}). Together: at most {rate} of the released are false, if the study stops now. "
        "Readers are taken at their word."
    )
    if asked.protocol is None:
        return said
    said += f" The protocol asks for: {describe_certificate(asked.protocol)}."
    if asked.protocol.certificate is CertificateKind.FIXED:
        reads = find_protocol_plan(asked.protocol).reads
        said += f" It gives no verdict on a structure before {say_count(reads, 'patient')}."
    return said


def _find_certificate(bench: Bench) -> Protocol | None:
    """The protocol in force, where it asks for a certificate."""
    with reading(bench.study.engine) as session:
        version = find_version(session)
        if version is None or version.certificate is CertificateKind.NONE:
            return None
        return build_protocol(version)
