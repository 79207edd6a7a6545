"""How a training begins and ends: a warm-up of the learning rate, and averaged weights."""

from __future__ import annotations

from typing import Any

import torch
from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
from torch import nn

_EXPONENT = 0.9


def measure_rate(first: float, epoch: int, epochs: int, warm_up: int) -> float:
    """The learning rate of an epoch: up in a straight line, then nnU-Net's polynomial down.

    Without `warm_up` epochs it is nnU-Net's own schedule.
    """
    if epoch < warm_up:
        return first * (epoch + 1) / (warm_up + 1)
    return float(first * (1 - (epoch - warm_up) / (epochs - warm_up)) ** _EXPONENT)


class WarmUpPoly(PolyLRScheduler):  # type: ignore[misc]
    """nnU-Net's scheduler, which is told the epoch, with a warm-up."""

    def __init__(self, optimizer: Any, first: float, epochs: int, warm_up: int) -> None:
        self.warm_up = warm_up
        super().__init__(optimizer, first, epochs)

    def step(self, current_step: int | None = None) -> None:
        """Set the rate of this epoch (None, -1: of the next one)."""
        if current_step is None or current_step == -1:
            current_step = self.ctr
            self.ctr += 1
        rate = measure_rate(self.initial_lr, current_step, self.max_steps, self.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self._last_lr = [rate for _ in self.optimizer.param_groups]


class AveragedWeights:
    """An exponential moving average of a network's weights, which varies less than its last step.

    In the first steps the average follows faster: decay is at most (1 + steps) / (10 + steps), as
    in TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.weights: dict[str, torch.Tensor] = {}

    def follow(self, network: nn.Module) -> None:
        """Take a step of the network into the average."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        for key, value in network.state_dict().items():
            mean = self.weights.get(key)
            if mean is None or not value.is_floating_point():
                self.weights[key] = value.detach().clone()
            else:
                mean.lerp_(value.detach(), 1 - decay)

    def keep(self) -> dict[str, Any]:
        """What a checkpoint holds of it."""
        return {"steps": self.steps, "weights": self.weights}

    def resume(self, kept: dict[str, Any], device: torch.device) -> None:
        """Go on from what a checkpoint holds."""
        self.steps = int(kept["steps"])
        self.weights = {key: value.to(device) for key, value in kept["weights"].items()}
