"""Whether a case can be predicted in the memory there is, asked before the prediction starts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.machine import measure_free_ram_gb
from han5k_review.store.vocabulary import Uncertainty

_HALF, _FULL = 2, 4  # bytes
_RESTING_BYTES = 12  # a voxel while classes are compared: best, found, label, at both resolutions


def estimate_prediction_gb(
    shape_zyx: Sequence[int], classes: int, uncertainty: Uncertainty
) -> float:
    """Main memory in which a prediction is kept: logits in half precision, averages in full."""
    averaged = uncertainty in (Uncertainty.MIRRORED, Uncertainty.ENSEMBLE)
    each = classes * (_HALF + (_FULL if averaged else 0)) + _RESTING_BYTES
    return math.prod(shape_zyx) * each / 1e9


def check_prediction_memory(
    shape_zyx: Sequence[int],
    classes: int,
    uncertainty: Uncertainty,
    device: torch.device,
    free_ram_gb: float | None = None,
) -> None:
    """ConfigError when the logits of a case fit neither on the GPU nor into main memory.

    `shape_zyx` is the case as the network sees it; `free_ram_gb` is measured unless given.
    """
    needed = estimate_prediction_gb(shape_zyx, classes, uncertainty)
    if device.type == "cuda" and uncertainty is Uncertainty.OFF:
        free, _ = torch.cuda.mem_get_info(device)
        if needed <= free / 1e9:
            return
    free_gb = measure_free_ram_gb() if free_ram_gb is None else free_ram_gb
    if free_gb < needed:
        size = " x ".join(map(str, reversed(shape_zyx)))
        raise ConfigError(
            f"{needed:.1f} GB of free memory were expected to predict {classes - 1} structures on "
            f"{size} voxels, found {free_gb:.1f} GB; close other programs, predict without an "
            "uncertainty, or use a model with a coarser working_spacing_mm."
        )
