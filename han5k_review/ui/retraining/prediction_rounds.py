"""Finished predictions: what they would change, and the decision; the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

import pandas as pd
import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.retraining.predictions.changes import (
    StructureChanges,
    describe_changes,
    read_changes,
)
from han5k_review.retraining.predictions.decisions import (
    list_acts,
    list_first_predicted,
    measure_use,
    put_under_review,
    set_aside,
    withdraw,
)
from han5k_review.retraining.predictions.prediction_record import UNFINISHED
from han5k_review.review.label_sets import UNDER_REVIEW_KEY, WAITING_KEY
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.vocabulary import PredictionAct, PredictionState
from han5k_review.texts.counts import say_count
from han5k_review.ui.links import show_links
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt

_LINKED = 8
_Acts = Mapping[int, PredictionAct]


def show_rounds(visit: Visit, own: Sequence[PredictionRun]) -> None:
    """Those that wait with their decision, the newest that ended otherwise, and the list."""
    finished = [p for p in own if p.state not in UNFINISHED]
    if not finished:
        return
    with reading(visit.bench.study.engine) as session:
        acts = list_acts(session)
    for row in finished:
        if is_waiting(row, acts):
            _show_waiting(visit, row)
    newest = finished[0]
    if newest.state is PredictionState.FAILED:
        st.error(f"Prediction {newest.id} failed. {as_text(newest.error)}")
    elif newest.state is PredictionState.DONE and not is_waiting(newest, acts):
        _show_newest(newest, acts)
    reviewed = [p for p in finished if acts.get(stored_id(p)) is PredictionAct.PUT_UNDER_REVIEW]
    if reviewed and visit.may(Action.RETRAIN):
        _show_withdrawal(visit, reviewed)
    with st.expander(f"Finished predictions: {len(finished)}"):
        st.dataframe(build_prediction_frame(finished, acts), hide_index=True, placeholder="")


def is_waiting(row: PredictionRun, acts: _Acts) -> bool:
    """True for a prediction whose contours wait for a person's word."""
    done = row.state is PredictionState.DONE and row.new_labels > 0
    return done and stored_id(row) not in acts


def _show_waiting(visit: Visit, row: PredictionRun) -> None:
    changes = read_changes(row.found)
    with st.container(border=True):
        st.markdown(f"**Prediction {row.id} waits for you: {say_count(len(row.cases), 'case')}.**")
        st.markdown(describe_changes(changes))
        st.dataframe(build_changes_frame(changes), hide_index=True, placeholder="")
        _show_ways(visit, row)
        if not visit.may(Action.RETRAIN):
            return
        st.caption("Compared with the contours under review now. It can be withdrawn later.")
        left, right, _ = st.columns([2, 1, 2])
        chosen = None
        if left.button(
            f"Put {say_count(row.new_labels, 'contour')} under review",
            type="primary",
            key=f"review-prediction-{row.id}",
            width="stretch",
        ):
            chosen = PredictionAct.PUT_UNDER_REVIEW
        if right.button("Set aside", key=f"set-aside-{row.id}", width="stretch"):
            chosen = PredictionAct.SET_ASIDE
        if chosen is not None:
            _decide(visit, stored_id(row), chosen, "")


def _show_ways(visit: Visit, row: PredictionRun) -> None:
    """Into the viewer: what waits beside what is under review, one link a case."""
    with reading(visit.bench.study.engine) as session:
        places = list_first_predicted(session, stored_id(row))
    if not places:
        return
    beside = {"first": UNDER_REVIEW_KEY, "compare": WAITING_KEY}
    shown = list(places.items())[:_LINKED]
    show_links(
        {
            f"Look at {case}": f"/review?{urlencode({'case': case, 'structure': name, **beside})}"
            for case, name in shown
        }
    )
    if len(places) > len(shown):
        st.caption(
            f"The first {len(shown)} of {say_count(len(places), 'case')}; any other case shows it "
            "in the viewer too, as the set Waiting prediction."
        )


