"""A CT of 512 x 512 x 333, 26 structures: memory, time, and the same labels with little of it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from gpu_data import TEST_CASES, read_patients
from gpu_results import Place, note, peak_gb, read_place, wait_for_gpu, write_row
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.store.vocabulary import Uncertainty

_SLICES = 333
_FRACTIONS = (0.08, 0.05)  # the logits alone take 0.055 of an 80 GB GPU


def find_model(place: Place) -> ModelFolder:
    """The network that the check of steps has trained."""
    folder = place.work / "full-model"
    return ModelFolder(folder=folder, checkpoint_sha256=(folder / "sha256.txt").read_text().strip())


def make_long_ct(place: Place) -> CtVolume:
    """A patient's CT, up and down again until it has 333 slices."""
    volume = read_patients(place.work / "patients").volume(TEST_CASES[0])
    slices = 2 * volume.grid.shape[2] if place.quick else _SLICES
    there_and_back = np.concatenate((volume.hu, volume.hu[:, :, ::-1]), axis=2)
    hu = np.concatenate((there_and_back, there_and_back), axis=2)[:, :, :slices]
    grid = Grid.from_affine(hu.shape, volume.grid.affine)
    return CtVolume(grid=grid, hu=np.ascontiguousarray(hu))


def predict(model: Any, case: Any) -> NDArray[np.uint8]:
    """The label map, as a prediction makes it."""
    from han5k_review.retraining.network.predicting.members import list_logits
    from han5k_review.retraining.network.predicting.volume_prediction import predict_values_anywhere

    (logits,) = list_logits([model], case.image, Uncertainty.OFF)
    return predict_values_anywhere(model, case, logits)


def run() -> None:
    from han5k_review.retraining.network.predicting.memory import check_prediction_memory
    from han5k_review.retraining.network.predicting.open_models import open_model, prepare_case

    place = read_place()
    torch.set_num_threads(1 if place.quick else 8)
    model = open_model(find_model(place), place.device.partition(":")[0])
    volume = make_long_ct(place)
    case = prepare_case(model, volume)
    heads = model.predictor.label_manager.num_segmentation_heads
    check_prediction_memory(case.image.shape[1:], heads, Uncertainty.OFF, model.predictor.device)
    note(f"the CT of {volume.grid.shape} is prepared")
    started = time.perf_counter()
    roomy = predict(model, case)
    wait_for_gpu()
    alone = time.perf_counter() - started
    size = " x ".join(map(str, volume.grid.shape))
    seen, met = f"{peak_gb():.1f} GB, {alone:.0f} s", peak_gb() <= 10 if place.on_gpu else None
    write_row(f"GPU memory to predict {size}, {heads - 1} structures", "<= 10 GB", seen, met)
    for fraction in _FRACTIONS:
        if place.on_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            torch.cuda.set_per_process_memory_fraction(fraction)
        started = time.perf_counter()
        tight = predict(model, case)
        seconds, same = time.perf_counter() - started, float(np.mean(tight == roomy))
        name = f"the same with {100 * fraction:.0f} % of the GPU's memory"
        seen = f"{100 * same:.3f} % of voxels, {len(np.unique(roomy))} labels, {peak_gb():.1f} GB"
        met = same >= 0.999 if place.on_gpu else None
        write_row(name, ">= 99.9 % the same", f"{seen}, {seconds:.0f} s", met)
        if seconds > 2 * alone:
            break  # the sums went to main memory, which is what was to be seen
