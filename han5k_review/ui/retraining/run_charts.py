"""Charts and tables of retraining runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from han5k_review.retraining.runs.lifecycle import WORK
from han5k_review.retraining.runs.plan import RunPlan
from han5k_review.retraining.runs.run_views import RunView
from han5k_review.retraining.teaching.changes import Interval
from han5k_review.retraining.teaching.gate import StructureVerdict, Verdict
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.store.vocabulary import RunState
from han5k_review.texts.counts import say_count
from han5k_review.ui.axes import choose_whole_step
from han5k_review.ui.style import ACCENT, GRADE_COLORS

_GREY = "#8a919c"
VERDICT_COLORS = {
    Verdict.NOT_WORSE: GRADE_COLORS["no"],
    Verdict.WORSE: GRADE_COLORS["major"],
    Verdict.UNDECIDED: _GREY,
}
_COLOURS = 10  # of Plotly's own; then they come again, in another line style
_DASHES = ("solid", "dash", "dot")
_SYMBOLS = {Verdict.NOT_WORSE: "circle", Verdict.WORSE: "x", Verdict.UNDECIDED: "diamond-open"}


def build_plan_frame(plan: RunPlan) -> pd.DataFrame:
    """One line per structure: what would teach, why, and what it would be judged on."""
    return pd.DataFrame(
        {
            "Structure": [row.structure for row in plan.structures],
            "Trained": [row.in_model for row in plan.structures],
            "Trusted": [row.trusted for row in plan.structures],
            "Untrusted": [row.untrusted for row in plan.structures],
            "Judged on": [sum(row.references.values()) for row in plan.structures],
            "Why": [
                ", ".join(f"{count} x {reason.value}" for reason, count in row.reasons.items())
                for row in plan.structures
            ],
        }
    )


def build_learning_chart(epochs: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Loss, and the pseudo-Dice of each structure, per epoch."""
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=("Loss", "Pseudo-Dice per structure"), shared_xaxes=False
    )
    numbers = [epoch["epoch"] for epoch in epochs]
    for column, name, color in (
        ("train_loss", "training", ACCENT),
        ("monitor_loss", "monitored", _GREY),
    ):
        figure.add_trace(
            go.Scatter(x=numbers, y=[e[column] for e in epochs], name=name, line={"color": color}),
            row=1,
            col=1,
        )
    names = list(epochs[-1]["pseudo_dice"]) if epochs else []
    for number, name in enumerate(names):
        figure.add_trace(
            go.Scatter(
                x=numbers,
                y=[e["pseudo_dice"].get(name) for e in epochs],
                name=name,
                line={"dash": _DASHES[number // _COLOURS % len(_DASHES)]},
            ),
            row=1,
            col=2,
        )
    figure.update_layout(
        height=max(320, 80 + 19 * (len(names) + 2)),
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
        legend={"font": {"size": 11}, "tracegroupgap": 0},
        hovermode="closest",
    )
    figure.update_xaxes(title="Epoch", dtick=choose_whole_step(len(epochs)))
    figure.update_yaxes(range=[0, 1], row=1, col=2)
    return figure


def build_verdict_frame(verdicts: Sequence[StructureVerdict]) -> pd.DataFrame:
    """Before, after, the paired difference with its interval, and the gate's word."""
    return pd.DataFrame(
        {
            "Structure": [row.structure for row in verdicts],
            "Gate": [row.verdict.value for row in verdicts],
            "Cases": [_count_cases(row) for row in verdicts],
            "Before Dice": [row.before_dice for row in verdicts],
            "After Dice": [row.after_dice for row in verdicts],
            **_in_use(verdicts),
            "Difference": [
                row.dice_difference.mean if row.dice_difference else None for row in verdicts
            ],
            "Interval": [_say_interval(row.dice_difference, "+.3f") for row in verdicts],
            "Patients": [
                row.dice_difference.patients if row.dice_difference else 0 for row in verdicts
            ],
            "More needed": [row.more_patients for row in verdicts],
            "Surface Dice": [
                row.surface_dice_difference.mean if row.surface_dice_difference else None
                for row in verdicts
            ],
            "HD95 mm": [
                row.hd95_difference_mm.mean if row.hd95_difference_mm else None for row in verdicts
            ],
            "HD95 interval": [_say_interval(row.hd95_difference_mm, "+.1f") for row in verdicts],
            "Accepted unchanged": [row.unchanged_cases for row in verdicts],
        }
    )


def _say_interval(change: Interval | None, form: str) -> str:
    if change is None:
        return ""
    return f"{change.low:{form}} to {change.high:{form}}" if change.is_known else "one patient"


def _count_cases(row: StructureVerdict) -> str:
    """Held-out cases with a score, and how many of them were compared where that is fewer."""
    all_compared = row.cases == row.scored_cases
    return str(row.cases) if all_compared else f"{row.cases} of {row.scored_cases}"


def _in_use(verdicts: Sequence[StructureVerdict]) -> dict[str, list[float | None]]:
    """The contours under review, where they are others than those before the run."""
    found = [row.in_use_dice for row in verdicts]
    before = [row.before_dice for row in verdicts]
    differs = any(one is not None and one != b for one, b in zip(found, before, strict=True))
    return {"In use Dice": found} if differs else {}


def build_difference_chart(verdicts: Sequence[StructureVerdict]) -> go.Figure:
    """Dice after minus before per structure with its interval, beside the same of HD95."""
    figure = make_subplots(
        rows=1,
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.06,
        subplot_titles=("Dice, after - before", "HD95 in mm, after - before"),
    )
    for column, pick in ((1, _dice_change), (2, _hd95_change)):
        rows = [(v, change) for v in verdicts if (change := pick(v)) is not None]
        for word in VERDICT_COLORS:
            own = [(v, change) for v, change in rows if v.verdict is word]
            figure.add_trace(_changes_trace(word, own, told=column == 1), row=1, col=column)
        figure.add_vline(x=0, line={"color": _GREY, "width": 1}, row=1, col=column)
    figure.update_yaxes(
        autorange="reversed",
        type="category",
        categoryorder="array",
        categoryarray=[v.structure for v in verdicts],
    )
    figure.update_layout(
        height=140 + 26 * len(verdicts),
        margin={"l": 8, "r": 8, "t": 32, "b": 56},
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 0.0,
            "yanchor": "bottom",
            "font": {"size": 11},
        },
    )
    return figure


def _changes_trace(
    word: Verdict, own: Sequence[tuple[StructureVerdict, Interval]], *, told: bool
) -> go.Scatter:
    """The structures with one verdict: mean change and its interval; `told` in the legend."""
    return go.Scatter(
        x=[change.mean for _, change in own],
        y=[v.structure for v, _ in own],
        mode="markers",
        name=word.value,
        legendgroup=word.value,
        showlegend=told,
        marker={"color": VERDICT_COLORS[word], "size": 9, "symbol": _SYMBOLS[word]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [_half(change) for _, change in own],
            "arrayminus": [_half(change) for _, change in own],
            "color": VERDICT_COLORS[word],
        },
    )


def _half(change: Interval) -> float:
    return change.high - change.mean if change.is_known else 0.0


def _dice_change(verdict: StructureVerdict) -> Interval | None:
    return verdict.dice_difference


def _hd95_change(verdict: StructureVerdict) -> Interval | None:
    return verdict.hd95_difference_mm


def describe_verdicts(verdicts: Sequence[StructureVerdict]) -> str:
    """How many structures are not worse, worse, or undecided."""
    counts = Counter(v.verdict for v in verdicts)
    return "Gate: " + ", ".join(f"{counts[v]} {v.value}" for v in VERDICT_COLORS) + "."


def list_reasons(verdicts: Sequence[StructureVerdict]) -> list[str]:
    """Each reason of the gate once, with the structures it holds for."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        for reason in verdict.reasons:
            found.setdefault(reason, []).append(verdict.structure)
    return [f"{', '.join(names)}: {reason}." for reason, names in found.items()]


def build_worst_frame(scores: Sequence[PairedScore]) -> pd.DataFrame:
    """Held-out scores that decide: the largest fall of Dice first, then those without a before."""
    own = [s for s in scores if s.decides and s.after_dice is not None]
    own.sort(key=_worst_first)
    return pd.DataFrame(
        {
            "Case": [s.case for s in own],
            "Structure": [s.structure for s in own],
            "Before Dice": [s.before_dice for s in own],
            "After Dice": [s.after_dice for s in own],
            "Difference": [s.dice_difference for s in own],
            "HD95 difference mm": [s.hd95_difference_mm for s in own],
        }
    )


def _worst_first(score: PairedScore) -> tuple[bool, float]:
    change = score.dice_difference
    return (change is None, score.after_dice or 0.0 if change is None else change)


def describe_files(view: RunView) -> str:
    """What the run's own files take on disk, and what they are."""
    kept = {
        RunState.FAILED: ": log, manifest, and the plans and checkpoints to start it again from.",
        **dict.fromkeys(WORK, ", preprocessed volumes among them; those go when it ends."),
    }
    words = kept.get(view.run.state, ": log, manifest and results.")
    return f"Its files take {view.files_bytes / 1e6:,.1f} MB of disk{words}"


def describe_progress(progress: Mapping[str, Any]) -> tuple[float, str]:
    """(share done, sentence) of a run's progress record."""
    phase = str(progress.get("phase", "starting"))
    epoch, of = progress.get("epoch"), progress.get("of")
    if not of:
        return 0.0, f"{phase} ..."
    if epoch is None:
        done = int(progress.get("done", 0))
        words = f"{phase}: {done} of {say_count(int(of), 'case')}"
        return done / float(of), words + _left(progress)
    words = f"{phase}: epoch {epoch} of {of}{_left(progress)}"
    if progress.get("disk_free_gb") is not None:
        words += f", {progress['disk_free_gb']:.0f} GB of disk free"
    if progress.get("ram_gb") is not None:
        words += f", {progress['ram_gb']:.1f} GB of memory used"
    if progress.get("device_memory_gb") is not None:
        words += f", {progress['device_memory_gb']:.1f} GB of GPU memory"
    return float(epoch) / float(of), words


def _left(progress: Mapping[str, Any]) -> str:
    seconds = progress.get("eta_seconds")
    return "" if seconds is None else f", about {timedelta(seconds=round(float(seconds)))} left"
