"""How unsure one prediction is of each structure, from the probabilities it was made of.

The mean binary entropy where the structure may lie: Mehrtash and others (IEEE TMI 39:3868, 2020)
take the mean over the predicted voxels; here voxels just beside them count too, so that an organ
that was hardly found is not called sure because its few voxels are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from han5k_review.retraining.jobs.results import Entropy
from han5k_review.retraining.network.predicting.open_models import OpenModel

_NEAR = 0.05
"""A structure may lie where it has at least this probability."""
_VALUES = 2**22  # probabilities at once, so that memory holds no second volume of them
_EDGE = 1e-6


def measure_entropies(
    model: OpenModel, probabilities: Iterator[torch.Tensor]
) -> dict[str, Entropy]:
    """Structure -> its entropy, from slabs (classes, z, y, x) of one case, on any device.

    An inner structure's probability counts for its container too, as its voxels do.
    """
    values = list(model.labels.items())
    inner = [[model.labels[i] for i, o in model.nested.items() if o == name] for name, _ in values]
    sums = torch.zeros(len(values), dtype=torch.float64)
    counts, highest = torch.zeros_like(sums), torch.zeros_like(sums)
    for slab in probabilities:
        own = torch.stack(
            [
                slab[[value, *within]].sum(0) if within else slab[value]
                for (_, value), within in zip(values, inner, strict=True)
            ]
        ).flatten(1)
        near = own >= _NEAR
        which = near.nonzero()[:, 0]
        bits = _measure_bits(own[near].double())
        sums += torch.bincount(which, bits, len(values)).cpu()
        counts += torch.bincount(which, minlength=len(values)).cpu()
        highest = torch.maximum(highest, own.amax(1).double().cpu())
    means = torch.where(counts > 0, sums / counts.clamp(min=1), 0.0)
    return {
        name: Entropy(mean=round(mean, 5), highest=round(most, 5))
        for (name, _), mean, most in zip(values, means.tolist(), highest.tolist(), strict=True)
    }


def _measure_bits(probability: torch.Tensor) -> torch.Tensor:
    inside = probability.clamp(_EDGE, 1 - _EDGE)
    return -(inside * inside.log2() + (1 - inside) * (1 - inside).log2())


def split_logits(logits: torch.Tensor) -> Iterator[torch.Tensor]:
    """Probabilities of logits (classes, z, y, x), slab by slab, where the logits lie."""
    for slab in torch.split(logits, _count_slices(logits), 1):
        yield torch.softmax(slab.float(), dim=0)


def split_sums(sums: torch.Tensor, members: int) -> Iterator[torch.Tensor]:
    """Mean probabilities (0 to 1, no unit) of so many members, slab by slab, from their sums
    (classes, z, y, x)."""
    for slab in torch.split(sums, _count_slices(sums), 1):
        yield slab / members


def _count_slices(scores: torch.Tensor) -> int:
    classes, _, *slice_yx = scores.shape
    return max(1, _VALUES // (classes * math.prod(slice_yx)))
