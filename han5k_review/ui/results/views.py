"""The views of the results page; each reads only what it shows."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from han5k_review.evaluation import list_metrics, plan_evaluation
from han5k_review.exports.certificate_sheet import ERROR_RATE, LIMITS
from han5k_review.review.results import (
    LEVELS,
    PairCell,
    PatientCount,
    Verdict,
    count_grades,
    count_pairs,
    count_patients,
    list_verdicts,
)
from han5k_review.statistics.against_metrics import GradedMetric, measure_against_grades
from han5k_review.statistics.estimates import Estimate
from han5k_review.statistics.kappa import PairAgreement, measure_mean_kappa, measure_table
from han5k_review.statistics.releases import ManyRule, choose_releases
from han5k_review.statistics.sequential import (
    find_reads_left,
    find_sequential_bound,
    measure_e_value,
    measure_evidence,
)
from han5k_review.store.engine import reading
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.texts.counts import say_count
from han5k_review.ui.cohort.charts import MEASURES, Measure
from han5k_review.ui.results.charts import (
    build_agreement_chart,
    build_certificate_chart,
    build_grade_chart,
    build_metric_chart,
)
from han5k_review.ui.visit import Bench

_MAJOR = LEVELS.index(GradeLevel.MAJOR)
_MOST_SHOWN = 1e6
_PLOT = {"displaylogo": False}
_NOTHING = "Nothing is graded yet. Assign cases to readers; results appear with their grades."


def show_grades(bench: Bench) -> None:
    """Stacked bars per structure."""
    with reading(bench.study.engine) as session:
        counts = count_grades(session)
    if not counts:
        st.info(_NOTHING)
        return
    names = _list_graded(bench, counts)
    st.plotly_chart(build_grade_chart(counts, names, _words(bench)), key="grades", config=_PLOT)
    st.caption(
        "Grades in force of contours under review; repeats and calibration reads are left out."
    )


def show_agreement(bench: Bench) -> None:
    """Heat map of every two readers."""
    with reading(bench.study.engine) as session:
        pairs = build_pairs(count_pairs(session))
    if not pairs:
        st.info("No contour has grades of two readers yet. Assign cases to a second reader.")
        return
    st.plotly_chart(build_agreement_chart(pairs), key="agreement", config=_PLOT)
    st.caption(
        f"Quadratic-weighted kappa, all structures together; mean over pairs: "
        f"{_say(measure_mean_kappa(pairs))}. Where one level prevails, kappa is low although "
        "readers agree: Gwet's AC2 and all intervals are in the sheet Agreement of the exports."
    )


def show_certificates(bench: Bench) -> None:
    """The table of all structures, and the curve of one."""
    counts = _read_patients(bench)
    if not counts:
        return
    left, right = st.columns([1, 2])
    limit = left.selectbox("Share to be shown", LIMITS, format_func=lambda p: f"{p:.0%}")
    structure = right.selectbox("Structure", _list_graded(bench, counts))
    with reading(bench.study.engine) as session:
        patients = list_patients(list_verdicts(session, structure))
    evidence = measure_evidence([verdict.level < _MAJOR for verdict in patients], limit=limit)
    cases = [verdict.case for verdict in patients]
    st.plotly_chart(build_certificate_chart(evidence, ERROR_RATE, cases), key="curve", config=_PLOT)
    st.dataframe(
        build_certificates([str(s.name) for s in bench.catalogue], counts, limit),
        hide_index=True,
        column_config={
            "At least (%)": st.column_config.NumberColumn(
                format="%.1f", help="Lower 95 % limit, valid however often one looks."
            ),
            "E-value": st.column_config.NumberColumn(
                format="%.2f", help="20 releases; 1,000,000 stands for more, too."
            ),
            "Patients left": st.column_config.NumberColumn(
                help="Until the structure is released alone, if all are acceptable."
            ),
        },
    )
    st.caption(
        "Each patient counts once, with the worst grade. The e-value may be looked at after every "
        "grade; 20 releases a structure that stands alone (error rate 5 %). Together: at most 5 % "
        "of the released are false, if the study stops now. Readers are taken at their word."
    )


def show_metrics(bench: Bench) -> None:
    """Grades of one structure against one metric."""
    counts = _read_patients(bench)
    if not counts:
        return
    left, right = st.columns(2)
    structure = left.selectbox("Structure", _list_graded(bench, counts))
    measure = right.selectbox("Metric", MEASURES, format_func=lambda m: m.title)
    graded, cases = read_graded(bench, structure, measure)
    if not graded:
        st.info(
            "No case has both a grade and a measured pair of this structure. Measure the contours "
            "under review against references on the page Cohort."
        )
        return
    found = measure_against_grades(
        graded, higher_is_better=not measure.lower_is_better, generator=np.random.default_rng(0)
    )
    st.plotly_chart(
        build_metric_chart(
            [pair.value for pair in graded],
            [pair.level for pair in graded],
            cases,
            measure.title,
            found.threshold.value,
            _words(bench),
        ),
        key="metric",
        config=_PLOT,
    )
    st.caption(
        f"{say_count(found.contours, 'case')}, {found.acceptable} "
        "acceptable. Spearman with the grade: "
        f"{_say(found.spearman)}. Area under the ROC curve: {_say(found.auc)}. "
        f"Threshold that separates best: {_say(found.threshold)}."
    )


def read_graded(
    bench: Bench, structure: str, measure: Measure
) -> tuple[list[GradedMetric], list[str]]:
    """Cases of a structure with a verdict and a measured pair, and their names."""
    with reading(bench.study.engine) as session:
        verdicts = {verdict.case: verdict for verdict in list_verdicts(session, structure)}
        plan = plan_evaluation(session, bench.catalogue, structures=[structure])
        rows = [row for row in list_metrics(session, plan) if row.panel and row.case in verdicts]
    graded = [
        GradedMetric(
            patient=row.patient,
            value=float(getattr(row.panel, measure.column)),
            level=verdicts[row.case].level,
            acceptable=verdicts[row.case].level < _MAJOR,
        )
        for row in rows
    ]
    return graded, [row.case for row in rows]


def build_pairs(cells: Sequence[PairCell]) -> list[PairAgreement]:
    """Every two readers from their table of levels."""
    tables: dict[tuple[str, str], NDArray[np.float64]] = {}
    for cell in cells:
        pair = (cell.first, cell.second)
        table = tables.setdefault(pair, np.zeros((len(LEVELS), len(LEVELS))))
        table[cell.first_level, cell.second_level] += cell.contours
    return [measure_table(first, second, table) for (first, second), table in tables.items()]


def list_patients(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """One verdict of each patient, the worst, in the order of the patients' last grades."""
    worst: dict[str, Verdict] = {}
    for verdict in verdicts:
        before = worst.pop(verdict.patient, None)
        kept = before is not None and before.level > verdict.level
        worst[verdict.patient] = before if before is not None and kept else verdict
    return list(worst.values())


