"""Stock nnU-Net opens the published model and predicts the same labels."""

from __future__ import annotations

import numpy as np
import torch
from gpu_data import TEST_CASES, read_patients
from gpu_predict import find_model, predict
from gpu_results import read_place, write_row

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.volume import CtVolume

_HALF = 96  # voxels from the middle that are predicted


def run() -> None:
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    from han5k_review.retraining.network.predicting.open_models import open_model, prepare_case
    from han5k_review.retraining.network.working_grid import to_czyx

    place = read_place()
    torch.set_num_threads(1 if place.quick else 8)
    whole = read_patients(place.work / "patients").volume(TEST_CASES[0])
    i, j, _ = (max(0, n // 2 - _HALF) for n in whole.grid.shape)
    hu = np.ascontiguousarray(whole.hu[i : i + 2 * _HALF, j : j + 2 * _HALF])
    volume = CtVolume(grid=Grid.from_affine(hu.shape, whole.grid.affine), hu=hu)
    model = open_model(find_model(place), place.device.partition(":")[0])
    ours = predict(model, prepare_case(model, volume))
    stock = nnUNetPredictor(
        use_mirroring=False, device=torch.device(place.device.partition(":")[0]), allow_tqdm=False
    )
    folder = place.work / "full-model"
    stock.initialize_from_trained_model_folder(str(folder), (0,), "checkpoint_final.pth")
    di, dj, dk = volume.grid.spacing_mm
    image = to_czyx(hu.astype(np.float32))
    theirs = stock.predict_single_npy_array(image, {"spacing": [dk, dj, di]}, None, None, False)
    same = float(np.mean(np.asarray(theirs) == ours))
    seen = f"{100 * same:.3f} % of voxels, {len(np.unique(ours))} labels"
    write_row("stock nnU-Net predicts with the model", ">= 99.9 % the same", seen, same >= 0.999)
