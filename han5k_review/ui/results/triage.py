"""The triage view: what is doubtful and why, and how well scores predicted later grades."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st
from sqlmodel import Session, col, select

from han5k_review.statistics.estimates import Estimate
from han5k_review.store.engine import reading
from han5k_review.store.many_objects import many_objects
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.triage_tables import TriageRound, TriageScore
from han5k_review.store.vocabulary import TriageKind
from han5k_review.texts.counts import say_count
from han5k_review.triage.evidence import Evidence, read_evidence, read_evidence_stamp
from han5k_review.triage.proof import FEWEST, Proof, RandomArm
from han5k_review.triage.stored import find_round
from han5k_review.ui.local_time import say_time
from han5k_review.ui.places import go_to
from han5k_review.ui.results.triage_charts import (
    build_calibration_chart,
    build_minutes_chart,
    build_risk_chart,
    build_roc_chart,
)
from han5k_review.ui.rows.columns import Column, Kind, OpenRow
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.visit import Bench

_MOST_SHOWN = 100
_PLOT = {"displaylogo": False}
_COLUMNS = (
    Column(title="Case"),
    Column(title="Structure"),
    Column(title="Score", kind=Kind.NUMBER, decimals=2),
    Column(title="Why"),
)


def show_triage(bench: Bench) -> None:
    """The newest scores, their proof, and the most doubtful contours."""
    with reading(bench.study.engine) as session:
        newest = find_round(session)
        if newest is None:
            st.info(
                "No contour has a score yet. Run `han5k triage compute`; it measures every contour "
                "under review and compares it with those of other patients."
            )
            return
        st.caption(describe_round(newest))
        rows = _list_rows(session, newest)
    _show_proof(_find_evidence(bench))
    st.subheader("Most doubtful contours", anchor=False)
    if not rows:
        st.info("No contour is doubtful by the newest scores.")
        return
    st.caption("A row opens the contour in the viewer.")
    opened = show_rows(_COLUMNS, rows, key="triage", label="Most doubtful contours", height=360)
    if opened is not None:
        case, _, structure = opened.partition("\n")
        go_to("review", case=case, structure=structure)


def describe_round(newest: TriageRound) -> str:
    """One sentence on the newest scores: when, of how many, and what a score is."""
    made = (
        f"{say_count(newest.contours, 'contour was', 'contours were')} "
        f"scored {say_time(newest.made_at_utc)}."
    )
    if newest.kind is TriageKind.COHORT:
        return (
            f"{made} A score is the share of contours that are less unusual: there are too few "
            f"grades to learn from ({newest.graded:,})."
        )
    return (
        f"{made} A score is the probability that a reader asks for a revision, learned from "
        f"{say_count(newest.graded, 'graded contour')} (area under the "
        f"ROC curve {newest.area:.2f} in "
        "cross-validation by patient)."
    )


def _find_evidence(bench: Bench) -> Evidence:
    """What grades say of the scores by now; kept until the study changes."""
    with reading(bench.study.engine) as session:
        stamp = read_evidence_stamp(session)
    root = str(bench.study.root)
    evidence = _read_evidence(bench, root, stamp)
    if evidence.stamp != stamp:  # the study changed meanwhile
        _read_evidence.clear(bench, root, stamp)
    return evidence


@st.cache_resource(max_entries=2, show_spinner="Comparing scores with grades ...")
def _read_evidence(_bench: Bench, root: str, stamp: str) -> Evidence:
    with many_objects(), reading(_bench.study.engine) as session:
        return read_evidence(session)


def _show_proof(evidence: Evidence) -> None:
    proof, revised, graded = evidence.proof, evidence.revised, evidence.graded
    _show_figures(proof, graded, evidence.arm)
    if proof is not None:
        _show_charts(proof)
        return
    st.info(
        f"Too few grades to say how well scores predict: {FEWEST} contours to be revised and "
        f"{FEWEST} without a revision are needed, all scored before their grade; there are "
        f"{revised} and {graded - revised}."
    )


def _show_figures(proof: Proof | None, graded: int, arm: RandomArm) -> None:
    columns = st.columns(4)
    columns[0].metric(
        "Graded after their score",
        f"{graded:,}",
        help="Contours under review that had a score before their first grade. Only these count "
        "here: a score that was made afterwards could know the answer.",
    )
    columns[1].metric(
        "Area under the ROC curve",
        _say(proof.against.auc) if proof else "-",
        _say_interval(proof.against.auc) if proof else None,
        delta_color="off",
        delta_arrow="off",
        help="Chance that a contour to be revised has a higher score than one that is not: 0.5 is "
        "chance, 1 is perfect. Below it the 95 % interval over patients.",
    )
    columns[2].metric(
        "Minutes saved",
        _say_minutes(proof),
        help="Active reading time until 90 % of the contours to be revised are found: how much "
        "less than in random order. The second number is the time in random order.",
    )
    columns[3].metric(
        "No major revision",
        _say(arm.acceptable, percent=True),
        _say_interval(arm.acceptable, percent=True),
        delta_color="off",
        delta_arrow="off",
        help="Share of the cohort's cases without any contour that needs a major revision, by the "
        "random arm alone.",
    )
    st.caption(_describe_arm(arm))


def _show_charts(proof: Proof) -> None:
    st.caption(_describe_charts(proof))
    left, right = st.columns(2)
    left.plotly_chart(build_roc_chart(proof.curves, proof.bands.roc), key="roc", config=_PLOT)
    right.plotly_chart(build_risk_chart(proof.curves, proof.bands.risk), key="risk", config=_PLOT)
    if proof.bins:
        left.plotly_chart(build_calibration_chart(proof.bins), key="calibration", config=_PLOT)
    else:
        left.info("Only scores that were learned from grades are probabilities to calibrate.")
    if proof.minutes_saved is not None:
        right.plotly_chart(build_minutes_chart(proof.curves), key="minutes", config=_PLOT)
    else:
        right.info("No active time was measured with these grades.")


def _describe_charts(proof: Proof) -> str:
    """What the shades are, and in one sentence whether scores were too high or too low."""
    shades = "Shades and bars are 95 % intervals over patients; a dashed line is chance."
    if not proof.bins:
        return shades
    contours = sum(one.contours for one in proof.bins)
    said = sum(one.expected * one.contours for one in proof.bins) / contours
    was = sum(one.revised * one.contours for one in proof.bins) / contours
    return (
        f"{shades} In calibration the dashed line is agreement: on average the scores expected "
        f"{100 * said:.0f} % to be revised, readers asked for {100 * was:.0f} %."
    )


def _describe_arm(arm: RandomArm) -> str:
    """How far the random arm is read, and that it alone speaks for the cohort."""
    if not arm.drawn:
        return (
            'Random arm: nothing was drawn yet. A list "most doubtful first" (page Study) draws a '
            "share at random; without it no share of the whole cohort follows from triage."
        )
    found = _say(arm.acceptable, percent=True)
    interval = _say_interval(arm.acceptable, percent=True)
    share = f"{found} ({interval})" if interval else found
    return (
        f"Random arm: {arm.read} of {say_count(arm.drawn, 'case')} drawn at random are read whole. "
        f"By these alone, each weighted by how it was drawn, the share of the cohort's cases "
        f"without a major revision is {share}. {arm.acceptable.reason}".rstrip()
    )


def _list_rows(session: Session, newest: TriageRound) -> list[OpenRow]:
    query = (
        select(
            col(Case.name),
            col(LabelVersion.structure),
            col(TriageScore.doubt),
            col(TriageScore.reasons),
        )
        .join(LabelVersion, col(LabelVersion.id) == TriageScore.label_version_id)
        .join(Case, col(Case.id) == LabelVersion.case_id)
        .where(TriageScore.round_id == newest.id, col(TriageScore.is_doubtful))
        .order_by(col(TriageScore.doubt).desc(), col(TriageScore.id))
        .limit(_MOST_SHOWN)
    )
    return [
        OpenRow(
            key=f"{case}\n{structure}",
            address=f"review?{urlencode({'case': case, 'structure': structure})}",
            cells=[case, structure, doubt, " ".join(reasons)],
        )
        for case, structure, doubt, reasons in session.exec(query)
    ]


def _say_minutes(proof: Proof | None) -> str:
    """Minutes saved, of those in random order; a dash where no time was measured."""
    if proof is None or proof.minutes_saved is None or proof.minutes_random is None:
        return "-"
    return f"{proof.minutes_saved:.0f} of {proof.minutes_random:.0f}"


def _say(estimate: Estimate, *, percent: bool = False) -> str:
    """A number, or a dash where there is none."""
    return "-" if estimate.value is None else f"{estimate.value:{'.0%' if percent else '.2f'}}"


def _say_interval(estimate: Estimate, *, percent: bool = False) -> str | None:
    """The limits of its interval."""
    form, interval = ".0%" if percent else ".2f", estimate.interval
    return f"{interval.low:{form}} to {interval.high:{form}}" if interval else None
