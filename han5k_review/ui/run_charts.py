"""Charts and tables of retraining runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from han5k_review.retraining.gate import StructureVerdict
from han5k_review.retraining.plan import RunPlan
from han5k_review.store.run_tables import RetrainRun
from han5k_review.ui.style import ACCENT

_GREY = "#8a919c"


def build_plan_frame(plan: RunPlan) -> pd.DataFrame:
    """One line per structure: what would teach, why, and what it would be judged on."""
    return pd.DataFrame(
        {
            "Structure": [row.structure for row in plan.structures],
            "Trained": [row.in_model for row in plan.structures],
            "Trusted": [row.trusted for row in plan.structures],
            "Untrusted": [row.untrusted for row in plan.structures],
            "Why": [
                ", ".join(f"{count} {reason.value}" for reason, count in row.reasons.items())
                for row in plan.structures
            ],
            "Held-out references": [sum(row.references.values()) for row in plan.structures],
        }
    )


def build_run_list_frame(runs: Sequence[RetrainRun]) -> pd.DataFrame:
    """One line per run, newest first."""
    return pd.DataFrame(
        {
            "Run": [run.id for run in runs],
            "State": [run.state.value.replace("_", " ") for run in runs],
            "Preset": [run.preset for run in runs],
            "Group": [run.group for run in runs],
            "Device": [run.device for run in runs],
            "Asked for (UTC)": [run.created_at_utc for run in runs],
            "Finished (UTC)": pd.Series(
                [run.finished_at_utc for run in runs], dtype="datetime64[us, UTC]"
            ),
            "Attempt": [run.attempt for run in runs],
            "What happened": [run.error or "" for run in runs],
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
    for name in names:
        figure.add_trace(
            go.Scatter(
                x=numbers,
                y=[e["pseudo_dice"].get(name) for e in epochs],
                name=name,
                showlegend=len(names) <= 12,
            ),
            row=1,
            col=2,
        )
    figure.update_layout(
        height=320, margin={"l": 8, "r": 8, "t": 32, "b": 8}, legend={"font": {"size": 11}}
    )
    figure.update_xaxes(title="Epoch", dtick=max(1, len(epochs) // 10))
    figure.update_yaxes(range=[0, 1], row=1, col=2)
    return figure


def build_verdict_frame(verdicts: Sequence[StructureVerdict]) -> pd.DataFrame:
    """Before, after, the paired difference with its interval, and the gate's word."""
    return pd.DataFrame(
        {
            "Structure": [row.structure for row in verdicts],
            "Cases": [row.cases for row in verdicts],
            "Before Dice": [row.before_dice for row in verdicts],
            "After Dice": [row.after_dice for row in verdicts],
            "Difference": [
                row.dice_difference.mean if row.dice_difference else None for row in verdicts
            ],
            "Interval": [
                f"{row.dice_difference.low:+.3f} to {row.dice_difference.high:+.3f}"
                if row.dice_difference
                else ""
                for row in verdicts
            ],
            "HD95 difference mm": [
                row.hd95_difference_mm.mean if row.hd95_difference_mm else None for row in verdicts
            ],
            "Gate": [row.verdict.value for row in verdicts],
            "Because": ["; ".join(row.reasons) for row in verdicts],
            "Worst cases": [", ".join(row.worst_cases) for row in verdicts],
            "Accepted unchanged": [row.unchanged_cases for row in verdicts],
        }
    )


def describe_progress(progress: Mapping[str, Any]) -> tuple[float, str]:
    """(share done, sentence) of a run's progress record."""
    phase = str(progress.get("phase", "starting"))
    epoch, of = progress.get("epoch"), progress.get("of")
    if epoch is None or not of:
        return 0.0, f"{phase} ..."
    left = timedelta(seconds=round(float(progress.get("eta_seconds") or 0)))
    words = f"{phase}: epoch {epoch} of {of}, about {left} left"
    if progress.get("disk_free_gb") is not None:
        words += f", {progress['disk_free_gb']:.0f} GB of disk free"
    if progress.get("device_memory_gb") is not None:
        words += f", {progress['device_memory_gb']:.1f} GB of device memory"
    return float(epoch) / float(of), words