def build_certificates(
    names: Sequence[str], counts: Mapping[str, PatientCount], limit: float
) -> pd.DataFrame:
    """The table: every structure, read or not, since the rule over all needs them."""
    nobody = PatientCount(patients=0, acceptable=0)
    found = {name: counts.get(name, nobody) for name in names}
    values = {
        name: measure_e_value(each.acceptable, each.patients, limit) for name, each in found.items()
    }
    together = choose_releases(values, error_rate=ERROR_RATE, rule=ManyRule.FALSE_DISCOVERY)
    return pd.DataFrame(
        [
            {
                "Structure": name,
                "Patients": each.patients,
                "Acceptable": each.acceptable,
                "At least (%)": 100
                * find_sequential_bound(each.acceptable, each.patients, ERROR_RATE),
                "E-value": min(values[name], _MOST_SHOWN),
                "Released alone": values[name] >= 1 / ERROR_RATE,
                "Released together": name in together,
                "Patients left": find_reads_left(
                    each.acceptable, each.patients, limit=limit, error_rate=ERROR_RATE
                ),
            }
            for name, each in found.items()
        ]
    )


def _read_patients(bench: Bench) -> Mapping[str, PatientCount]:
    """Patients per structure; where nothing is graded yet, the page says so."""
    with reading(bench.study.engine) as session:
        counts = count_patients(session)
    if not counts:
        st.info(_NOTHING)
    return counts


def _list_graded(bench: Bench, counts: Collection[str]) -> list[str]:
    """The structures that have grades, in the order of the study's table."""
    return [str(s.name) for s in bench.catalogue if s.name in counts]


def _words(bench: Bench) -> dict[str, str]:
    return {grade.level.value: grade.title for grade in bench.scale.grades}


def _say(estimate: Estimate) -> str:
    """A number with its interval in words, or why there is none."""
    if estimate.value is None or math.isinf(estimate.value):
        return (estimate.reason or "infinite").rstrip(".").lower()
    interval = estimate.interval
    limits = f" ({interval.low:.2f} to {interval.high:.2f})" if interval else ""
    return f"{estimate.value:.2f}{limits}"
