"""Claims from two workers at once, on PostgreSQL, where writers do not queue by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from han5k_review.retraining.jobs.device_claims import make_worker_name, release_row
from han5k_review.retraining.predictions.prediction_jobs import PredictionJobs
from han5k_review.retraining.predictions.prediction_record import get_prediction, move_prediction
from han5k_review.retraining.runs.lifecycle import Event
from han5k_review.retraining.runs.run_jobs import RunJobs
from han5k_review.retraining.runs.run_record import get_run, move_run
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import build_engine, reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion, StudyInfo
from han5k_review.store.vocabulary import PredictionState, RunState, Uncertainty
from han5k_review.store.volume_files import VolumeFiles
from rigs.phantom_study import CATALOGUE

RUNS = PREDICTIONS = 8
ROUNDS = RUNS + PREDICTIONS
_Claim = tuple[str, int]


@pytest.fixture
def engines(postgres_url: str) -> Iterator[tuple[Engine, Engine]]:
    """Two engines on one database with a queue of runs and predictions for one device."""
    engines = build_engine(postgres_url), build_engine(postgres_url)
    with transaction(engines[0]) as session:
        session.add(StudyInfo(name="s", protocol_version="1", scale="three_level"))
        model = ModelVersion(name="m", group="2", folder="m", checkpoint_sha256="0", labels={})
        session.add(model)
        session.flush()
        for _ in range(RUNS):
            session.add(RetrainRun(state=RunState.QUEUED, preset="smoke", group="2"))
        for number in range(PREDICTIONS):
            session.add(
                PredictionRun(
                    state=PredictionState.QUEUED,
                    model_id=stored_id(model),
                    cases=[str(number)],
                    uncertainty=Uncertainty.OFF,
                    member_ids=[],
                    actor="lead",
                )
            )
    yield engines
    for engine in engines:
        engine.dispose()


def claim(engine: Engine, name: str, kind: str) -> _Claim | None:
    """One try of one worker, for a run or for a prediction."""
    folder = Path("unused")
    study = Study(
        root=folder,
        engine=engine,
        labels=LabelFiles(folder=folder),
        volumes=VolumeFiles(folder=folder),
    )
    jobs = (
        RunJobs(study=study, catalogue=CATALOGUE, look_at_machine=lambda: None, worker=name)
        if kind == "run"
        else PredictionJobs(study=study, worker=name)
    )
    found = jobs.claim()
    return None if found is None else (kind, found)


def end(engine: Engine, claimed: _Claim) -> None:
    """Finish what was claimed, so that its device is free."""
    kind, number = claimed
    with transaction(engine) as session:
        if kind == "run":
            run = get_run(session, number)
            move_run(session, run, Event.CANCELLED, actor="lead", now=utc_now())
        else:
            row = get_prediction(session, number)
            cancelled = PredictionState.CANCELLED
            move_prediction(session, row, cancelled, actor="lead", now=utc_now())


def try_at_once(
    engines: tuple[Engine, Engine], names: tuple[str, str], kinds: tuple[str, str]
) -> list[_Claim]:
    """Both workers claim in the same moment; what they got."""
    start = Barrier(len(engines))

    def one(engine: Engine, name: str, kind: str) -> _Claim | None:
        start.wait()
        return claim(engine, name, kind)

    with ThreadPoolExecutor(len(engines)) as pool:
        return [found for found in pool.map(one, engines, names, kinds) if found is not None]


def test_two_workers_claim_runs_and_predictions_one_at_a_time_and_lose_none(
    engines: tuple[Engine, Engine],
) -> None:
    names = make_worker_name(), make_worker_name()
    taken: list[_Claim] = []
    pairs = [("run", "prediction"), ("prediction", "run"), ("run", "run")]
    pairs += [("prediction", "prediction")]
    for number in range(ROUNDS):
        got = try_at_once(engines, names, pairs[number % len(pairs)])
        while not got:  # what this pair wants has run out; the other kind is left
            got = try_at_once(engines, names, pairs[0])
        assert len(got) == 1, "the device holds one run or one prediction"
        taken += got
        end(engines[0], got[0])
    every = [("run", n + 1) for n in range(RUNS)]
    every += [("prediction", n + 1) for n in range(PREDICTIONS)]
    assert sorted(taken) == sorted(every), "each once"
    assert try_at_once(engines, names, pairs[0]) == []


def test_what_a_worker_let_go_is_adopted_by_one_of_two(engines: tuple[Engine, Engine]) -> None:
    gone, names = make_worker_name(), (make_worker_name(), make_worker_name())
    for kind, table in (("run", RetrainRun), ("prediction", PredictionRun)):
        held = claim(engines[0], gone, kind)
        assert held is not None
        for _ in range(3):
            release_row(engines[0], table, held[1], gone)
            assert try_at_once(engines, names, (kind, kind)) == [held]
            with reading(engines[0]) as session:
                get = get_run if kind == "run" else get_prediction
                gone = str(get(session, held[1]).worker)
            assert gone in names
        end(engines[0], held)
