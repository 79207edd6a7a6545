"""What the cohort page looks at: two label sources and filters, read once per change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd
import streamlit as st
from sqlmodel import col, select

from han5k_review.evaluation.choice import IMPORTED, LabelChoice, list_choices
from han5k_review.evaluation.frames import build_metrics_frame, build_volume_frame
from han5k_review.evaluation.plan import EvaluationPlan, plan_evaluation
from han5k_review.evaluation.rows import NOT_MEASURED, PairMetrics, list_metrics
from han5k_review.evaluation.stored_panels import read_stamp
from han5k_review.evaluation.summary import StructureSummary, build_summary
from han5k_review.evaluation.tolerances import Tolerances, ToleranceTable
from han5k_review.evaluation.trend import TrendPoint, list_trend
from han5k_review.metrics import Definition
from han5k_review.store.engine import reading
from han5k_review.store.many_objects import many_objects
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import LabelSource, Split
from han5k_review.ui.visit import Bench

ANY_SPLIT = "all"
_MISSING_FIELDS = ["case", "patient", "structure", "definition", "tolerance_mm", "reason"]
_ONE_NUMBER = "one number"
_TOLERANCE_TITLES = {
    ToleranceTable.STUDY: "study's table",
    ToleranceTable.SEGRAP: "SegRap2023",
    ToleranceTable.NIKOLOV: "Nikolov 2021",
    _ONE_NUMBER: "one number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortQuery:
    """Two sides, how distances are measured, and three filters; None filters nothing."""

    reference: LabelChoice
    prediction: LabelChoice
    definition: Definition
    tolerances: Tolerances
    split: Split | None
    cases: tuple[str, ...] | None
    structures: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort:
    """The answer: the plan, its rows, and the frame of those that have numbers."""

    plan: EvaluationPlan
    rows: list[PairMetrics]
    frame: pd.DataFrame
    missing: pd.DataFrame
    failed: int

    @property
    def left(self) -> int:
        """Pairs without numbers, those that failed included."""
        return len(self.plan.pairs) - len(self.frame)


@lru_cache(maxsize=1)
def list_summaries(cohort: Cohort) -> list[StructureSummary]:
    """The summary per structure; kept, since a view is drawn anew with every click."""
    return build_summary(cohort.rows)


@lru_cache(maxsize=1)
def read_volumes(cohort: Cohort) -> pd.DataFrame:
    """The pairs of volumes, kept likewise."""
    return build_volume_frame(cohort.rows)


def ask_query(bench: Bench) -> CohortQuery:
    """Draw the filters; what they hold stands in the page's address and can be shared."""
    with reading(bench.study.engine) as session:
        choices = list_choices(session)
        cases = session.exec(select(Case.name).order_by(col(Case.name))).all()
    # Two rows: what is measured and how, then of which cases; one row cuts names at 1024 pixels.
    prediction_box, reference_box, definition_box, tolerance_box = st.columns([4, 4, 3, 5])
    with prediction_box:
        prediction = _ask_choice("Measure", choices, "prediction", next(iter(choices)))
    with reference_box:
        reference = _ask_choice("Against", choices, "reference", "reference")
    with definition_box:
        definition = _ask_definition()
    with tolerance_box:
        tolerances = _ask_tolerances()
    split_box, case_box, structure_box = st.columns([4, 6, 6])
    split = split_box.selectbox(
        "Split",
        [ANY_SPLIT, *Split],
        format_func=lambda name: str(name).replace("_", " "),
        key="split",
        bind="query-params",
    )
    chosen_cases = case_box.multiselect("Cases", cases, placeholder="All cases", key="only")
    structures = structure_box.multiselect(
        "Structures",
        [str(structure.name) for structure in bench.catalogue],
        placeholder="All structures",
        key="structures",
    )
    return CohortQuery(
        reference=reference,
        prediction=prediction,
        definition=definition,
        tolerances=tolerances,
        split=None if split == ANY_SPLIT else Split(split),
        cases=tuple(chosen_cases) or None,
        structures=tuple(structures) or None,
    )


