"""Drawing cases with a model in use: ask, watch, stop, and go to what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st
from sqlmodel import col, select

from han5k_review.accounts.may import Action
from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.predictions.doubts import DoubtfulContour, list_doubtful
from han5k_review.retraining.predictions.prediction_record import (
    UNFINISHED,
    PredictionRequest,
    cancel_prediction,
    list_predictions,
    request_prediction,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.tables import Case, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import PredictionState, Uncertainty
from han5k_review.ui.context import Visit, attempt
from han5k_review.ui.links import show_links
from han5k_review.ui.places import go_to

_LOOK_SECONDS = 2
_LINKED = 8
_METHODS: Mapping[Uncertainty, str] = {
    Uncertainty.OFF: "not measured (fastest)",
    Uncertainty.SHIFTED: "shifted: 3 drawings of the CT moved by two voxels",
    Uncertainty.MIRRORED: "mirrored: up to 4 drawings, for models trained with mirroring",
    Uncertainty.ENSEMBLE: "ensemble: further model versions of the same labels",
}


def show_drawing(visit: Visit, model: ModelVersion, models: Sequence[ModelVersion]) -> None:
    """Everything about drawing with one model in use."""
    with reading(visit.bench.study.engine) as session:
        names = list(session.exec(select(Case.name).order_by(col(Case.name))))
        query = (
            select(Case.name)
            .join(LabelVersion, col(LabelVersion.case_id) == Case.id)
            .where(LabelVersion.model_version_id == model.id)
            .distinct()
        )
        drawn = set(session.exec(query))
        own = [p for p in list_predictions(session) if p.model_id == model.id]
        doubtful = list_doubtful(session, stored_id(model))
    if visit.may(Action.RETRAIN):
        _ask(visit, model, models, names, drawn, asked=len(own))
    _show_predictions(visit, own)
    if doubtful:
        _show_doubtful(doubtful)


def _ask(
    visit: Visit,
    model: ModelVersion,
    models: Sequence[ModelVersion],
    names: Sequence[str],
    drawn: set[str],
    *,
    asked: int,
) -> None:
    """The form; it is empty again after each of the `asked` predictions."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    todo = [name for name in names if name not in drawn]
    chosen = left.multiselect(
        "Cases to draw",
        names,
        placeholder=f"all {len(todo)} cases it has not drawn yet",
        key=f"draw-cases-{model.id}-{asked}",
    )
    cases = chosen or todo
    method = right.selectbox(
        "Uncertainty",
        list(_METHODS),
        format_func=_METHODS.__getitem__,
        key=f"draw-method-{model.id}",
        help="Draws each case several times and keeps, per structure, how far the contours "
        "differ. The most doubtful are listed first.",
    )
    members = _ask_members(model, models) if method is Uncertainty.ENSEMBLE else []
    device = choose_device(visit.bench.settings.device)
    st.caption(
        f"Its contours become pseudo-labels under review in the next round. Drawn on {device}."
    )
    words = "1 case" if len(cases) == 1 else f"{len(cases)} cases"
    if st.button(
        f"Draw {words} with {model.name}",
        type="primary",
        key=f"draw-{model.id}",
        disabled=not cases,
    ):
        request = PredictionRequest(
            model_id=stored_id(model),
            cases=cases,
            uncertainty=method,
            member_ids=[stored_id(m) for m in members],
            device=device,
            dask_address=visit.bench.settings.dask_address,
        )
        _request(visit, request)


def _ask_members(model: ModelVersion, models: Sequence[ModelVersion]) -> list[ModelVersion]:
    fitting = [m for m in models if m.labels == model.labels and m.id != model.id]
    chosen: list[ModelVersion] = st.multiselect(
        "Members beside it", fitting, default=fitting[:4], format_func=lambda m: m.name
    )
    return chosen


def _request(visit: Visit, request: PredictionRequest) -> None:
    with attempt():
        with transaction(visit.bench.study.engine) as session:
            request_prediction(
                session,
                request,
                actor=visit.identity.name,
                now=utc_now(),
                requested_by=visit.get_reader(),
            )
        st.rerun()


