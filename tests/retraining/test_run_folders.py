"""What a run leaves on disk when it ends, also when its worker died before it could tidy up."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.retraining.runs.run_files import measure_files
from han5k_review.retraining.runs.run_folders import run_folder, train_folder
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.worker import work
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState
from rigs.phantom_study import build_study, queue_run

VOLUME = "train/work/preprocessed/Dataset001_Run/nnUNetPlans_3d_fullres/HN-000.b2nd"
MODEL = "train/model/fold_0/checkpoint_final.pth"
PLANS = "train/work/planned.json"
FINGERPRINT = "train/work/preprocessed/Dataset001_Run/dataset_fingerprint.json"
CHECKPOINT = "train/work/results/Dataset001_Run/fold_0/checkpoint_latest.pth"
RECORD = ("train/log.txt", "train/epochs.jsonl", "manifest.json")
TO_GO_ON = (PLANS, FINGERPRINT, CHECKPOINT)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return build_study(tmp_path_factory.mktemp("leftovers") / "study")


def leave(study: Study, state: RunState, device: str = "cpu") -> int:
    """A run in `state` with a thousand bytes in each of the files a training leaves."""
    run_id = queue_run(study, device=device)
    for name in (VOLUME, MODEL, *TO_GO_ON, *RECORD):
        path = run_folder(study, run_id) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"0" * 1000)
    with transaction(study.engine) as session:
        run = get_run(session, run_id)
        run.state = state
        session.add(run)
    return run_id


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        (RunState.FAILED, {*RECORD, *TO_GO_ON}),
        (RunState.CANCELLED, {*RECORD}),
        (RunState.AWAITING_APPROVAL, {*RECORD}),
        (RunState.DECLINED, {*RECORD}),
    ],
)
def test_a_run_that_ended_keeps_its_record_and_what_it_could_go_on_from(
    study: Study, state: RunState, kept: set[str]
) -> None:
    run_id = leave(study, state)
    assert measure_files(study, run_id) == 8000
    assert work(study, once=True) == 0
    root: Path = run_folder(study, run_id)
    assert {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()} == kept
    assert measure_files(study, run_id) == 1000 * len(kept)


def test_a_run_on_another_device_keeps_all_it_works_with(study: Study) -> None:
    run_id = leave(study, RunState.TRAINING, "cuda:0")
    assert work(study, once=True) == 0
    assert train_folder(study, run_id).work.is_dir()
    assert measure_files(study, run_id) == 8000
