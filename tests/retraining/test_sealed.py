"""The sealed test set: drawn once, judging no run, opened once a run and counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.retraining.runs.plan import RunRequest, plan_run
from han5k_review.retraining.runs.run_folders import evaluate_folder
from han5k_review.retraining.runs.run_views import get_run_view
from han5k_review.retraining.runs.sealed_opening import open_sealed
from han5k_review.retraining.teaching.sealed import (
    describe_sealed,
    find_sealed_state,
    seal_patients,
)
from han5k_review.retraining.worker import run_one
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import RunState, Split
from rigs.phantom_study import CATALOGUE, build_study, queue_run
from tests.retraining.warm_launcher import WarmLauncher

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def seal(study: Study, count: int) -> list[str]:
    with transaction(study.engine) as session:
        return seal_patients(session, count, seed=1, actor="lead", reason="for the paper", now=NOON)


def open_set(study: Study, run_id: int, reason: str = "the paper") -> int:
    verdicts = open_sealed(study, CATALOGUE, run_id, actor="lead", reason=reason, now=NOON)
    return len(verdicts)


@pytest.mark.training
def test_a_sealed_patient_judges_no_run_and_is_opened_once_and_counted(tmp_path: Path) -> None:
    study = build_study(tmp_path / "study")
    (sealed,) = seal(study, 1)
    run_id = queue_run(study)
    assert run_one(study, run_id, launcher=WarmLauncher(), poll_seconds=0.1) is (
        RunState.AWAITING_APPROVAL
    )
    with reading(study.engine) as session:
        view = get_run_view(session, study, run_id)
        state = find_sealed_state(session, view.run.result_model_id)
    assert sealed not in {s.patient for s in view.scores}
    assert len({s.patient for s in view.scores}) == 1
    assert "1 patient, opened 0 times in this study, never for this model" in (
        describe_sealed(state)
    )
    assert open_set(study, run_id) == 2
    with reading(study.engine) as session:
        state = find_sealed_state(session, view.run.result_model_id)
        again = get_run_view(session, study, run_id)
    assert (state.patients, state.openings) == (1, 1)
    assert "for this model on 2026-05-04 (" in describe_sealed(state)
    assert again.scores == view.scores, "what was opened does not judge the run"
    with pytest.raises(RuleError, match="opened for run 1 on 2026-05-04 by lead; its result"):
        open_set(study, run_id)
    with pytest.raises(RuleError, match="Between 1 and 0 patients were expected, found 1"):
        seal(study, 1)
    study.engine.dispose()


def test_what_cannot_be_sealed_or_opened_is_refused(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    assert evaluate_folder(study, run_id).find_result() is not None
    with pytest.raises(RuleError, match="Predictions of sealed patients were expected in run 1"):
        open_set(study, run_id)
    with pytest.raises(RuleError, match="give a reason"):
        open_set(study, run_id, reason=" ")
    with pytest.raises(RuleError, match="were measured by no run"):
        seal(study, 1)


def test_sealing_everybody_is_refused_and_the_plan_leaves_the_sealed_out(tmp_path: Path) -> None:
    study = build_study(tmp_path / "study")
    with pytest.raises(RuleError, match="none of the held-out patients would be left"):
        seal(study, 2)
    seal(study, 1)
    with reading(study.engine) as session:
        held_out = session.exec(select(Case.name).where(Case.split == Split.HELD_OUT)).all()
        snapshot = plan_run(session, study, CATALOGUE, RunRequest(group="2")).snapshot
    told = {c.name for c in snapshot.held_out} | {c.name for c in snapshot.sealed}
    assert told == set(held_out)
    assert (len(snapshot.held_out), len(snapshot.sealed)) == (1, 1)
    study.engine.dispose()
