"""The carried parent fine-tuned on CPU and GPU, in mixed and in full precision: the same Dice?

    python gpu_finetune.py ARM

trains one arm (cpu, amp or fp32) in GPU_WORK/finetune; `check.py finetune` trains what is left.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from gpu_data import CHILD_CASES, TEST_CASES, Patients, list_labels, list_nested, read_patients
from gpu_process import end_with_me, finish, start
from gpu_results import Place, note, read_place, write_row

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome, TrainResult
from han5k_review.retraining.jobs.tasks import ModelFolder, TrainJob
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.label_files import LabelFiles

Scores = dict[tuple[int, str], float]
_ON_GPU = ("amp", "fp32")
_PATIENCE_S = 170.0
_LEAST_VOXELS = 300  # of a reference at the CT's resolution: smaller ones jump by a voxel


def make_job(place: Place, device: str) -> TrainJob:
    """The parent, continued on three patients' references, at 5 mm."""
    patients = read_patients(place.work / "patients")
    parent = place.parcel / "parent"
    sizes = {"epochs": 1, "iterations_per_epoch": 3} if place.quick else {"epochs": 5}
    iterations = {} if place.quick else {"iterations_per_epoch": 50}
    rate = {"learning_rate_adapt": 1e-3, "keep_largest_piece": False, "monitor_iterations": 1}
    threads = {"threads": 1 if place.quick else 4}
    return TrainJob(
        volumes=patients.volumes,
        masks=patients.labels,
        labels=list_labels(),
        inside=list_nested(),
        cases=tuple(patients.train_case(n, "reference") for n in CHILD_CASES),
        settings=resolve_settings("smoke", {**sizes, **iterations, **rate, **threads}),
        device=device,
        parent=ModelFolder(
            folder=parent, checkpoint_sha256=(parent / "sha256.txt").read_text().strip()
        ),
    )


def train_arm(place: Place, arm: str) -> ModelFolder:
    """One arm's model; trained only when it was not yet."""
    folder = JobFolder(path=place.work / "finetune" / arm)
    found = folder.find_result()
    if found is None:
        started = time.monotonic()
        words = ("--fp32",) if arm == "fp32" else ()
        job = make_job(place, "cpu" if arm == "cpu" else place.device)
        found = finish(folder, start(folder, job, *words), _PATIENCE_S)
        note(f"fine-tuned ({arm}) in {time.monotonic() - started:.0f} s")
    if found.outcome is not JobOutcome.DONE:
        raise RuntimeError(f"The arm {arm} ended with: {found.error}")
    sha256 = found.get(TrainResult).checkpoint_sha256
    return ModelFolder(folder=folder.model, checkpoint_sha256=sha256)


def measure(place: Place, model: ModelFolder) -> Scores:
    """Dice of each test patient and structure against its reference."""
    from han5k_review.retraining.network.predicting.open_models import open_model
    from han5k_review.retraining.network.predicting.volume_prediction import predict_case

    patients: Patients = read_patients(place.work / "patients")
    files, opened = (
        LabelFiles(folder=patients.labels),
        open_model(model, place.device.split(":")[0]),
    )
    found = {}
    for number in TEST_CASES:
        volume = patients.volume(number)
        predicted = predict_case(opened, volume)
        for name, sha256 in patients.masks(number, "reference").items():
            truth, mask = files.get_mask(sha256, volume.grid), predicted[name]
            if truth.voxel_count >= (1 if place.quick else _LEAST_VOXELS):
                both = int(np.count_nonzero(truth.dense() & mask.dense()))
                found[number, name] = 2 * both / (truth.voxel_count + mask.voxel_count)
    return found


def run() -> None:
    place = read_place()
    with ThreadPoolExecutor(2) as side_by_side:
        models = list(side_by_side.map(lambda arm: train_arm(place, arm), _ON_GPU))
    scores = {arm: measure(place, m) for arm, m in zip(_ON_GPU, models, strict=True)}
    parent = make_job(place, place.device).parent
    assert parent is not None
    before = _mean(measure(place, parent))
    _compare(place, scores["amp"], scores["fp32"], "mixed and full precision on the GPU", 0.005)
    done, started = place.work / "finetune" / "cpu.done", time.monotonic()
    while not done.exists() and time.monotonic() - started < _PATIENCE_S:
        time.sleep(0.2)  # run.sh trains it in the background
    on_cpu = measure(place, train_arm(place, "cpu"))
    what = f"fine-tuned on the GPU and on the CPU (parent {before:.4f})"
    _compare(place, scores["amp"], on_cpu, what, 0.01)


def _mean(scores: Scores) -> float:
    return float(np.mean(list(scores.values())))


def _compare(place: Place, one: Scores, other: Scores, what: str, within: float) -> None:
    apart, largest = _mean(one) - _mean(other), max(abs(one[key] - other[key]) for key in one)
    seen = f"{apart:+.4f} ({_mean(one):.4f}, {_mean(other):.4f}; one contour {largest:.3f})"
    met = abs(apart) <= within if place.on_gpu else None
    write_row(f"mean Dice, {what}", f"within {within}", seen, met, contours=len(one))


if __name__ == "__main__":
    here = read_place()
    end_with_me()
    train_arm(here, sys.argv[1])
    (here.work / "finetune" / f"{sys.argv[1]}.done").touch()
