"""What is said of a model: its card, and its place in the lineage."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from han5k_review.retraining.models.card_text import (
    describe_interval,
    render_card_json,
    render_card_markdown,
)
from han5k_review.retraining.models.model_card import build_model_card
from han5k_review.retraining.teaching.changes import measure_mean
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.ui.retraining.lineage import build_lineage

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.training
def test_a_card_has_the_sections_of_the_estro_card_and_says_what_is_not_known(
    promoted: tuple[Study, int],
) -> None:
    study, model_id = promoted
    with reading(study.engine) as session:
        model = session.get_one(ModelVersion, model_id)
        card = build_model_card(session, model, contact="radonc@example.org", now=NOON)
    titles = [section.title for section in card.sections]
    assert [title[0] for title in titles] == list("012345")
    basic = dict(card.sections[1].fields)
    assert basic["Contact"] == "radonc@example.org"
    assert basic["Clearance"].startswith("Not approved for medical use")
    assert basic["Checkpoint SHA-256"] == model.checkpoint_sha256
    assert basic["Accepted into the study by"].startswith("lead, ")
    assert basic["Conflict of interest"] == "not stated"
    technical = dict(card.sections[2].fields)
    assert technical["Training contours in one piece"] == "BrainStem 3 of 3, ParotidL 3 of 3"
    assert technical["Post-processing"].startswith("Keeps every piece")
    training = dict(card.sections[3].fields)
    assert training["Contours that taught"] == "BrainStem: 3, ParotidL: 3"
    assert training["Manifest SHA-256"] == model.card["training"]["manifest_sha256"]
    assert {score.structure for score in card.scores} == {"BrainStem", "ParotidL"}
    assert {score.cases for score in card.scores} == {2}
    text = render_card_markdown(card)
    assert "Research use only. Not a medical device." in text
    assert text.count("\n## ") == 6
    found = json.loads(render_card_json(card))
    assert found["sections"][titles[1]]["Name"] == model.name
    assert len(found["scores"]) == 2


def test_an_imported_model_has_a_card_too(promoted: tuple[Study, int]) -> None:
    study, _ = promoted
    model = ModelVersion(
        id=77,
        name="from elsewhere",
        folder="x",
        checkpoint_sha256="0" * 64,
        labels={"BrainStem": 1},
        card={"origin": "imported from task 5, fold 0", "source_sha256": "1" * 64},
    )
    with reading(study.engine) as session:
        text = render_card_markdown(build_model_card(session, model, contact=None, now=NOON))
    assert "imported from task 5, fold 0" in text
    assert "* **Contact**: not stated" in text


def test_the_interval_of_a_mean_leaves_out_what_is_undefined() -> None:
    values = [("P1", 0.5), ("P2", 0.7), ("P3", None), ("P4", float("inf"))]
    # two patients, 0.1 from their mean: Student's t of one degree of freedom is 12.706
    assert describe_interval(measure_mean(values), 2) == "0.60 (-0.67 to 1.87)"
    assert describe_interval(measure_mean(values[:1]), 2) == "0.50 (one patient)"
    assert describe_interval(None, 2) == "-"


def version(number: int, parent: int | None, state: str, **given: object) -> ModelVersion:
    values = {"name": f"model {number}", "folder": "x", "checkpoint_sha256": "0", "labels": {}}
    return ModelVersion(
        **{**values, **given},  # type: ignore[arg-type]
        id=number,
        parent_id=parent,
        state=state,
        created_at_utc=NOON,
    )


def test_the_lineage_draws_parent_to_child_with_state_run_and_date() -> None:
    graph = build_lineage(
        [
            version(3, 1, "promoted", run_id=9, group="2"),
            version(1, None, "retired", group="2", name='the "first"'),
            version(2, None, "declined", run_id=4, group="1"),
        ]
    )
    assert "  m1 -> m3;" in graph
    assert graph.count("->") == 1
    assert graph.count("subgraph cluster_") == 2
    assert 'label="the \\"first\\"\\nout of use, imported\\n2026-05-04 12:00 UTC"' in graph
    assert "in use, run 9" in graph
    assert "declined, run 4" in graph
