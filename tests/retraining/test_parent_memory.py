"""What the parent predicted itself is taught on the network's own grid; one tile is shown twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2
from torch import nn

from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.predicting.open_models import ShownTwice
from han5k_review.retraining.network.training.dataset import prepare_dataset
from han5k_review.retraining.network.training.parent_memory import merge_prediction
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion


def test_a_prediction_replaces_its_own_target_and_never_covers_another() -> None:
    # labels 1 and 2 were predicted by the parent, 3 was revised, 4 is ignored, -1 is outside
    seg = np.array([[[[1, 0, 2, 3, 4, -1, 0, 1]]]], dtype=np.int16)
    predicted = np.array([[[[1, 1, 0, 1, 2, 1, 3, 2]]]])
    merged = merge_prediction(seg, predicted, [1, 2])
    assert merged.tolist() == [[[[1, 1, 0, 3, 4, -1, 0, 2]]]]
    assert merged.dtype == seg.dtype


def test_a_hole_of_an_inner_structure_is_filled_by_the_container_that_people_drew() -> None:
    # 1 is a lens that the parent predicts, 2 the eye that a person drew around the old lens
    seg = np.array([[[[0, 2, 1, 1, 2, 2, 0]]]], dtype=np.int16)
    predicted = np.array([[[[1, 0, 0, 1, 1, 0, 0]]]])
    assert merge_prediction(seg, predicted, [1], {1: 2}).tolist() == [[[[1, 2, 2, 1, 1, 2, 0]]]]
    assert merge_prediction(seg, predicted, [1]).tolist() == [[[[1, 2, 0, 1, 2, 2, 0]]]]


def test_a_tile_shown_twice_comes_back_once_and_the_same() -> None:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    network = nn.Conv3d(1, 3, 3, padding=1)
    for batch in (1, 2):
        tiles = torch.randn(batch, 1, 5, 6, 7)
        with torch.no_grad():
            torch.testing.assert_close(ShownTwice(network)(tiles), network(tiles))


@pytest.mark.training
def test_cases_are_prepared_alike_in_processes_and_the_parent_is_asked_once(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    study, run_id = trained
    job = train_folder(study, run_id).read_job()
    assert isinstance(job, TrainJob)
    with reading(study.engine) as session:
        parent = locate_model(study, session.get_one(ModelVersion, 1))
    case = replace(job.cases[0], predicted_by_parent=("ParotidL",))
    job = replace(job, cases=(case, job.cases[1]), parent=parent, memory=tmp_path / "memory")
    here = prepare(job, tmp_path / "here")
    (kept,) = (tmp_path / "memory").iterdir()
    written = kept.stat().st_mtime_ns
    settings = replace(job.settings, loader_processes=2)
    there = prepare(replace(job, settings=settings), tmp_path / "there")
    assert kept.stat().st_mtime_ns == written
    for name in (case.name, job.cases[1].name):
        for one, other in zip(here[name], there[name], strict=True):
            np.testing.assert_array_equal(one, other)


def prepare(job: TrainJob, work: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    prepared = prepare_dataset(job, work, lambda *_: None)
    (folder,) = (path.parent for path in prepared.folder.rglob(f"{job.cases[0].name}.pkl"))
    cases = nnUNetDatasetBlosc2(str(folder))
    found = {}
    for case in job.cases:
        data, seg, *_ = cases.load_case(case.name)
        found[case.name] = (data[:], seg[:])
    return found
