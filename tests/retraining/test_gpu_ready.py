"""What a GPU needs, as far as a CPU shows it: environment, cuDNN, torch.compile, tiles, memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from torch import nn

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import job_environment
from han5k_review.retraining.jobs.results import JobOutcome, JobResult
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.predicting.memory import (
    check_prediction_memory,
    estimate_prediction_gb,
)
from han5k_review.retraining.network.predicting.open_models import (
    OpenModel,
    open_model,
    predict_values,
    prepare_case,
)
from han5k_review.retraining.network.process import run_job
from han5k_review.retraining.network.training.partial_trainer import PartialTrainer
from han5k_review.retraining.network.training.training import tune_convolutions
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import Uncertainty
from rigs.phantom_study import build_head

LONG_CT = (333, 512, 512)


def open_trained(trained: tuple[Study, int]) -> OpenModel:
    study, _ = trained
    with reading(study.engine) as session:
        model = locate_model(study, session.get_one(ModelVersion, 1))
    return open_model(model, "cpu")


def read_train_job(trained: tuple[Study, int]) -> TrainJob:
    study, run_id = trained
    job = train_folder(study, run_id).read_job()
    assert isinstance(job, TrainJob)
    return job


def test_a_job_sees_the_gpu_that_nvidia_smi_counts_and_no_predictor_is_compiled(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    job = read_train_job(trained)
    settings = replace(job.settings, compile_network=True)
    found = job_environment(
        JobFolder(path=tmp_path), replace(job, settings=settings, device="cuda:1")
    )
    assert (found["CUDA_VISIBLE_DEVICES"], found["CUDA_DEVICE_ORDER"]) == ("1", "PCI_BUS_ID")
    assert found["nnUNet_compile"] == "f"
    assert "CUDA_DEVICE_ORDER" not in job_environment(JobFolder(path=tmp_path), job)


def test_cudnn_looks_for_the_fastest_convolutions_on_a_gpu_only() -> None:
    before = torch.backends.cudnn.benchmark
    try:
        torch.backends.cudnn.benchmark = False
        tune_convolutions("cpu")
        assert not torch.backends.cudnn.benchmark
        tune_convolutions("cuda:0,1")
        assert torch.backends.cudnn.benchmark
    finally:
        torch.backends.cudnn.benchmark = before


def test_a_network_that_cannot_be_compiled_is_trained_as_it_is(tmp_path: Path) -> None:
    def break_off(*_: Any) -> Any:
        raise FileNotFoundError("no C compiler")

    trainer = object.__new__(PartialTrainer)
    trainer.is_ddp, trainer.local_rank, trainer.proven = False, 0, set()
    trainer.log_file = str(tmp_path / "log.txt")
    bare = nn.Linear(2, 1)
    trainer.network = torch.compile(bare, backend=break_off)

    def step(batch: dict[str, Any]) -> dict[str, Any]:
        return {"loss": trainer.network(batch["data"]).mean()}

    batch = {"data": torch.ones(3, 2)}
    found = trainer._compiled_or_not(step, batch)
    assert torch.equal(found["loss"], bare(batch["data"]).mean())
    assert trainer.network is bare
    assert "torch.compile failed" in (tmp_path / "log.txt").read_text()
    trainer.network = torch.compile(bare, backend="eager")
    trainer._compiled_or_not(step, batch)
    assert trainer.proven == {"step"}
    with pytest.raises(KeyError):
        trainer._compiled_or_not(step, {})
    assert trainer.network is not bare, "an error of a step that worked is no fault of the compiler"


def test_tiles_add_up_to_what_nnunets_own_predictor_gives(trained: tuple[Study, int]) -> None:
    model = open_trained(trained)
    ours = model.predictor
    stock = nnUNetPredictor(use_mirroring=False, device=ours.device, allow_tqdm=False)
    stock.manual_initialization(
        ours.network,
        ours.plans_manager,
        ours.configuration_manager,
        None,
        model.dataset,
        "nnUNetTrainer",
        None,
    )
    image = prepare_case(model, build_head(3).volume).image
    logits = [p.predict_sliding_window_return_logits(image) for p in (ours, stock)]
    assert torch.equal(logits[0], logits[1])


@pytest.mark.parametrize("spacing_zyx", [(3.0, 1.5, 1.5), (9.0, 1.5, 1.5)])
def test_logits_are_resampled_as_nnunets_own_export_does(
    trained: tuple[Study, int], spacing_zyx: tuple[float, ...]
) -> None:
    model = open_trained(trained)
    configuration = model.plans.get_configuration("3d_fullres")
    shape, source = (17, 40, 36), torch.Generator().manual_seed(2)
    logits = torch.randn(4, 9, 11, 10, generator=source)
    theirs = configuration.resampling_fn_probabilities(
        logits.numpy(), shape, configuration.spacing, spacing_zyx
    )
    properties = {
        "shape_after_cropping_and_before_resampling": shape,
        "shape_before_cropping": shape,
        "bbox_used_for_cropping": [[0, n] for n in shape],
        "spacing": spacing_zyx,
    }
    case = replace(prepare_case(model, build_head(3).volume), properties=properties)
    values = predict_values(model, case, logits)
    assert np.mean(values == np.asarray(theirs).argmax(0)) > 0.999


def test_a_prediction_is_refused_before_it_begins_when_memory_is_short() -> None:
    voxels = 333 * 512 * 512
    plain = estimate_prediction_gb(LONG_CT, 27, Uncertainty.OFF)
    averaged = estimate_prediction_gb(LONG_CT, 27, Uncertainty.MIRRORED)
    assert plain == pytest.approx(voxels * (27 * 2 + 12) / 1e9)
    # one volume of logits in half and one of probabilities in full precision
    assert averaged - plain == pytest.approx(voxels * 27 * 4 / 1e9)
    cpu = torch.device("cpu")
    check_prediction_memory(LONG_CT, 27, Uncertainty.OFF, cpu, free_ram_gb=plain)
    with pytest.raises(ConfigError, match=r"15\.2 GB .* 26 structures on 512 x 512 x 333 voxels"):
        check_prediction_memory(LONG_CT, 27, Uncertainty.MIRRORED, cpu, free_ram_gb=8.0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_job_for_a_gpu_that_is_not_there_ends_in_a_sentence(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    study, run_id = trained
    folder = JobFolder(path=tmp_path)
    folder.write_job(replace(train_folder(study, run_id).read_job(), device="cuda:0"))

    def begin(*_: object) -> JobResult:
        raise AssertionError("it began all the same")

    assert run_job([str(tmp_path)], begin) == 0
    found = folder.find_result()
    assert found is not None
    assert found.outcome is JobOutcome.FAILED
    assert found.error == "A GPU was expected for the device cuda:0, found none; use cpu."