def _ask_choice(
    words: str, choices: Mapping[str, LabelChoice], key: str, default: str
) -> LabelChoice:
    """One side of the comparison, by its title; `key` is its word in the address."""
    names = list(choices)
    chosen = st.selectbox(
        words,
        names,
        index=names.index(default),
        format_func=lambda name: choices[name].title,
        key=key,
        bind="query-params",
    )
    return choices[chosen]


def _ask_definition() -> Definition:
    found = st.selectbox(
        "Definition",
        list(Definition),
        format_func=str,
        key="definition",
        bind="query-params",
        help="What a surface is, and how HD95 is taken; never mixed. See docs/correctness.md.",
    )
    return found or Definition.SURFEL


def _ask_tolerances() -> Tolerances:
    table_box, number_box = st.columns([3, 2])
    table = table_box.selectbox(
        "Tolerances",
        list(_TOLERANCE_TITLES),
        format_func=lambda name: _TOLERANCE_TITLES[name],
        key="tolerances",
        bind="query-params",
        help="At which distance surface Dice forgives; never mixed. See docs/correctness.md.",
    )
    if table != _ONE_NUMBER:
        return Tolerances(table=ToleranceTable(table or ToleranceTable.STUDY))
    same_mm = number_box.number_input(
        "mm", min_value=0.1, value=1.0, step=0.5, format="%.2f", key="mm", bind="query-params"
    )
    return Tolerances(same_mm=same_mm)


def read_cohort(bench: Bench, query: CohortQuery) -> Cohort:
    """Rows and numbers of the query; kept until one of its labels, numbers or failures is added."""
    sources = {*query.reference.sources, *query.prediction.sources}
    with reading(bench.study.engine) as session:
        stamp = read_stamp(session, sources, query.definition)
    return _read_cohort(bench, query, stamp)


@st.cache_resource(max_entries=2, show_spinner="Reading the numbers ...")
def _read_cohort(_bench: Bench, query: CohortQuery, stamp: tuple[int, ...]) -> Cohort:
    with many_objects(kept=True), reading(_bench.study.engine) as session:
        plan = plan_evaluation(
            session,
            _bench.catalogue,
            reference=query.reference,
            prediction=query.prediction,
            definition=query.definition,
            tolerances=query.tolerances,
            cases=query.cases,
            structures=query.structures,
            split=query.split,
        )
        rows = list_metrics(session, plan)
        measured = (row for row in rows if row.panel is not None)
        frame = build_metrics_frame(measured, segrap=plan.is_segrap)
    without = [row for row in rows if row.panel is None]
    waiting = sum(row.reason == NOT_MEASURED for row in without)
    missing = build_metrics_frame(without)[_MISSING_FIELDS]
    return Cohort(
        plan=plan,
        rows=rows,
        frame=frame,
        missing=missing,
        failed=len(without) - waiting - len(plan.gaps),
    )


def read_trend(bench: Bench, query: CohortQuery) -> list[TrendPoint]:
    """The summaries of every version against the query's reference; kept likewise."""
    sources = {*query.reference.sources, *IMPORTED.sources, LabelSource.PREDICTION}
    with reading(bench.study.engine) as session:
        stamp = read_stamp(session, sources, query.definition)
    return _read_trend(bench, replace(query, prediction=query.reference), stamp)


@st.cache_resource(max_entries=2, show_spinner="Reading the numbers ...")
def _read_trend(_bench: Bench, query: CohortQuery, stamp: tuple[int, ...]) -> list[TrendPoint]:
    with many_objects(kept=True), reading(_bench.study.engine) as session:
        return list_trend(
            session,
            _bench.catalogue,
            reference=query.reference,
            definition=query.definition,
            tolerances=query.tolerances,
            cases=query.cases,
            structures=query.structures,
            split=query.split,
        )
