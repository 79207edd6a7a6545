"""What the marginal loss costs beside nnU-Net's own, on the same logits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from torch import Tensor

from han5k_review.retraining.network.training.marginal_loss import MarginalDiceCrossEntropy

CLASSES = 25
_UNTRUSTED = (3, 9)


@dataclass(frozen=True, kw_only=True)
class LossTimes:
    """Medians of forward and backward of one loss on the same logits, in ms."""

    nnunet_ms: float
    trusted_ms: float
    partial_ms: float

    @property
    def ratio(self) -> float:
        """The slower of ours against nnU-Net's own."""
        return max(self.trusted_ms, self.partial_ms) / self.nnunet_ms


def time_losses(rounds: int, shape_zyx: tuple[int, int, int] = (48, 48, 64)) -> LossTimes:
    """Alternate the three losses, so that other work on the machine meets all alike.

    `partial` leaves two classes of each case untrusted. CPU time of this thread counts.
    """
    torch.set_num_threads(1)
    source = torch.Generator().manual_seed(1)
    logits = torch.randn(2, CLASSES, *shape_zyx, generator=source)
    target = torch.randint(0, CLASSES, (2, 1, *shape_zyx), generator=source).float()
    settings = {"batch_dice": True, "smooth": 1e-5, "do_bg": False, "ddp": False}
    nnunet = DC_and_CE_loss(settings, {}, 1, 1, None, MemoryEfficientSoftDiceLoss)
    ours = MarginalDiceCrossEntropy(CLASSES, batch_dice=True, ignore_value=None)
    every = torch.ones(2, CLASSES, dtype=torch.bool)
    some = every.clone()
    some[:, list(_UNTRUSTED)] = False

    def marginal(trust: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        def loss(z: Tensor, y: Tensor) -> Tensor:
            ours.trust(trust)
            return ours(z, y)

        return loss

    losses = {"nnunet_ms": nnunet, "trusted_ms": marginal(every), "partial_ms": marginal(some)}
    found: dict[str, list[float]] = {name: [] for name in losses}
    for _ in range(rounds + 1):
        for name, loss in losses.items():
            leaf = logits.clone().requires_grad_()
            begin = time.thread_time()
            loss(leaf, target).backward()
            found[name].append(1000 * (time.thread_time() - begin))
    return LossTimes(**{name: median(times[1:]) for name, times in found.items()})
