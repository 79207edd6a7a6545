"""One CT predicted, by stock nnU-Net or by us, in a process of its own that tells what it took.

    python -m network_parts.predicting MODEL_FOLDER CT.npz ours|stock

prints one line of JSON: seconds from the CT in memory to its label map, the most main memory the
process held, and where the label map lies.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.network.working_grid import to_czyx

TILE_STEP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a prediction took, and its label map (z, y, x)."""

    seconds: float
    peak_gb: float
    values: NDArray[np.uint8]


def predict_apart(who: str, model: Path, ct: Path) -> Taken:
    """Predict in a process of its own; its memory is its own."""
    here = Path(__file__).resolve()
    words = [sys.executable, "-m", "network_parts.predicting", str(model), str(ct), who]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=here.parents[1])
    told = json.loads(done.stdout.splitlines()[-1])
    return Taken(seconds=told["seconds"], peak_gb=told["peak_gb"], values=np.load(told["values"]))


def write_ct(path: Path, volume: CtVolume) -> None:
    np.savez(path, hu=volume.hu, affine=volume.grid.affine)


def _predict_ours(folder: Path, volume: CtVolume) -> NDArray[Any]:
    from han5k_review.retraining.network.predicting.open_models import (
        open_model,
        predict_values,
        prepare_case,
    )

    sha256 = (folder / "sha256.txt").read_text()
    model = open_model(ModelFolder(folder=folder, checkpoint_sha256=sha256), "cpu", TILE_STEP)
    case = prepare_case(model, volume)
    logits = model.predictor.predict_sliding_window_return_logits(case.image)
    return predict_values(model, case, logits)


def _predict_stock(folder: Path, volume: CtVolume) -> NDArray[Any]:
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    stock = nnUNetPredictor(
        tile_step_size=TILE_STEP,
        use_mirroring=False,
        device=torch.device("cpu"),
        allow_tqdm=False,
    )
    stock.initialize_from_trained_model_folder(str(folder), (0,), "checkpoint_final.pth")
    i, j, k = volume.grid.spacing_mm
    image = to_czyx(volume.hu.astype(np.float32))
    found = stock.predict_single_npy_array(image, {"spacing": [k, j, i]}, None, None, False)
    return np.asarray(found)


def _read_peak_gb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(n for n in lines if n.startswith("VmHWM:")).split()[1]) * 1024 / 1e9


def main() -> None:
    folder, ct, who = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(1)
    with np.load(ct) as kept:
        grid = Grid.from_affine(kept["hu"].shape, kept["affine"])
        volume = CtVolume(grid=grid, hu=kept["hu"])
    started = time.perf_counter()
    values = {"ours": _predict_ours, "stock": _predict_stock}[who](folder, volume)
    seconds = time.perf_counter() - started
    path = ct.with_name(f"{who}.npy")
    np.save(path, values.astype(np.uint8))
    told = {"seconds": seconds, "peak_gb": _read_peak_gb(), "values": str(path)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
