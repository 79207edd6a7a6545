"""Several predictions of one case - mirrored, shifted, of several models - and how they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.results import Doubt
from han5k_review.retraining.network.predicting.open_models import OpenModel, split_values
from han5k_review.store.vocabulary import Uncertainty

_SHIFT_VOXELS = 2
_SPATIAL = (1, 2, 3)


def list_logits(
    models: Sequence[OpenModel], image: torch.Tensor, method: Uncertainty
) -> Iterator[torch.Tensor]:
    """Logits of each member, one at a time, so that memory holds one; the plain one comes first.

    A single one stays where it was predicted; of several, a GPU holds one at a time.

    `image` is (1, z, y, x), preprocessed; logits are (classes, z, y, x). ConfigError where the
    method does not fit the models.
    """
    first = models[0]
    plain = _run(first, image)
    yield plain if method is Uncertainty.OFF else plain.cpu()
    if method is Uncertainty.MIRRORED:
        if not first.mirror_axes:
            raise ConfigError(
                f"{first.name} was trained without mirroring, so its mirrored predictions mean "
                "nothing; ask for the uncertainty `shifted` or `ensemble` instead."
            )
        for axes in _subsets(first.mirror_axes):
            dims = [axis + 1 for axis in axes]
            yield torch.flip(_run(first, torch.flip(image, dims)).cpu(), dims)
    elif method is Uncertainty.SHIFTED:
        for step in (_SHIFT_VOXELS, -_SHIFT_VOXELS):
            there, back = (step,) * 3, (-step,) * 3
            shifted = _run(first, torch.roll(image, there, _SPATIAL)).cpu()
            yield torch.roll(shifted, back, _SPATIAL)
    elif method is Uncertainty.ENSEMBLE:
        for other in models[1:]:
            if not other.sees_like(first):
                raise ConfigError(
                    f"{other.name} sees another spacing or other labels than {first.name}: models "
                    "of one lineage were expected for an ensemble."
                )
            yield _run(other, image).cpu()


def _run(model: OpenModel, image: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = model.predictor.predict_sliding_window_return_logits(image)
    return found


def _subsets(axes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for size in range(1, len(axes) + 1):
        yield from combinations(axes, size)


def measure_doubt(predictions: Sequence[NDArray[np.bool_]]) -> Doubt:
    """Compare predictions of one structure, masks (z, y, x) on one grid, two at least."""
    counts = [int(np.count_nonzero(d)) for d in predictions]
    agreements = []
    for (a, left), (b, right) in combinations(zip(counts, predictions, strict=True), 2):
        both = int(np.count_nonzero(left & right))
        # Two empty ones say nothing for the organ's absence: a missed organ is the worst of errors.
        agreements.append(2 * both / (a + b) if a + b else 0.0)
    mean = sum(counts) / len(counts)
    return Doubt(
        members=len(predictions),
        disagreement=1 - sum(agreements) / len(agreements),
        volume_spread=(max(counts) - min(counts)) / mean if mean else None,
    )


def measure_doubts(model: OpenModel, maps: Sequence[NDArray[np.uint8]]) -> dict[str, Doubt]:
    """One doubt per structure from the label maps (z, y, x) of all members.

    Each prediction is looked at as `model` would keep it: stray pieces it removes are not doubted.
    """
    predictions = zip(*(split_values(model, m) for m in maps), strict=True)
    return {same[0][0]: measure_doubt([inside for _, inside in same]) for same in predictions}
