"""Frames for the tables that pages show: words, not codes; numbers as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import streamlit as st

from han5k_review.review.assignment import WorklistEntry
from han5k_review.review.decisions.adjudication import Standing
from han5k_review.review.decisions.revising import RevisionView
from han5k_review.review.progress import Progress
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Reader
from han5k_review.study.scale import Scale
from han5k_review.triage.doubts import DOUBTFUL
from han5k_review.ui.local_time import say_time
from han5k_review.ui.rows.columns import Column, Kind, OpenRow

METRIC_COLUMNS = {
    "case": st.column_config.TextColumn("Case"),
    "structure": st.column_config.TextColumn("Structure"),
    "dice": st.column_config.NumberColumn("Dice", format="%.3f"),
    "hd95_mm": st.column_config.NumberColumn("HD95 mm", format="%.2f"),
    "surface_dice": st.column_config.NumberColumn("Surface Dice", format="%.3f"),
    "masd_mm": st.column_config.NumberColumn("MASD mm", format="%.2f"),
    "hd_mm": st.column_config.NumberColumn("HD mm", format="%.1f"),
    "volume_reference_cc": st.column_config.NumberColumn("Reference cc", format="%.2f"),
    "volume_prediction_cc": st.column_config.NumberColumn("Measured cc", format="%.2f"),
    "vrd": st.column_config.NumberColumn("VRD", format="%.3f"),
    "apl_mm": st.column_config.NumberColumn("APL mm", format="%.0f"),
    "components_prediction": st.column_config.NumberColumn("Components"),
    "tolerance_mm": st.column_config.NumberColumn("Tolerance mm", format="%.2f"),
    "definition": st.column_config.TextColumn("Definition"),
    "reason": st.column_config.TextColumn("Not measured because"),
}
DOUBT_COLUMNS = {
    "disagreement": st.column_config.NumberColumn(
        "Disagreement",
        format="%.2f",
        help="Between a model's own predictions of the contour under review: 0 none, 1 they do "
        f"not meet; doubtful from {DOUBTFUL} on. Where the model is unstable, not where it is "
        "wrong.",
    ),
    "entropy": st.column_config.NumberColumn(
        "Entropy",
        format="%.2f",
        help="How unsure the network was of the contour that it predicted: 0 sure, 1 unsure "
        "wherever the structure may lie. Compare within one structure only: thin ones have "
        "more border.",
    ),
}
SUMMARY_COLUMNS = {
    "structure": st.column_config.TextColumn("Structure"),
    "measured": st.column_config.NumberColumn("n"),
    "dice_median": st.column_config.NumberColumn("Dice", format="%.3f", help="Median."),
    "dice_quartile_1": st.column_config.NumberColumn("Dice Q1", format="%.3f"),
    "dice_quartile_3": st.column_config.NumberColumn("Dice Q3", format="%.3f"),
    "hd95_mm_median": st.column_config.NumberColumn("HD95 mm", format="%.2f", help="Median."),
    "hd95_mm_quartile_3": st.column_config.NumberColumn("HD95 Q3", format="%.2f", help="In mm."),
    "surface_dice_median": st.column_config.NumberColumn(
        "Surface Dice", format="%.3f", help="Median."
    ),
    "volume_difference_percent_median": st.column_config.NumberColumn(
        "Volume %", format="%+.1f", help="Difference of the volumes in percent, median."
    ),
    "hd95_mm_infinite": st.column_config.NumberColumn("One mask empty"),
    "dice_undefined": st.column_config.NumberColumn("Both empty"),
    "not_measured": st.column_config.NumberColumn("Not measured"),
    "tolerance_mm": st.column_config.NumberColumn("Tolerance mm", format="%.2f"),
    "definition": st.column_config.TextColumn("Definition"),
}
TREND_COLUMNS = {
    "version": st.column_config.TextColumn("Version"),
    **SUMMARY_COLUMNS,
}
REVISION_COLUMNS = {
    "VRD %": st.column_config.NumberColumn(format="%.1f", help="|AI xor revised| / |AI|"),
    "APL mm": st.column_config.NumberColumn(format="%.0f", help="Added path length"),
    "Active s": st.column_config.NumberColumn(
        format="%.0f", help="Active seconds of editing; empty for a file"
    ),
}
WORKLIST_COLUMNS = (
    Column(title="Case"),
    Column(title="Graded", kind=Kind.NUMBER),
    Column(title="Structures", kind=Kind.NUMBER),
    Column(title="Progress", kind=Kind.SHARE),
    Column(title="Edits not submitted", kind=Kind.NUMBER),
    Column(title="Last grade", kind=Kind.TIME),
    Column(title="Signed", kind=Kind.TIME),
)
MISSING_COLUMNS = {
    "case": st.column_config.TextColumn("Case"),
    "structure": st.column_config.TextColumn("Structure"),
    "definition": st.column_config.TextColumn("Definition"),
    "reason": st.column_config.TextColumn("No number because", width="large"),
}


def list_telling(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Those of the columns `names` that say something in any row: not only nothing, "" or 0."""
    return [
        name
        for name in names
        if name in frame and bool((frame[name].notna() & ~frame[name].isin(["", 0])).any())
    ]


