"""A model in use predicts cases: queued, watched, broken off, found again, stored once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from distributed import LocalCluster
from sqlmodel import col, select

from han5k_review.errors import ConfigError, RuleError
from han5k_review.retraining.jobs.device_claims import make_worker_name
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.jobs.supervisor import Supervisor
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.predicting.members import measure_doubt
from han5k_review.retraining.network.predicting.open_models import open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_volume
from han5k_review.retraining.predictions.case_prediction import predict_cases
from han5k_review.retraining.predictions.changes import StructureChanges, read_changes
from han5k_review.retraining.predictions.prediction_jobs import PredictionJobs
from han5k_review.retraining.predictions.prediction_labels import prediction_folder
from han5k_review.retraining.predictions.prediction_record import (
    PredictionRequest,
    cancel_prediction,
    get_prediction,
    list_predictions,
    request_prediction,
)
from han5k_review.retraining.worker import work
from han5k_review.review.labels import list_under_review
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import LabelUncertainty
from han5k_review.store.run_tables import RunScore
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import (
    Arm,
    LabelSource,
    ModelState,
    PredictionState,
    Uncertainty,
)
from han5k_review.triage.doubts import find_disagreements, find_entropies, find_unsure
from rigs.phantom_study import build_head, queue_run
from tests.retraining.warm_launcher import WarmLauncher

CASES = ("HN-000", "HN-004")
PREDICTED = ("BrainStem", "ParotidL")


def ask(study: Study, model_id: int, *names: str, **asked: object) -> int:
    with transaction(study.engine) as session:
        asked = {"structures": PREDICTED, **asked}
        request = PredictionRequest(model_id=model_id, cases=names or CASES, **asked)  # type: ignore[arg-type]
        row = request_prediction(session, request, actor="lead", now=utc_now())
        return stored_id(row)


def count_told(changes: Mapping[str, StructureChanges]) -> int:
    """How many predictions were told of: what is empty is counted and left out."""
    return sum(row.kept + row.empty for row in changes.values())


def count_predicted(study: Study) -> int:
    with reading(study.engine) as session:
        query = select(LabelVersion).where(LabelVersion.source == LabelSource.PREDICTION)
        return len(session.exec(query).all())


def test_only_a_model_in_use_predicts_and_only_known_cases(trained: tuple[Study, int]) -> None:
    study, _ = trained
    with pytest.raises(RuleError, match="A promoted model was expected"):
        predict_cases(study, PredictionRequest(model_id=1, cases=CASES), actor="lead")


@pytest.mark.training
def test_a_promoted_model_begins_a_new_review_round_though_its_process_is_killed(
    promoted: tuple[Study, int],
) -> None:
    study, model_id = promoted
    unknown = PredictionRequest(model_id=model_id, cases=("HN-000", "HN-099"), structures=PREDICTED)
    with pytest.raises(RuleError, match="found HN-099"):
        predict_cases(study, unknown, actor="lead")
    killed: list[int] = []

    def pause(seconds: float) -> None:
        for path in study.runs.glob("prediction-*"):
            process = LocalLauncher().find(JobFolder(path=path))
            if process is not None and not killed:
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)
        time.sleep(seconds)

    request = PredictionRequest(model_id=model_id, cases=CASES, structures=PREDICTED)
    watch = Watch(launcher=WarmLauncher(), poll_seconds=0.1, pause=pause)
    report = predict_cases(study, request, actor="lead", watch=watch, begin_round=True)
    assert (report.cases, count_told(report.changes), len(killed)) == (2, 4, 1)
    predicted = [name for name, row in report.changes.items() if row.kept == len(CASES)]
    assert report.new_labels == sum(row.kept for row in report.changes.values()) > 0
    with reading(study.engine) as session:
        for name in CASES:
            case = session.exec(select(Case).where(Case.name == name)).one()
            under = list_under_review(session, stored_id(case))
            for structure in predicted:
                assert under[structure].source is LabelSource.PREDICTION
                assert under[structure].model_version_id == model_id
            assert under["ParotidR"].source is LabelSource.PSEUDO
            assert all(label.voxels for label in under.values()), "an empty one never comes there"
    again = predict_cases(study, request, actor="lead", watch=replace(watch, pause=time.sleep))
    assert (again.cases, again.new_labels) == (2, 0)


@pytest.mark.training
def test_the_worker_predicts_what_is_queued_and_says_how_sure_it_is(
    promoted: tuple[Study, int],
) -> None:
    study, model_id = promoted
    prediction_id = ask(study, model_id, uncertainty=Uncertainty.SHIFTED)
    with pytest.raises(RuleError, match="predicting these cases already"):
        ask(study, model_id)
    assert work(study, once=True, launcher=WarmLauncher(), poll_seconds=0.1) == 1
    with reading(study.engine) as session:
        row = get_prediction(session, prediction_id)
        doubts = session.exec(select(LabelUncertainty)).all()
        entropies = find_entropies(session)
        labels = {
            label.id: label.source
            for label in session.exec(select(LabelVersion))
            if label.id in {d.label_version_id for d in doubts}
        }
        assert find_unsure(session, labels) == (find_disagreements(session), entropies)
    assert (row.state, row.error) == (PredictionState.DONE, None)
    assert count_told(read_changes(row.found)) == 4
    assert row.progress["done"] == row.progress["of"] == 2
    assert len(labels) == row.new_labels > 0
    assert set(labels.values()) == {LabelSource.PREDICTION}
    assert {d.members for d in doubts} == {3}
    assert all(0 <= d.disagreement <= 1 for d in doubts)
    assert set(entropies) == set(labels)
    assert all(0 < entropy < 1 for entropy in entropies.values())
    assert all(row.found[name]["empty_highest"] for name in PREDICTED if row.found[name]["empty"])


def test_an_ensemble_needs_other_models_of_the_same_labels(promoted: tuple[Study, int]) -> None:
    study, model_id = promoted
    for members in ((), (model_id,), (99,)):
        with pytest.raises(RuleError, match="Other model versions with the label table"):
            ask(study, model_id, uncertainty=Uncertainty.ENSEMBLE, member_ids=members)


def test_a_queued_prediction_is_cancelled_at_once_and_a_device_does_one_thing(
    promoted: tuple[Study, int],
) -> None:
    study, model_id = promoted
    first = ask(study, model_id)
    run_id = queue_run(study)
    supervisor = Supervisor(kind=PredictionJobs(study=study))
    assert supervisor.claim() == first
    assert PredictionJobs(study=study).claim() is None
    with pytest.raises(RuleError, match="predicting these cases already"):
        ask(study, model_id)
    second = ask(study, model_id, "HN-001")
    with transaction(study.engine) as session:
        cancel_prediction(session, second, actor="lead", now=utc_now())
    with transaction(study.engine) as session:
        assert get_prediction(session, second).state is PredictionState.CANCELLED
        cancel_prediction(session, first, actor="lead", now=utc_now())
    assert supervisor.work_on(first).state is PredictionState.CANCELLED
    with (
        pytest.raises(RuleError, match="cannot become cancelled"),
        transaction(study.engine) as session,
    ):
        cancel_prediction(session, first, actor="lead", now=utc_now())
    assert (run_id, count_predicted(study)) == (2, 0)


@pytest.mark.training
def test_a_dead_workers_prediction_is_taken_over_and_cancelled_after_the_case_in_hand(
    promoted: tuple[Study, int],
) -> None:
    study, model_id = promoted
    prediction_id = ask(study, model_id)
    dead = make_worker_name().replace(f"/{os.getpid()}/", "/999999/")
    assert PredictionJobs(study=study, worker=dead).claim() == prediction_id
    jobs = PredictionJobs(study=study)
    assert jobs.claim() == prediction_id

    def pause(seconds: float) -> None:
        with transaction(study.engine) as session:
            row = get_prediction(session, prediction_id)
            if LocalLauncher().find(prediction_folder(study, row)) and not row.cancel_requested:
                cancel_prediction(session, prediction_id, actor="lead", now=utc_now())
        time.sleep(seconds)

    supervisor = Supervisor(
        kind=jobs, watch=Watch(launcher=WarmLauncher(), poll_seconds=0.05, pause=pause)
    )
    assert supervisor.work_on(prediction_id).state is PredictionState.CANCELLED
    assert count_predicted(study) == 0


@pytest.fixture
def cluster() -> Iterator[str]:
    """A scheduler and one worker process on this machine."""
    # The default port of the dashboard may belong to another run of the tests.
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
    ) as found:
        yield found.scheduler_address


@pytest.mark.training
def test_a_dask_cluster_predicts_the_same_masks(promoted: tuple[Study, int], cluster: str) -> None:
    study, model_id = promoted
    request = PredictionRequest(
        model_id=model_id, cases=CASES, structures=PREDICTED, dask_address=cluster
    )
    done = predict_cases(study, request, actor="lead", watch=Watch(poll_seconds=0.1))
    assert count_told(done.changes) == 4
    with reading(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-004")).one()
        predicted = session.exec(
            select(LabelVersion.structure, LabelVersion.mask_sha256).where(
                LabelVersion.case_id == case.id, LabelVersion.source == LabelSource.PREDICTION
            )
        ).all()
        evaluated = session.exec(
            select(RunScore.structure, RunScore.prediction_sha256).where(
                RunScore.case_id == case.id,
                RunScore.arm == Arm.CANDIDATE,
                col(RunScore.volume_prediction_cc) > 0,
            )
        ).all()
    assert set(predicted) == set(evaluated), (
        "what the run's own evaluation predicted on this machine"
    )


def test_a_model_that_was_retired_meanwhile_does_not_predict(promoted: tuple[Study, int]) -> None:
    study, model_id = promoted
    prediction_id = ask(study, model_id)
    with transaction(study.engine) as session:
        session.get_one(ModelVersion, model_id).state = ModelState.RETIRED
    assert work(study, once=True, poll_seconds=0.05) == 1
    with reading(study.engine) as session:
        (row,) = list_predictions(session)
    assert (row.id, row.state) == (prediction_id, PredictionState.FAILED)
    assert "A promoted model was expected" in (row.error or "")


@pytest.mark.training
def test_mirrored_and_ensemble_predictions_are_as_many_as_said(promoted: tuple[Study, int]) -> None:
    study, model_id = promoted
    torch.set_num_threads(1)
    with reading(study.engine) as session:
        registered = locate_model(study, session.get_one(ModelVersion, model_id))
    model = open_model(registered, "cpu", 0.75)
    volume = build_head(4).volume
    plain = predict_volume([model], volume)
    assert plain.doubts == {}
    with pytest.raises(ConfigError, match="was trained without mirroring"):
        predict_volume([model], volume, Uncertainty.MIRRORED)
    taught = replace(model, mirror_axes=(0, 1))
    mirrored = predict_volume([taught], volume, Uncertainty.MIRRORED)
    assert {doubt.members for doubt in mirrored.doubts.values()} == {4}
    twins = predict_volume([model, model], volume, Uncertainty.ENSEMBLE)
    assert set(twins.masks) == set(plain.masks)
    for name, doubt in twins.doubts.items():  # an empty one may be a missed organ
        missed = 1.0 if plain.masks[name].is_empty else 0.0
        assert (doubt.members, doubt.disagreement) == (2, missed)
        assert twins.entropies[name].mean == pytest.approx(plain.entropies[name].mean, abs=1e-4)


def test_predictions_that_differ_by_known_voxels_disagree_by_known_shares() -> None:
    line = np.zeros((1, 1, 8), dtype=bool)
    left, right, none = line.copy(), line.copy(), line.copy()
    left[..., :4] = True
    right[..., 2:6] = True
    # Dice(left, right) = 2 * 2 / 8; both against nothing 0; mean of 0.5, 0, 0
    doubt = measure_doubt([left, right, none])
    assert doubt.disagreement == pytest.approx(1 - 0.5 / 3)
    assert doubt.volume_spread == pytest.approx(4 / (8 / 3))
    assert measure_doubt([left, left]).disagreement == 0
    empty = measure_doubt([none, none])
    assert (empty.disagreement, empty.volume_spread) == (1, None), "an organ may be missed"
