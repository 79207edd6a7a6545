"""The views of the results page; each reads only what it shows."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from han5k_review.evaluation import list_metrics, plan_evaluation
from han5k_review.review.results import (
    LEVELS,
    PairCell,
    PatientCount,
    count_grades,
    count_pairs,
    count_patients,
    list_verdicts,
)
from han5k_review.statistics.against_metrics import GradedMetric, measure_against_grades
from han5k_review.statistics.estimates import Estimate
from han5k_review.statistics.kappa import PairAgreement, measure_mean_kappa, measure_table
from han5k_review.store.engine import reading
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.texts.counts import say_count
from han5k_review.ui.cohort.charts import MEASURES, Measure
from han5k_review.ui.results.charts import (
    build_agreement_chart,
    build_grade_chart,
    build_metric_chart,
)
from han5k_review.ui.visit import Bench

_MAJOR = LEVELS.index(GradeLevel.MAJOR)
_PLOT = {"displaylogo": False}
_NOTHING = "Nothing is graded yet. Assign cases to readers; results appear with their grades."


def show_grades(bench: Bench) -> None:
    """Stacked bars per structure."""
    with reading(bench.study.engine) as session:
        counts = count_grades(session)
    if not counts:
        st.info(_NOTHING)
        return
    names = list_graded(bench, counts)
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


def show_metrics(bench: Bench) -> None:
    """Grades of one structure against one metric."""
    counts = read_patients(bench)
    if not counts:
        return
    left, right = st.columns(2)
    structure = left.selectbox("Structure", list_graded(bench, counts))
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


def read_patients(bench: Bench) -> Mapping[str, PatientCount]:
    """Patients per structure; where nothing is graded yet, the page says so."""
    with reading(bench.study.engine) as session:
        counts = count_patients(session)
    if not counts:
        st.info(_NOTHING)
    return counts


def list_graded(bench: Bench, counts: Collection[str]) -> list[str]:
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
