from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from sqlmodel import select

from han5k_review.errors import ConfigError, DataError
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.models.model_decisions import roll_back
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.models.model_import import ForeignModel, import_model
from han5k_review.retraining.network.checkpoints import read_plain
from han5k_review.retraining.network.predicting.open_models import open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_case
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import ModelState
from rigs.phantom_study import CATALOGUE, build_head, build_study
from tests.retraining.warm_launcher import WarmLauncher

pytestmark = pytest.mark.training
SOON = Watch(launcher=WarmLauncher(), poll_seconds=0.1)


def outside(folder: Path) -> ForeignModel:
    return ForeignModel(source=folder, name="outside", group="2")


@pytest.fixture
def foreign(trained: tuple[Study, int], tmp_path: Path) -> Path:
    """A model as stock nnU-Net leaves it: other names, NumPy scalars and a device in the file."""
    study, run_id = trained
    with reading(study.engine) as session:
        model = session.exec(select(ModelVersion).where(ModelVersion.run_id == run_id)).one()
    folder = tmp_path / "foreign"
    shutil.copytree(locate_model(study, model).folder, folder)
    dataset = json.loads((folder / "dataset.json").read_text())
    del dataset["han5k_review"]
    dataset["labels"] = {"background": 0, "Brainstem": 1, "Parotid-Lt": 2}
    (folder / "dataset.json").write_text(json.dumps(dataset))
    path = folder / "fold_0" / "checkpoint_final.pth"
    checkpoint = read_plain(path)
    checkpoint["init_args"]["device"] = torch.device("cpu")
    checkpoint["logging"] = {"train_losses": [np.float32(1.5), np.float64(0.5)], "lrs": [0.1]}
    checkpoint["_best_ema"] = np.float64(0.7)
    torch.save(checkpoint, path)
    return folder


def test_a_foreign_model_becomes_a_version_under_the_studys_names(
    foreign: Path, tmp_path: Path
) -> None:
    study = build_study(tmp_path / "study", train=1, held_out=0)
    model = import_model(study, CATALOGUE, outside(foreign), actor="lead", watch=SOON)
    assert model.labels == {"BrainStem": 1, "ParotidL": 2}
    predicted = predict_case(open_model(locate_model(study, model), "cpu"), build_head(3).volume)
    assert set(predicted) == {"BrainStem", "ParotidL"}
    with transaction(study.engine) as session:
        used = roll_back(session, stored_id(model), actor="lead", reason="start", now=utc_now())
        assert used.state == ModelState.PROMOTED


def test_names_the_study_does_not_know_are_listed(foreign: Path, tmp_path: Path) -> None:
    study = build_study(tmp_path / "study", train=1, held_out=0)
    path = foreign / "dataset.json"
    dataset = json.loads(path.read_text())
    dataset["labels"] = {"background": 0, "Brainstem": 1, "Tumour": 2}
    path.write_text(json.dumps(dataset))
    with pytest.raises(ConfigError, match="found Tumour"):
        import_model(study, CATALOGUE, outside(foreign), actor="lead")


def test_weights_that_do_not_fit_are_refused(foreign: Path, tmp_path: Path) -> None:
    study = build_study(tmp_path / "study", train=1, held_out=0)
    path = foreign / "dataset.json"
    dataset = json.loads(path.read_text())
    dataset["labels"] = {"background": 0, "Brainstem": 1, "Parotid-Lt": 2, "Parotid-Rt": 3}
    path.write_text(json.dumps(dataset))
    with pytest.raises(DataError, match=r"Weights that fit plans\.json"):
        import_model(study, CATALOGUE, outside(foreign), actor="lead", watch=SOON)
