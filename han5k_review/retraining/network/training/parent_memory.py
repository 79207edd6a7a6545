"""What the parent predicted itself is taught as it predicted it: on the network's own grid.

A prediction loses a little at each border on its way from the network's grid to the CT's and back.
Taught by what came back, thin structures shrink with every generation: a cord at 5 mm to 0.5 to
0.8 of its volume (docs/loop.md). So the parent is asked again, and nothing is lost but the stray
pieces that the parent's postprocessing took from the mask people saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from han5k_review.retraining.jobs.tasks import ModelFolder, TrainCase, TrainJob, visible_device
from han5k_review.retraining.network.predicting.open_models import (
    OpenModel,
    clear_strays,
    open_model,
)
from han5k_review.store.files import write_atomically


class ParentMemory:
    """Opens the parent of a job when the first case needs it."""

    def __init__(self, job: TrainJob, nested: Mapping[str, str]) -> None:
        self._job = job
        self._nested = nested
        self._parent: OpenModel | None = None

    def repredict(self, case: TrainCase, data: NDArray[np.float32], seg: NDArray[Any]) -> None:
        """Put the parent's own prediction of `case.predicted_by_parent` into `seg`, in place.

        `data` is (1, z, y, x) as the network sees it, `seg` its target of the same shape. Other
        trusted structures and ignored voxels stay: a prediction never covers them.
        """
        values = [self._job.labels[n] for n in case.predicted_by_parent if n in self._job.labels]
        if not values or self._job.parent is None:
            return
        labels, predicted = self._job.labels, self._recall(self._job.parent, case, data)[None]
        holes = {
            labels[inner]: labels[outer]
            for inner, outer in self._nested.items()
            if inner in case.predicted_by_parent and outer in case.masks
        }
        seg[:] = merge_prediction(seg, predicted, values, holes)

    def _recall(
        self, parent: ModelFolder, case: TrainCase, data: NDArray[np.float32]
    ) -> NDArray[np.integer[Any]]:
        """The parent's label map (z, y, x): as it was kept, or predicted now and kept."""
        path = self._find_path(parent, data)
        if path is not None and path.exists():
            with np.load(path) as kept:
                return np.asarray(kept["values"])
        predicted = self._predict(parent, data).astype(np.uint8)
        if path is not None:
            content = BytesIO()
            np.savez_compressed(content, values=predicted)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content.getvalue())
        return predicted

    def _predict(self, parent: ModelFolder, data: NDArray[np.float32]) -> NDArray[np.integer[Any]]:
        if self._parent is None:
            device, step = visible_device(self._job), self._job.settings.tile_step
            self._parent = open_model(parent, device, step)
        scores = self._parent.predictor.predict_sliding_window_return_logits(torch.from_numpy(data))
        return clear_strays(self._parent, scores.argmax(0).cpu().numpy())

    def _find_path(self, parent: ModelFolder, data: NDArray[np.float32]) -> Path | None:
        """By the hash of all that a prediction depends on: weights, rule, step, and the image."""
        if self._job.memory is None:
            return None
        digest = hashlib.sha256()
        said = (parent.postprocessing_sha256, self._job.settings.tile_step, data.shape)
        digest.update(repr((parent.checkpoint_sha256, *said)).encode())
        digest.update(np.ascontiguousarray(data).tobytes())
        return self._job.memory / f"{digest.hexdigest()}.npz"


def merge_prediction(
    seg: NDArray[Any],
    predicted: NDArray[np.integer[Any]],
    values: list[int],
    holes: Mapping[int, int] | None = None,
) -> NDArray[Any]:
    """`seg` (1, z, y, x) with the labels `values` of `predicted` wherever nothing else stands.

    `holes`: inner label -> the label it lies in, which people drew. Where the inner one was and is
    predicted no more, its container is, not the background; and within the container it is
    predicted as it would be in a hole.
    """
    holes = holes or {}
    rest = np.where(np.isin(seg, values), 0, seg)
    free = rest == 0
    for inner, outer in holes.items():
        rest = np.where(seg == inner, outer, rest)
        free |= (rest == outer) & (predicted == inner)
    return np.where(free & np.isin(predicted, values), predicted, rest).astype(seg.dtype)
