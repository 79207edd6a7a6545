"""Predicting cases with a model in use: ask, watch, stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import streamlit as st
from sqlmodel import col, select

from han5k_review.accounts.may import Action
from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.predictions.doubts import list_doubtful
from han5k_review.retraining.predictions.offered_structures import (
    OfferedStructures,
    list_offered_structures,
)
from han5k_review.retraining.predictions.prediction_record import (
    UNFINISHED,
    PredictionRequest,
    cancel_prediction,
    list_predictions,
    request_prediction,
)
from han5k_review.review.labels import is_shown
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.tables import Case, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import ModelState, PredictionState, Uncertainty
from han5k_review.texts.counts import say_count
from han5k_review.ui.retraining.doubtful import show_doubtful
from han5k_review.ui.retraining.prediction_rounds import show_rounds
from han5k_review.ui.visit import Visit, attempt

_LOOK_SECONDS = 2
_METHODS: Mapping[Uncertainty, str] = {
    Uncertainty.OFF: "not measured (fastest)",
    Uncertainty.SHIFTED: "shifted: 3 predictions, the CT moved by two voxels",
    Uncertainty.MIRRORED: "mirrored: up to 4 predictions, for models trained with mirroring",
    Uncertainty.ENSEMBLE: "ensemble: further model versions of the same labels",
}


def show_predicting(visit: Visit, model: ModelVersion, models: Sequence[ModelVersion]) -> None:
    """Everything about predicting with one model: the form if it is in use, and its predictions."""
    with reading(visit.bench.study.engine) as session:
        names = list(session.exec(select(Case.name).order_by(col(Case.name))))
        query = (
            select(Case.name)
            .join(LabelVersion, col(LabelVersion.case_id) == Case.id)
            .where(LabelVersion.model_version_id == model.id, is_shown())
            .distinct()
        )
        predicted = set(session.exec(query))
        own = [p for p in list_predictions(session) if p.model_id == model.id]
        doubtful = list_doubtful(session, stored_id(model))
        offered = list_offered_structures(session, model)
    if visit.may(Action.RETRAIN) and model.state == ModelState.PROMOTED:
        todo = [name for name in names if name not in predicted]
        _ask(visit, model, models, _Choice(cases=names, todo=todo, offered=offered, asked=len(own)))
    if any(p.state in UNFINISHED for p in own):
        _show_working(visit, stored_id(model))
    show_rounds(visit, own)
    if doubtful:
        show_doubtful(doubtful)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What may be predicted: cases, those not yet predicted, structures; `asked`: how often."""

    cases: Sequence[str]
    todo: Sequence[str]
    offered: OfferedStructures
    asked: int


def _ask(
    visit: Visit, model: ModelVersion, models: Sequence[ModelVersion], choice: _Choice
) -> None:
    """The form; it is empty again after each prediction."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    chosen = left.multiselect(
        "Cases to predict",
        choice.cases,
        placeholder=f"all it has not predicted yet: {say_count(len(choice.todo), 'case')}",
        key=f"predict-cases-{model.id}-{choice.asked}",
    )
    cases = chosen or choice.todo
    with right:
        method = _ask_method(stored_id(model))
    members = _ask_members(model, models) if method is Uncertainty.ENSEMBLE else []
    structures = st.multiselect(
        "Structures to predict",
        list(model.labels),
        default=list(choice.offered.usual),
        key=f"predict-structures-{model.id}-{choice.asked}",
    )
    device = choose_device(visit.bench.settings.device)
    st.caption(
        f"{describe_left_out(choice.offered, structures)} Nothing comes under review by itself: "
        f"you see first what would change. Predicted on {device}."
    )
    label = f"Predict {say_count(len(cases), 'case')} with {model.name}"
    ready = bool(cases and structures)
    request = PredictionRequest(
        model_id=stored_id(model),
        cases=cases,
        structures=structures,
        uncertainty=method,
        member_ids=[stored_id(m) for m in members],
        device=device,
        dask_address=visit.bench.settings.dask_address,
    )
    if st.button(label, type="primary", key=f"predict-{model.id}", disabled=not ready):
        _request(visit, request)


def _ask_method(model_id: int) -> Uncertainty:
    chosen: Uncertainty = st.selectbox(
        "Uncertainty",
        list(_METHODS),
        format_func=_METHODS.__getitem__,
        key=f"predict-method-{model_id}",
        help="Predicts each case several times and keeps, per structure, how far the contours "
        "differ. The most doubtful are listed first.",
    )
    return chosen


def describe_left_out(offered: OfferedStructures, chosen: Sequence[str]) -> str:
    """What the gate said of structures: those left out, and those chosen all the same."""
    if offered.unjudged:
        return "No gate has judged this model, because it was not trained here."
    parts = []
    for names, words in (
        (offered.failed, "are worse by the gate"),
        (offered.undecided, "are undecided by the gate"),
    ):
        out = [n for n in names if n not in chosen]
        taken = [n for n in names if n in chosen]
        if out:
            parts.append(f"Left out, because they {words}: {', '.join(out)}.")
        if taken:
            parts.append(f"Chosen although they {words}: {', '.join(taken)}.")
    return " ".join(parts) or "The gate found all chosen structures not worse."


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
        return (
            0.0,
            f"{name} waits for the worker of {row.device}: {say_count(len(row.cases), 'case')}.",
        )
    done, of = int(progress.get("done", 0)), int(progress.get("of", len(row.cases)))
    words = f"{name}: {done} of {say_count(of, 'case')} predicted on {row.device}"
    if done and progress.get("eta_seconds") is not None:
        words += f", about {timedelta(seconds=round(progress['eta_seconds']))} left"
    return done / max(of, 1), f"{words}. It goes on when you leave the page."
