"""The lead's overview: what waits for whom, how fast it goes, and where readers disagree."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from han5k_review.errors import StorageError
from han5k_review.review.overview import PACE_DAYS, CaseStage, Disagreement, Overview, ReaderPace
from han5k_review.statistics.vigilance import Sensitivity
from han5k_review.store.audit import AuditHead
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState
from han5k_review.texts.counts import choose_form
from han5k_review.ui.local_time import say_time
from han5k_review.ui.places import page_file
from han5k_review.ui.rows.columns import Column, OpenRow

_FULL_BELOW_GB = 20
_QUEUE_PATIENCE = timedelta(minutes=2)
_FOR_A_WORKER = "for a worker; start one with `han5k worker`"
_PAGES = {
    "Decide": "revisions",
    "Look at it": "retraining",
    "Assign cases": "study",
    "": "overview",
}
PACE_COLUMNS = {
    "Progress": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d %%"),
    "Left": st.column_config.NumberColumn(help="Structures that still have no grade."),
    "Grades a day": st.column_config.NumberColumn(
        format="%.0f",
        help=f"Structures graded for the first time the last {PACE_DAYS} days, per calendar day.",
    ),
    "Seconds a grade": st.column_config.NumberColumn(
        format="%.0f", help="Median active seconds of a structure."
    ),
    "Drafts": st.column_config.NumberColumn(help="Corrections begun and not submitted."),
    "Planted errors found": st.column_config.TextColumn(
        help="Errors made on purpose that the reader graded as major or absent, and the exact 95 % "
        "interval of the share. Readers never see it."
    ),
    "Ends about": st.column_config.DateColumn(
        format="YYYY-MM-DD", help="If it goes on as in the last days; empty where nothing is known."
    ),
}


DISAGREEMENT_COLUMNS = (Column(title="Case"), Column(title="Structure"), Column(title="Grades"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of what waits: how many of what, for whom, on which page."""

    count: int
    words: str
    page: str
    link: str


def show_stages(overview: Overview) -> None:
    """Cases by stage, as figures in one row."""
    for column, (stage, count) in zip(
        st.columns(len(CaseStage)), overview.cases.items(), strict=True
    ):
        column.metric(f"Cases {stage.value}", f"{count:,}")


def list_waiting(
    overview: Overview,
    questions: int,
    runs: Sequence[RetrainRun],
    predictions: int,
    now: datetime,
) -> list[Waiting]:
    """What waits for a person, most urgent first; empty when nothing does."""
    approvals = sum(run.state is RunState.AWAITING_APPROVAL for run in runs)
    stuck = sum(_is_stuck(run, now) for run in runs)
    unassigned = overview.cases[CaseStage.UNASSIGNED]
    models = ("trained model waits", "trained models wait")
    drawn = ("prediction waits", "predictions wait")
    drafts = overview.open_drafts
    found = (
        _wait(questions, ("structure waits", "structures wait"), "for an adjudicator", "Decide"),
        _wait(approvals, models, "to be promoted or declined", "Look at it"),
        _wait(predictions, drawn, "to be put under review or set aside", "Look at it"),
        _wait(stuck, ("run waits", "runs wait"), _FOR_A_WORKER, "Look at it"),
        _wait(unassigned, ("case is", "cases are"), "on nobody's worklist", "Assign cases"),
        _wait(drafts, ("correction is", "corrections are"), "begun and not submitted", ""),
    )
    return [line for line in found if line.count]


def _wait(count: int, forms: tuple[str, str], what_for: str, link: str) -> Waiting:
    words = f"{choose_form(count, *forms)} {what_for}"
    return Waiting(count=count, words=words, page=_PAGES[link], link=link)


def _is_stuck(run: RetrainRun, now: datetime) -> bool:
    return run.state is RunState.QUEUED and now - run.created_at_utc > _QUEUE_PATIENCE


def show_waiting(lines: Sequence[Waiting]) -> None:
    """The lines, each with the way to its page."""
    if not lines:
        st.success("Nothing waits for a decision.")
    for line in lines:
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.markdown(f"**{line.count:,}** {line.words}", width="content")
            if line.link:
                st.page_link(page_file(line.page), label=line.link, width="content")


def build_pace_frame(
    readers: Sequence[ReaderPace], now: datetime, vigilance: Mapping[int, Sensitivity]
) -> pd.DataFrame:
    """One row per reader with cases; `vigilance`: reader id -> planted errors found."""
    return pd.DataFrame(
        {
            "Reader": [one.name for one in readers],
            "Cases": [f"{one.cases_done} / {one.cases}" for one in readers],
            "Left": [one.left for one in readers],
            "Progress": [100 * one.graded / max(one.total, 1) for one in readers],
            "Grades a day": [one.per_day for one in readers],
            "Seconds a grade": [one.seconds_per_structure for one in readers],
            "Drafts": [one.open_drafts for one in readers],
            "Last grade": [say_time(one.last_graded_at_utc) for one in readers],
            "Ends about": [_end(one, now) for one in readers],
            "Planted errors found": [
                say_vigilance(vigilance.get(one.reader_id)) for one in readers
            ],
        }
    )


def say_vigilance(found: Sensitivity | None) -> str:
    """Found of planted, with the exact 95 % interval; empty where nothing was planted."""
    if found is None or found.estimate.interval is None:
        return ""
    interval = found.estimate.interval
    low, high = 100 * interval.low, 100 * interval.high
    return f"{found.found} of {found.planted} ({low:.0f} to {high:.0f} %)"


def build_disagreement_rows(
    found: Sequence[Disagreement], words: Mapping[str, str]
) -> list[OpenRow]:
    """One row per structure that readers graded differently; `words` names the levels."""
    return [
        OpenRow(
            key=str(place),
            address=f"review?{urlencode({'case': one.case, 'structure': one.structure})}",
            cells=(
                one.case,
                one.structure,
                ", ".join(
                    f"{reader}: {words.get(level, level)}" for reader, level in one.levels.items()
                ),
            ),
        )
        for place, one in enumerate(found)
    ]


def describe_audit_head(head: AuditHead | None) -> str:
    """The newest hash of the audit trail, to write down; Markdown."""
    if head is None:
        return "The audit trail has no row yet."
    return (
        f"Audit trail, row {head.number:,}: `{head.sha256}`. Write this hash down outside this "
        "computer: `han5k audit verify --head` then shows whether a row was altered or removed."
    )


def describe_disk(study: Study) -> str:
    """Free space where the study lies, in one phrase; a warning when it gets narrow.

    StorageError when the folder is gone.
    """
    try:
        space = shutil.disk_usage(study.root)
    except OSError as error:
        raise StorageError(
            f"The study's folder was expected at {study.root}, found: {error.strerror}."
        ) from error
    free = space.free / 1e9
    words = f"{free:,.0f} GB free of {space.total / 1e9:,.0f} GB on the study's disk"
    return f"{words}: little; make room before the next run" if free < _FULL_BELOW_GB else words


def _end(one: ReaderPace, now: datetime) -> object:
    return None if one.days_left is None else (now + timedelta(days=one.days_left)).date()
