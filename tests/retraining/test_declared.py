"""Patients who taught an imported model: declared, on its card, and judges of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.retraining.models.card_text import render_card_markdown
from han5k_review.retraining.models.model_card import build_model_card
from han5k_review.retraining.models.model_facts import build_imported_facts, write_facts
from han5k_review.retraining.runs.plan import RunPlan, RunRequest, plan_run
from han5k_review.retraining.teaching.declared import (
    UNKNOWN,
    declare_patients,
    describe_declared,
    find_declared,
    read_patients,
)
from han5k_review.retraining.teaching.sealed import seal_patients
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import Split
from rigs.phantom_study import CATALOGUE, build_study

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    """Six training patients, two held out, and an imported model 1 with a child 2."""
    made = build_study(tmp_path / "study", train=6)
    with transaction(made.engine) as session:
        for name, parent, run in (("outside", None, None), ("child", 1, 7)):
            session.add(
                ModelVersion(
                    name=name,
                    parent_id=parent,
                    run_id=run,
                    group="2",
                    folder=name,
                    checkpoint_sha256="0",
                    labels={"BrainStem": 1, "ParotidL": 2},
                    card=write_facts(build_imported_facts("elsewhere", "0")),
                )
            )
            session.flush()
    yield made
    made.engine.dispose()


def list_patients(study: Study, split: Split) -> list[str]:
    with reading(study.engine) as session:
        return sorted(session.exec(select(Case.patient).where(Case.split == split)))


def declare(study: Study, patients: list[str], model: int = 1) -> None:
    with transaction(study.engine) as session:
        declare_patients(session, model, patients=patients, actor="lead", now=NOON)


def plan(study: Study, parent: int) -> RunPlan:
    request = RunRequest(
        group="2", parent_model_id=parent, overrides={"monitor_fraction": 0.5, "replay": False}
    )
    with reading(study.engine) as session:
        return plan_run(session, study, CATALOGUE, request)


def read_card(study: Study, model: int) -> str:
    with reading(study.engine) as session:
        row = session.get_one(ModelVersion, model)
        return render_card_markdown(build_model_card(session, row, contact=None, now=NOON))


def test_a_patient_who_taught_the_parent_judges_and_chooses_nothing(study: Study) -> None:
    kept, known = list_patients(study, Split.HELD_OUT)
    monitored = [c.patient for c in plan(study, 2).snapshot.cases if c.monitor]
    assert len(monitored) == 3
    declare(study, [known, monitored[0], "somebody else"])
    for model in (1, 2):  # a child inherits what its parent learned from
        found = plan(study, model)
        assert [c.patient for c in found.snapshot.held_out] == [kept]
        chosen = {c.patient for c in found.snapshot.cases if c.monitor}
        assert len(chosen) == 3
        assert monitored[0] not in chosen
        assert any(note.endswith(f"judge nothing of this run: {known}.") for note in found.notes)
    declare(study, [kept])
    refused = " ".join(plan(study, 1).refusals)
    assert "of a patient who did not teach the parent elsewhere" in refused
    with (
        pytest.raises(RuleError, match=r"Between 1 and 0 .* taught no imported model"),
        transaction(study.engine) as session,
    ):
        seal_patients(session, 1, seed=1, actor="lead", reason="for the paper", now=NOON)


def test_a_card_says_what_was_declared_and_that_nothing_was(study: Study) -> None:
    assert UNKNOWN in read_card(study, 1)
    assert "taught it elsewhere" not in read_card(study, 2)
    known = list_patients(study, Split.HELD_OUT)[0]
    declare(study, [known, "somebody else"])
    declare(study, [known])
    told = f"2 patients declared; in this study 0 in training, and held out: {known}, who judge"
    assert told in read_card(study, 1)
    assert told in read_card(study, 2)
    with reading(study.engine) as session:
        missing = find_declared(session, stored_id(session.get_one(ModelVersion, 2)))
    assert missing.patients == {known, "somebody else"}


def test_pseudonyms_are_read_one_a_line_and_nothing_else() -> None:
    assert read_patients(" P1 \n\nP2\r\nP1\n") == ["P1", "P2"]
    with pytest.raises(RuleError, match="one a line; found none"):
        read_patients(" \n")
    with pytest.raises(RuleError, match="One pseudonym a line was expected, found: P1, P2"):
        read_patients("P1, P2")


def test_a_model_of_this_study_needs_no_declaration(study: Study) -> None:
    with pytest.raises(RuleError, match="child was trained in run 7, and its manifest"):
        declare(study, ["P1"], model=2)
    with reading(study.engine) as session:
        assert describe_declared(find_declared(session, 1)) == UNKNOWN
