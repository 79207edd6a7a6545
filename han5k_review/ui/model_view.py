"""Model versions on the page: which is in use, who descends from whom, the card, and rollback."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.retraining.commands import roll_back
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import ModelState
from han5k_review.ui.context import Visit, attempt


def build_model_frame(models: Sequence[ModelVersion]) -> pd.DataFrame:
    """One line per model version, newest first."""
    names = {model.id: model.name for model in models}
    return pd.DataFrame(
        {
            "Model": [model.name for model in models],
            "State": [model.state for model in models],
            "Group": [model.group for model in models],
            "Continues": [names.get(model.parent_id, "") for model in models],
            "Structures": [len(model.labels) for model in models],
            "Made (UTC)": [model.created_at_utc for model in models],
            "Checkpoint SHA-256": [model.checkpoint_sha256[:12] for model in models],
        }
    )


def show_models(visit: Visit, models: Sequence[ModelVersion]) -> None:
    """The table, and for a chosen model its card and, where it may be, the way back into use."""
    st.subheader("Models", anchor=False)
    table = st.dataframe(
        build_model_frame(models),
        hide_index=True,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        key="models",
        column_config={"Made (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
    )
    for row in table.selection.rows:
        model = models[row]
        with st.expander(f"Card of {model.name}", expanded=True):
            st.json(model.card, expanded=1)
            st.caption(
                f"Draw cases with it, once it is in use: `han5k predict {model.id}`. "
                "Research use only. Not a medical device."
            )
        if can_return(model) and visit.may(Action.PROMOTE):
            _show_rollback(visit, model)


def can_return(model: ModelVersion) -> bool:
    """A retired model, or an imported one that was never in use."""
    imported = model.run_id is None and model.state == ModelState.CANDIDATE
    return imported or model.state == ModelState.RETIRED


def _show_rollback(visit: Visit, model: ModelVersion) -> None:
    reason = st.text_input("Reason", key=f"rollback-reason-{model.id}")
    if st.button(f"Put {model.name} in use", key=f"rollback-{model.id}"):
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                roll_back(
                    session,
                    model.id or 0,
                    actor=visit.identity.name,
                    reason=reason,
                    now=utc_now(),
                )
            st.rerun()