def say_upcoming(entry: WorklistEntry) -> str:
    """The button that opens this read: begin or go on, what to do, how far it is."""
    verb = "Continue" if entry.graded else "Start"
    done = "drawn" if entry.is_manual else "graded"
    return f"{verb} {_name(entry)}  ({entry.graded} of {entry.total} {done})"


def _name(entry: WorklistEntry) -> str:
    return f"{entry.case}: draw it from nothing" if entry.is_manual else entry.case


def build_worklist_rows(entries: Sequence[WorklistEntry]) -> list[OpenRow]:
    """One row per assignment, in presentation order; a row opens the review of its case."""
    return [
        OpenRow(
            key=str(entry.assignment_id),
            address=f"review?assignment={entry.assignment_id}",
            cells=(
                _name(entry),
                entry.graded,
                entry.total,
                100 * entry.graded / max(entry.total, 1),
                entry.open_drafts or None,
                say_time(entry.last_graded_at_utc),
                say_time(entry.signed_at_utc),
            ),
        )
        for entry in entries
    ]


def build_reader_frame(readers: Sequence[Reader], progress: Mapping[int, Progress]) -> pd.DataFrame:
    """One row per account with its progress over all its cases."""
    rows = []
    for reader in readers:
        entries = [one for one in progress.values() if one.reader_id == reader.id]
        graded = sum(entry.graded for entry in entries)
        total = sum(entry.total for entry in entries)
        times = [e.last_graded_at_utc for e in entries if e.last_graded_at_utc is not None]
        rows.append(
            {
                "Name": reader.name,
                "Role": reader.role.value,
                "Shown as": reader.pseudonym,
                "Cases": len(entries),
                "Graded": graded,
                "Structures": total,
                "Progress": 100 * graded / total if total else 0,
                "Last grade": say_time(max(times)) if times else "",
            }
        )
    return pd.DataFrame(rows)


def build_scale_frame(scale: Scale) -> pd.DataFrame:
    """The grades of a scale with their printed definitions."""
    return pd.DataFrame(
        {
            "Key": [grade.key for grade in scale.grades],
            "Grade": [grade.title for grade in scale.grades],
            "Level": [grade.level.value.replace("_", " ") for grade in scale.grades],
            "Definition": [grade.definition for grade in scale.grades],
        }
    )


def build_revision_frame(
    views: Sequence[RevisionView],
    standings: Mapping[int, Standing],
    scale: Scale,
    *,
    names_reads: bool,
) -> pd.DataFrame:
    """One row per submitted revision, the newest first, with what became of it."""
    rows = list(reversed(views))
    frame = pd.DataFrame(
        {
            "Revision": [view.revision.id for view in rows],
            "Case": [view.case for view in rows],
            "Structure": [view.child.structure for view in rows],
            "Reader": [view.reader for view in rows],
            "Submitted": [say_time(view.revision.submitted_at_utc) for view in rows],
            "Grade": [scale.say(view.grade.raw_code) if view.grade else "" for view in rows],
            "VRD %": [_percent(view.revision.vrd) for view in rows],
            "APL mm": pd.Series([view.revision.apl_mm for view in rows], dtype="float64"),
            "Active s": pd.Series([view.revision.active_seconds for view in rows], dtype="float64"),
            "Status": [standings[stored_id(view.revision)].value for view in rows],
            "Reason": [view.decision.reason if view.decision else "" for view in rows],
        }
    )
    return frame if names_reads else frame.drop(columns="Reader")


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction
