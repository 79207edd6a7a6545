"""Checkpoints: loaded only when their SHA-256 is the registered one, and never unpickled."""

from __future__ import annotations

import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.models.file_hash import hash_file
from han5k_review.retraining.models.model_check import check_model
from han5k_review.texts.paths import say_cause

CONFIGURATION = "3d_fullres"
_NUMPY_SCALARS: list[Any] = [
    np.dtype,
    np._core.multiarray.scalar,  # type: ignore[attr-defined]
    *(type(np.dtype(name)) for name in ("float16", "float32", "float64", "int32", "int64", "bool")),
]
"""What nnU-Net's log in a checkpoint is made of, beside plain values."""


def read_weights(model: ModelFolder) -> dict[str, Any]:
    """The checkpoint of a registered model; DataError when its hash is another.

    Only tensors and plain values are read (`weights_only`); code in the file is never run.
    """
    check_model(model)
    return read_plain(model.checkpoint)


def read_plain(path: Path) -> dict[str, Any]:
    """A file of tensors and plain values; DataError for anything else."""
    try:
        found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
        raise DataError(
            f"A checkpoint was expected at {path}, found: {say_cause(error)}."
        ) from error
    return found


def read_foreign(path: Path) -> dict[str, Any]:
    """A checkpoint of stock nnU-Net, which holds NumPy scalars too; still nothing in it is run."""
    with torch.serialization.safe_globals(_NUMPY_SCALARS):
        return read_plain(path)


def save_plain(values: dict[str, Any], path: Path) -> None:
    """Write beside and move into place, so that a kill leaves the earlier file whole."""
    beside = path.with_name(f".{path.name}.tmp")
    torch.save(values, beside)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(path)


def publish_weights(checkpoint: dict[str, Any], path: Path) -> str:
    """Write what prediction needs, as stock nnU-Net reads it, no optimizer; returns SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_plain(
        {
            "network_weights": checkpoint["network_weights"],
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": CONFIGURATION},
            "inference_allowed_mirroring_axes": checkpoint["inference_allowed_mirroring_axes"],
        },
        path,
    )
    return hash_file(path)
