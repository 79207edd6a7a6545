"""Before a run starts: disk, memory, GPUs, the parent's labels; and starting again after a want."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from han5k_review.errors import ConfigError, RuleError
from han5k_review.retraining.jobs.machine import (
    Gpu,
    Machine,
    choose_device,
    look_at_machine,
    read_gpu_table,
)
from han5k_review.retraining.jobs.results import JobOutcome, JobResult
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.models.network_shape import NetworkShape, find_shape
from han5k_review.retraining.network.process import explain_shortage
from han5k_review.retraining.network.training.smaller_plans import fit_plans, shrink_plans
from han5k_review.retraining.runs.plan import RunRequest, plan_run
from han5k_review.retraining.runs.refusals import refuse_rate
from han5k_review.retraining.runs.resource_estimate import (
    CaseSize,
    describe_disk_shortage,
    describe_machine_shortage,
    estimate_needs,
)
from han5k_review.retraining.runs.restarts import start_again
from han5k_review.retraining.runs.run_files import measure_files
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.runs.run_views import get_run_view
from han5k_review.retraining.settings import resolve_settings
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import RunState
from rigs.phantom_study import CATALOGUE, TINY, queue_run
from tests.retraining.warm_launcher import WarmLauncher

RADCURE = CaseSize(shape_ijk=(512, 512, 181), spacing_mm=(0.98, 0.98, 2.0))
ROOMY = Machine(ram_free_gb=1000.0, gpus=(Gpu(index=0, total_gb=25.8, free_gb=25.0),))


def test_ten_radcure_cases_at_full_size_need_the_bytes_of_their_voxels() -> None:
    needs = estimate_needs([RADCURE] * 10, [RADCURE], 24, resolve_settings("adapt"), "cuda:0")
    # 47,448,064 voxels x 10 cases x (4 bytes HU + 2 bytes label) = 2.85 GB, and the weights
    assert needs.disk_gb == pytest.approx(1.0 + 2.847 + 1.0, abs=0.01)
    # the planner's 8 GB, 0.5 GB of CUDA, and 24 bytes a class of 2 x 128^3 voxels (4.2 million)
    assert needs.gpu_gb == pytest.approx(8.5 + 2 * 128**3 * 24 * 24 / 1e9, rel=0.02)
    coarse = estimate_needs([RADCURE] * 10, [RADCURE], 24, resolve_settings("smoke"), "cpu")
    assert coarse.disk_gb < needs.disk_gb
    assert coarse.ram_gb < needs.ram_gb
    assert coarse.gpu_gb == 0


def test_what_is_missing_is_said_with_both_numbers() -> None:
    needs = estimate_needs([RADCURE], [], 24, resolve_settings("adapt"), "cuda:0")
    (disk,) = describe_disk_shortage(needs, 1.0, "/data/study")
    assert "2.3 GB of free disk were expected in /data/study, found 1.0 GB" in disk
    assert describe_machine_shortage(needs, ROOMY, "cuda:0") == []
    small = Machine(ram_free_gb=2.0, gpus=(Gpu(index=0, total_gb=8.0, free_gb=3.0),))
    memory, gpu = describe_machine_shortage(needs, small, "cuda:0")
    assert "found 2.0 GB" in memory
    assert "10.9 GB of free memory were expected on GPU 0, found 3.0 of 8.0 GB" in gpu
    (missing,) = describe_machine_shortage(needs, ROOMY, "cuda:3")
    assert "GPU 3 was expected for the device cuda:3, found GPU 0" in missing


def test_a_small_dev_shm_is_refused_before_loaders_die_in_it() -> None:
    needs = estimate_needs([RADCURE], [], 24, resolve_settings("adapt"), "cuda:0")
    container = replace(ROOMY, shared_memory_free_gb=0.064)  # what Docker gives
    (sentence,) = describe_machine_shortage(needs, container, "cuda:0")
    assert "of free room were expected in /dev/shm, found 0.06 GB" in sentence
    alone = resolve_settings("adapt", {"loader_processes": 0})
    assert not describe_machine_shortage(
        estimate_needs([RADCURE], [], 24, alone, "cuda:0"), container, "cuda:0"
    )
    if Path("/dev/shm").is_dir():
        room = look_at_machine().shared_memory_free_gb
        assert room == pytest.approx(shutil.disk_usage("/dev/shm").free / 1e9, abs=1)


def test_a_rate_that_undoes_the_parent_is_refused() -> None:
    (sentence,) = refuse_rate(resolve_settings("full"), "net-1")
    assert "learning_rate_adapt below 0.01 was expected to continue net-1" in sentence
    for preset in ("smoke", "adapt"):
        assert refuse_rate(resolve_settings(preset), "net-1") == []


@pytest.mark.training
def test_a_parents_network_decides_the_estimate_and_the_target_its_patches(
    trained: tuple[Study, int],
) -> None:
    study, run_id = trained
    wide = {**TINY, "base_features": 32}
    with reading(study.engine) as session:
        model = session.get_one(ModelVersion, 1)
        shape = find_shape(locate_model(study, model))
        asked = RunRequest(group="2", overrides=wide, parent_model_id=1)
        with_parent = plan_run(session, study, CATALOGUE, asked)
        without = plan_run(session, study, CATALOGUE, RunRequest(group="2", overrides=wide))
    assert shape == NetworkShape(working_spacing_mm=5.0, base_features=4)
    assert with_parent.needs.disk_gb < without.needs.disk_gb
    plans, dataset = kept_plans(study, run_id), {"channel_names": {"0": "CT"}, "labels": [0, 1, 2]}
    assert fit_plans(plans, TINY["memory_target_gb"], dataset) == plans  # type: ignore[arg-type]
    tight = fit_plans(plans, 0.0005, dataset)["configurations"]["3d_fullres"]
    before = plans["configurations"]["3d_fullres"]  # type: ignore[index]
    assert tight["architecture"] == before["architecture"]
    assert math.prod(tight["patch_size"]) < math.prod(before["patch_size"])


def test_gpus_are_read_from_the_drivers_own_table() -> None:
    (gpu,) = read_gpu_table("0, 24576, 24200\nNo devices were found\n")
    assert (gpu.index, round(gpu.total_gb, 2)) == (0, 25.77)


def test_a_device_is_a_gpu_where_there_is_one_and_the_cpu_elsewhere() -> None:
    if shutil.which("nvidia-smi") is None:
        assert choose_device("auto") == "cpu"
    assert choose_device("cuda:0,1") == "cuda:0,1"
    for wrong in ("gpu", "cpu:1", "cuda:", "cuda:x", "cuda:0,"):
        with pytest.raises(ConfigError, match="A device was expected"):
            choose_device(wrong)


def test_a_plan_says_no_when_the_machine_is_too_small(trained: tuple[Study, int]) -> None:
    study, _ = trained
    request = RunRequest(group="2", overrides=TINY)
    with reading(study.engine) as session:
        fits = plan_run(session, study, CATALOGUE, request, ROOMY)
        tight = plan_run(session, study, CATALOGUE, request, Machine(ram_free_gb=0.5))
    assert fits.can_start
    assert "GB of free memory were expected on this machine" in tight.refusals[0]


@pytest.mark.training
def test_the_estimate_of_memory_covers_what_a_run_took(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    with reading(study.engine) as session:
        plan = plan_run(session, study, CATALOGUE, RunRequest(group="2", overrides=TINY))
        view = get_run_view(session, study, run_id)
    assert view.result is not None
    took_gb = view.result.card["training"]["peak_ram_gb"]
    assert 0.2 < took_gb < plan.needs.ram_gb


def add_parent(study: Study, **changed: object) -> int:
    with transaction(study.engine) as session:
        model = session.get_one(ModelVersion, 1)
        values = {**model.model_dump(exclude={"id"}), "name": "other", **changed}
        row = ModelVersion(**values)
        session.add(row)
        session.flush()
        return stored_id(row)


def copy_of(trained: tuple[Study, int], folder: Path) -> Study:
    study, _ = trained
    study.engine.dispose()
    shutil.copytree(study.root, folder)
    return open_study(folder)


@pytest.mark.training
def test_a_parent_whose_labels_or_files_are_not_the_registered_ones_is_refused(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    study = copy_of(trained, tmp_path / "copy")

    def refusals(parent: int) -> str:
        request = RunRequest(group="2", overrides=TINY, parent_model_id=parent)
        with reading(study.engine) as session:
            return " ".join(plan_run(session, study, CATALOGUE, request).refusals)

    assert refusals(1) == ""
    swapped = {"BrainStem": 2, "ParotidL": 1}
    assert "The label table of other was expected to be" in refusals(
        add_parent(study, labels=swapped)
    )
    foreign = add_parent(study, name="foreign", labels={"BrainStem": 1, "Tail": 2})
    assert "foreign predicts Tail, which the study's structure table" in refusals(foreign)
    run_id = queue_run(study, parent_model_id=1)
    with reading(study.engine) as session:
        folder = study.models / session.get_one(ModelVersion, 1).folder
    weights = folder / "fold_0" / "checkpoint_final.pth"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert run_one(study, run_id) is RunState.FAILED
    with reading(study.engine) as session:
        assert "was registered with SHA-256" in (get_run(session, run_id).error or "")
    shutil.rmtree(folder)
    assert "The files of the parent model" in refusals(1)


def test_a_want_of_memory_or_disk_is_told_from_other_errors(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    job = train_folder(study, run_id).read_job()
    for error in (
        MemoryError(),
        torch.cuda.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 GB"),
    ):
        sentence = explain_shortage(error, job)
        assert sentence is not None
        assert "lower memory_target_gb" in sentence
    full = explain_shortage(OSError(28, "No space left on device"), job)
    assert full is not None
    assert "The disk was full" in full
    assert explain_shortage(RuntimeError("shapes differ"), job) is None


def kept_plans(study: Study, run_id: int) -> dict[str, object]:
    with reading(study.engine) as session:
        view = get_run_view(session, study, run_id)
    assert view.result is not None
    found: dict[str, object] = json.loads(
        (study.models / view.result.folder / "plans.json").read_text()
    )
    return found


@pytest.mark.training
def test_smaller_plans_keep_the_network_and_take_less(trained: tuple[Study, int]) -> None:
    plans = kept_plans(*trained)
    for share in (0.7, 0.4, 0.2):
        smaller = shrink_plans(plans, share)
        before, after = (p["configurations"]["3d_fullres"] for p in (plans, smaller))  # type: ignore[index]
        assert before["architecture"] == after["architecture"]
        size = [c["batch_size"] * math.prod(c["patch_size"]) for c in (before, after)]
        assert size[1] <= share * size[0]
    with pytest.raises(ConfigError, match="smallest patch"):
        shrink_plans(plans, 1e-6)


@pytest.mark.training
def test_a_run_without_memory_goes_on_from_its_last_epoch_with_a_lower_target(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    study = copy_of(trained, tmp_path / "copy")
    run_id = queue_run(study)
    folder = train_folder(study, run_id)
    launcher = WarmLauncher()
    sizes: list[int] = []

    def pause(_seconds: float) -> None:
        """Leave what a trainer that finds no memory leaves, once two epochs are there."""
        if len(folder.list_epochs()) >= 2 and not sizes:
            sizes.append(measure_files(study, run_id))
            launcher.clear(folder)  # its own word could overtake the one put down here
            error = explain_shortage(MemoryError(), folder.read_job()) or ""
            folder.write_result(JobResult(outcome=JobOutcome.FAILED, error=error))

    state = run_one(study, run_id, launcher=launcher, poll_seconds=0.05, pause=pause)
    assert state is RunState.FAILED
    assert not [*folder.work.rglob("*.b2nd")], "the preprocessed volumes are gone"
    assert measure_files(study, run_id) < sizes[0]
    now = utc_now()
    with (
        pytest.raises(RuleError, match=r"below the 0\.004 GB"),
        transaction(study.engine) as session,
    ):
        start_again(
            session, study, CATALOGUE, run_id, requested_by=None, now=now, memory_target_gb=1.0
        )
    with transaction(study.engine) as session:
        again = start_again(
            session, study, CATALOGUE, run_id, requested_by=None, now=now, memory_target_gb=0.003
        )
        again_id = stored_id(again)
    state = run_one(study, again_id, launcher=launcher, poll_seconds=0.1)
    assert state is RunState.AWAITING_APPROVAL
    with reading(study.engine) as session:
        view = get_run_view(session, study, again_id)
    assert [e["epoch"] for e in view.epochs] == [1, 2, 3, 4]
    said = [e.payload["text"] for e in view.events if e.kind == "before"]
    assert any(f"goes on after epoch {n} of run {run_id}" in said[0] for n in (2, 3))
    whole, smaller = kept_plans(*trained), kept_plans(study, again_id)
    first, second = (p["configurations"]["3d_fullres"] for p in (whole, smaller))  # type: ignore[index]
    assert first["architecture"] == second["architecture"]
    assert math.prod(second["patch_size"]) < math.prod(first["patch_size"])


def test_only_a_run_that_failed_or_was_cancelled_starts_again(trained: tuple[Study, int]) -> None:
    study, run_id = trained
    with (
        pytest.raises(RuleError, match="A failed or cancelled run was expected"),
        transaction(study.engine) as session,
    ):
        start_again(session, study, CATALOGUE, run_id, requested_by=None, now=utc_now())
