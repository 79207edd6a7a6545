"""Two runs side by side: what they were taught with, and how well both predict the same cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from han5k_review.retraining.runs.run_views import RunView, get_run_view
from han5k_review.retraining.settings import explain_settings
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.ui.visit import Visit

_FORMATS = {
    "Dice": "%.3f",
    "HD95 mm": "%.1f",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedStructure:
    """Mean Dice and HD95 of both runs on the held-out cases that both measured."""

    structure: str
    cases: int
    dice: tuple[float, float]
    hd95_mm: tuple[float, float] | None


def show_comparison(visit: Visit, view: RunView, runs: Sequence[RetrainRun]) -> None:
    """Choose another run with scores, and see both."""
    others = [run for run in runs if run.id != view.run.id and run.result_model_id is not None]
    if not others or not view.scores:
        return
    with st.expander("Compare with another run"):
        other = st.selectbox(
            "Other run",
            others,
            format_func=lambda run: f"run {run.id} ({run.preset}, {run.state.value})",
            key=f"compare-{view.run.id}",
            width=320,
        )
        with reading(visit.bench.study.engine) as session:
            beside = get_run_view(session, visit.bench.study, stored_id(other))
        rows = compare_scores(view.scores, beside.scores)
        if not rows:
            st.caption("These two runs have no held-out contour in common.")
        else:
            st.caption("Mean over the held-out cases that both measured.")
            frame = build_comparison_frame(rows, (stored_id(view.run), stored_id(beside.run)))
            st.dataframe(frame, hide_index=True, placeholder="", column_config=_columns(frame))
        st.dataframe(
            build_settings_frame(view.run, beside.run), hide_index=True, placeholder="same settings"
        )


def compare_scores(
    first: Sequence[PairedScore], second: Sequence[PairedScore]
) -> list[ComparedStructure]:
    """Both runs per structure, on what both measured; only references that decide."""
    found: dict[str, list[tuple[PairedScore, PairedScore]]] = {}
    beside = {(s.case, s.structure): s for s in second}
    for score in first:
        other = beside.get((score.case, score.structure))
        if other is None or not score.decides or None in (score.after_dice, other.after_dice):
            continue
        found.setdefault(score.structure, []).append((score, other))
    return [_compare(name, pairs) for name, pairs in found.items()]


def _compare(name: str, pairs: Sequence[tuple[PairedScore, PairedScore]]) -> ComparedStructure:
    finite = [
        (a.after_hd95_mm, b.after_hd95_mm)
        for a, b in pairs
        if a.after_hd95_mm is not None
        and b.after_hd95_mm is not None
        and max(a.after_hd95_mm, b.after_hd95_mm) < float("inf")
    ]
    dice = [(a.after_dice or 0.0, b.after_dice or 0.0) for a, b in pairs]
    return ComparedStructure(
        structure=name,
        cases=len(pairs),
        dice=_mean_both(dice),
        hd95_mm=_mean_both(finite) if finite else None,
    )


def _mean_both(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return (sum(a for a, _ in pairs) / len(pairs), sum(b for _, b in pairs) / len(pairs))


def build_comparison_frame(
    rows: Sequence[ComparedStructure], runs: tuple[int, int]
) -> pd.DataFrame:
    """One line per structure: both runs, and the first minus the second."""
    first, second = (f"run {number}" for number in runs)
    hd95 = [row.hd95_mm or (None, None) for row in rows]
    return pd.DataFrame(
        {
            "Structure": [row.structure for row in rows],
            "Cases": [row.cases for row in rows],
            f"Dice {first}": [row.dice[0] for row in rows],
            f"Dice {second}": [row.dice[1] for row in rows],
            "Dice difference": [row.dice[0] - row.dice[1] for row in rows],
            f"HD95 mm {first}": [pair[0] for pair in hd95],
            f"HD95 mm {second}": [pair[1] for pair in hd95],
            "HD95 mm difference": [
                None if pair[0] is None or pair[1] is None else pair[0] - pair[1] for pair in hd95
            ],
        }
    )


def _columns(frame: pd.DataFrame) -> Mapping[str, Any]:
    return {
        name: st.column_config.NumberColumn(
            format=form.replace("%", "%+") if name.endswith("difference") else form
        )
        for name in frame.columns
        for start, form in _FORMATS.items()
        if name.startswith(start)
    }


def build_settings_frame(first: RetrainRun, second: RetrainRun) -> pd.DataFrame:
    """What the two runs differ in: preset, parent, and settings, by the labels of the form."""
    told = [
        ("Preset", first.preset, second.preset),
        ("Label group", first.group, second.group),
        ("Parent model", first.parent_model_id or "none", second.parent_model_id or "none"),
        *(
            (row.title, first.settings.get(row.name), second.settings.get(row.name))
            for row in explain_settings()
        ),
    ]
    different = [(name, str(one), str(other)) for name, one, other in told if one != other]
    return pd.DataFrame(different, columns=["Differs in", f"run {first.id}", f"run {second.id}"])
