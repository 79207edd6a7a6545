"""Model versions on the page: the lineage, the card of one, into use and out of it, predicting."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from han5k_review.accounts.may import Action
from han5k_review.retraining.models.card_text import (
    describe_interval,
    render_card_json,
    render_card_markdown,
)
from han5k_review.retraining.models.model_card import CardPart, ModelCard, build_model_card
from han5k_review.retraining.models.model_decisions import can_return, roll_back, take_out_of_use
from han5k_review.retraining.models.model_facts import read_facts
from han5k_review.retraining.models.postprocessing import describe_postprocessing
from han5k_review.retraining.teaching.declared import (
    declare_patients,
    describe_declared,
    find_declared,
    read_patients,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import ModelState
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.retraining.edit_bands import show_edit_bands
from han5k_review.ui.retraining.lineage import STATE_WORDS, build_lineage
from han5k_review.ui.retraining.predictions import show_predicting
from han5k_review.ui.visit import Visit, attempt


def show_models(visit: Visit, models: Sequence[ModelVersion]) -> None:
    """The graph, and of the chosen model its card, whether it is in use, and its predictions."""
    st.subheader("Models", anchor=False)
    st.graphviz_chart(build_lineage(models), width="content")
    model = st.selectbox(
        "Model version",
        models,
        index=next((n for n, m in enumerate(models) if m.state == ModelState.PROMOTED), 0),
        format_func=lambda m: f"{m.name} ({STATE_WORDS[ModelState(m.state)]})",
        key="model",
        width=420,
    )
    show_predicting(visit, model, models)
    if visit.may(Action.PROMOTE) and (can_return(model) or model.state == ModelState.PROMOTED):
        _show_use(visit, model)
    if visit.may(Action.PROMOTE) and model.run_id is None:
        _ask_patients(visit, model)
    st.caption(describe_postprocessing(read_facts(model).postprocessing))
    _show_card(visit, model)
    show_edit_bands(visit.bench, model)


def _show_card(visit: Visit, model: ModelVersion) -> None:
    with reading(visit.bench.study.engine) as session:
        card = build_model_card(session, model, contact=visit.bench.settings.contact, now=utc_now())
    with st.expander(f"Card of {as_text(model.name)}"):
        first, second, _ = st.columns([1, 1, 4])
        first.download_button(
            "Markdown",
            render_card_markdown(card),
            file_name=f"{model.name}.md",
            mime="text/markdown",
            on_click="ignore",
            width="stretch",
        )
        second.download_button(
            "JSON",
            render_card_json(card),
            file_name=f"{model.name}.json",
            mime="application/json",
            on_click="ignore",
            width="stretch",
        )
        st.caption("Research use only. Not a medical device.")
        for section in card.sections:
            st.markdown(f"**{section.title}**")
            if section.part is CardPart.EVALUATION:
                _show_scores(card)
            st.markdown("\n".join(f"* **{name}**: {value}" for name, value in section.fields))


def _show_scores(card: ModelCard) -> None:
    if not card.scores:
        return
    st.dataframe(
        {
            "Structure": [s.structure for s in card.scores],
            "Taught by": [s.training_contours for s in card.scores],
            "n": [s.cases for s in card.scores],
            "Dice (95 % interval)": [describe_interval(s.dice, 3) for s in card.scores],
            "HD95 mm (95 % interval)": [describe_interval(s.hd95_mm, 1) for s in card.scores],
            "Gate": [s.verdict for s in card.scores],
        },
        hide_index=True,
    )


def _ask_patients(visit: Visit, model: ModelVersion) -> None:
    """Who taught an imported model elsewhere: declared by a person, never taken back."""
    with st.expander(f"Who taught {as_text(model.name)}"):
        with reading(visit.bench.study.engine) as session:
            told = describe_declared(find_declared(session, model.id))
        st.caption(f"{told[0].upper()}{told[1:]}.")
        with st.form(f"taught-{model.id}", border=False):
            typed = st.text_area(
                "Pseudonyms as in this study, one a line",
                help="They judge no run that continues this model. What is declared stays.",
            )
            sent = st.form_submit_button("Declare")
        if not sent:
            return
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                declare_patients(
                    session,
                    stored_id(model),
                    patients=read_patients(typed),
                    actor=visit.identity.name,
                    now=utc_now(),
                )
            st.rerun()


def _show_use(visit: Visit, model: ModelVersion) -> None:
    """Take the model in use out of use, or put another one in use; both with a reason."""
    in_use = model.state == ModelState.PROMOTED
    label = f"Take {model.name} out of use" if in_use else f"Put {model.name} in use"
    with st.expander(label):
        if in_use:
            st.caption(
                "No model of its label group is in use then. Contours that it predicted stay under "
                "review until their prediction is withdrawn."
            )
        reason = st.text_input("Reason (needed)", key=f"use-reason-{model.id}")
        if not st.button(label, key=f"use-{model.id}"):
            return
        act = take_out_of_use if in_use else roll_back
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                act(
                    session,
                    stored_id(model),
                    actor=visit.identity.name,
                    reason=reason,
                    now=utc_now(),
                )
            st.rerun()