def _show_predictions(visit: Visit, own: Sequence[PredictionRun]) -> None:
    if any(p.state in UNFINISHED for p in own):
        _show_working(visit, own[0].model_id)
    finished = [p for p in own if p.state not in UNFINISHED]
    if not finished:
        return
    newest = finished[0]
    if newest.state is PredictionState.FAILED:
        st.error(f"Prediction {newest.id} failed. {newest.error}")
    elif newest.state is PredictionState.DONE:
        st.success(
            f"Prediction {newest.id}: {_cases(newest)} drawn, {newest.new_labels} new contours "
            "under review."
        )
        names = newest.cases[:_LINKED]
        show_links({f"Open {name}": f"/review?case={quote(name)}" for name in names})
    with st.expander(f"Finished predictions: {len(finished)}"):
        st.dataframe(build_prediction_frame(finished), hide_index=True, placeholder="")


@st.fragment(run_every=_LOOK_SECONDS)
def _show_working(visit: Visit, model_id: int) -> None:
    with reading(visit.bench.study.engine) as session:
        rows = [p for p in list_predictions(session) if p.model_id == model_id]
    working = [p for p in rows if p.state in UNFINISHED]
    if not working:
        st.rerun()
    for row in working:
        bar, button = st.columns([5, 1], vertical_alignment="bottom")
        share, words = describe_prediction(row)
        bar.progress(share, text=words)
        if visit.may(Action.RETRAIN) and button.button(
            "Cancel",
            key=f"cancel-prediction-{row.id}",
            disabled=row.cancel_requested,
            width="stretch",
        ):
            with attempt():
                with transaction(visit.bench.study.engine) as session:
                    cancel_prediction(
                        session, stored_id(row), actor=visit.identity.name, now=utc_now()
                    )
                st.rerun(scope="fragment")


def describe_prediction(row: PredictionRun) -> tuple[float, str]:
    """(share done, sentence) of a prediction that waits or works."""
    progress: Mapping[str, Any] = row.progress
    name = f"Prediction {row.id}"
    if row.cancel_requested:
        return 0.0, f"{name} stops after the case in hand."
    if row.state is PredictionState.QUEUED:
        return 0.0, f"{name} waits for a worker on {row.device}: {_cases(row)}."
    done, of = int(progress.get("done", 0)), int(progress.get("of", len(row.cases)))
    words = f"{name}: {done} of {of} cases drawn on {row.device}"
    if done and progress.get("eta_seconds") is not None:
        words += f", about {timedelta(seconds=round(progress['eta_seconds']))} left"
    return done / max(of, 1), f"{words}. It goes on when you leave the page."


def _cases(row: PredictionRun) -> str:
    return "1 case" if len(row.cases) == 1 else f"{len(row.cases)} cases"


def build_prediction_frame(rows: Sequence[PredictionRun]) -> pd.DataFrame:
    """One line per finished prediction, newest first."""
    return pd.DataFrame(
        {
            "Prediction": [row.id for row in rows],
            "State": [row.state.value for row in rows],
            "Cases": [len(row.cases) for row in rows],
            "New contours": [row.new_labels for row in rows],
            "Uncertainty": [row.uncertainty.value for row in rows],
            "Device": [row.device for row in rows],
            "Asked for (UTC)": [row.created_at_utc for row in rows],
            "Asked for by": [row.actor for row in rows],
            "What happened": [row.error or "" for row in rows],
        }
    )


def build_doubt_frame(contours: Sequence[DoubtfulContour]) -> pd.DataFrame:
    """One line per contour, most doubtful first."""
    return pd.DataFrame(
        {
            "Case": [c.case for c in contours],
            "Structure": [c.structure for c in contours],
            "Disagreement": [c.disagreement for c in contours],
            "Volume spread %": [
                None if c.volume_spread is None else 100 * c.volume_spread for c in contours
            ],
            "Volume cc": [c.volume_cc for c in contours],
            "Drawings": [c.members for c in contours],
            "Method": [c.method.value for c in contours],
        }
    )


def _show_doubtful(contours: Sequence[DoubtfulContour]) -> None:
    st.caption(
        "Most doubtful first: 1 minus the mean Dice between the drawings, and the spread of their "
        "volumes. Click a row to look at it in the viewer."
    )
    table = st.dataframe(
        build_doubt_frame(contours),
        hide_index=True,
        placeholder="",
        height=min(35 * (len(contours) + 1) + 3, 320),
        on_select="rerun",
        selection_mode="single-row",
        key="doubtful",
        column_config={
            "Disagreement": st.column_config.NumberColumn(format="%.3f"),
            "Volume spread %": st.column_config.NumberColumn(format="%.0f"),
            "Volume cc": st.column_config.NumberColumn(format="%.2f"),
        },
    )
    for row in table.selection.rows:
        go_to("review", case=contours[row].case, structure=contours[row].structure)