def _show_newest(row: PredictionRun, acts: _Acts) -> None:
    act = acts.get(stored_id(row))
    if act is PredictionAct.PUT_UNDER_REVIEW:
        contours = say_count(row.new_labels, "contour")
        st.success(
            f"Prediction {row.id}: {contours} in {say_count(len(row.cases), 'case')} under review."
        )
        names = row.cases[:_LINKED]
        show_links({f"Open {name}": f"/review?case={quote(name)}" for name in names})
    elif act is None:
        st.info(f"Prediction {row.id}: {describe_changes(read_changes(row.found))}")
    else:
        st.info(f"Prediction {row.id} is {act.value}. The contours before it are under review.")


def _show_withdrawal(visit: Visit, reviewed: Sequence[PredictionRun]) -> None:
    with st.expander("Withdraw a prediction"):
        row = st.selectbox(
            "Prediction",
            reviewed,
            format_func=lambda p: (
                f"prediction {p.id}: {say_count(p.new_labels, 'contour')}, "
                f"{say_count(len(p.cases), 'case')}"
            ),
            key="withdraw-which",
            width=420,
        )
        with reading(visit.bench.study.engine) as session:
            use = measure_use(session, stored_id(row))
        st.caption(
            f"The contours before it are under review again. {say_count(use.grades, 'grade')} and "
            f"{say_count(use.revisions, 'revision')} were made on its "
            "contours; they stay in the record."
        )
        reason = st.text_input(
            "Reason (needed)",
            key=f"withdraw-reason-{row.id}",
            placeholder="why the contours go back",
        )
        if st.button(f"Withdraw prediction {row.id}", key=f"withdraw-{row.id}"):
            _decide(visit, stored_id(row), PredictionAct.WITHDRAWN, reason)


def _decide(visit: Visit, prediction_id: int, act: PredictionAct, reason: str) -> None:
    actor, now = visit.identity.name, utc_now()
    with attempt():
        with transaction(visit.bench.study.engine) as session:
            if act is PredictionAct.PUT_UNDER_REVIEW:
                put_under_review(session, prediction_id, actor=actor, now=now)
            elif act is PredictionAct.SET_ASIDE:
                set_aside(session, prediction_id, actor=actor, reason=reason, now=now)
            else:
                withdraw(session, prediction_id, actor=actor, reason=reason, now=now)
        st.rerun()


def build_changes_frame(changes: Mapping[str, StructureChanges]) -> pd.DataFrame:
    """One line per structure, those with empty or much changed contours first."""
    rows = sorted(changes.items(), key=lambda item: -(item[1].empty * 1000 + _odd(item[1])))
    return pd.DataFrame(
        {
            "Structure": [name for name, _ in rows],
            "Empty, left out": [row.empty for _, row in rows],
            "Much smaller": [row.smaller for _, row in rows],
            "Much larger": [row.larger for _, row in rows],
            "New": [row.new for _, row in rows],
            "Similar size": [row.similar for _, row in rows],
            "Same as now": [row.same for _, row in rows],
        }
    )


def _odd(row: StructureChanges) -> int:
    return row.smaller + row.larger


def build_prediction_frame(rows: Sequence[PredictionRun], acts: _Acts) -> pd.DataFrame:
    """One line per finished prediction, newest first."""
    return pd.DataFrame(
        {
            "Prediction": [row.id for row in rows],
            "State": [_state(row, acts) for row in rows],
            "Cases": [len(row.cases) for row in rows],
            "Structures": [
                "all" if row.structures is None else str(len(row.structures)) for row in rows
            ],
            "Contours": [row.new_labels for row in rows],
            "Uncertainty": [row.uncertainty.value for row in rows],
            "Device": [row.device for row in rows],
            "Asked for": [say_time(row.created_at_utc) for row in rows],
            "Asked for by": [row.actor for row in rows],
            "What happened": [row.error or "" for row in rows],
        }
    )


def _state(row: PredictionRun, acts: _Acts) -> str:
    act = acts.get(stored_id(row))
    if act is not None:
        return "under review" if act is PredictionAct.PUT_UNDER_REVIEW else act.value
    if row.state is PredictionState.DONE:
        return "waits for a decision" if row.new_labels else "nothing to review"
    return row.state.word
