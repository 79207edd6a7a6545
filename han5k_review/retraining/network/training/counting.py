"""Voxels that the network finds, invents and misses, of trusted structures only. Pure."""

from __future__ import annotations

import torch
from nnunetv2.training.loss.dice import get_tp_fp_fn_tn
from torch import Tensor


def count_trusted(
    logits: Tensor, target: Tensor, trust: Tensor, ignore_value: int | None
) -> tuple[Tensor, ...]:
    """True positives, false positives and false negatives per class, summed over the batch.

    Logits are (batch, class, z, y, x), target (batch, 1, z, y, x), trust (batch, class) says which
    classes are trusted: voxels of the others count as background, in both.
    """
    classes = logits.shape[1]
    places = torch.where(trust, torch.arange(classes, device=logits.device)[None], 0)
    mask = None if ignore_value is None else (target != ignore_value).float()
    if ignore_value is not None:
        target = torch.where(target == ignore_value, 0, target)
    seg = torch.stack([p[s] for p, s in zip(places, logits.argmax(1), strict=True)])[:, None]
    truth = torch.stack([p[t] for p, t in zip(places, target, strict=True)])
    onehot = torch.zeros(logits.shape, device=logits.device).scatter_(1, seg, 1)
    axes = [0, *range(2, logits.ndim)]
    tp, fp, fn, _ = get_tp_fp_fn_tn(onehot, truth, axes=axes, mask=mask)
    return tp, fp, fn
