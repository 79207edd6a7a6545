"""The trainer of a group of CPU processes (gloo), which stand for GPUs where there are none."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel

from han5k_review.retraining.network.training.partial_trainer import PartialTrainer
from han5k_review.retraining.network.training.training import RankKind


class CpuRankTrainer(PartialTrainer):
    """nnU-Net takes a group for GPUs; here its network is wrapped without a GPU's number.

    The loss, the gathering and the checkpoints are those of a training on several GPUs.
    """

    def initialize(self) -> None:
        """nnU-Net's own, then wrapped."""
        self.device, self.grad_scaler = torch.device("cpu"), None
        self.is_ddp: bool = False
        super().initialize()
        self.is_ddp = True
        self._set_batch_size_and_oversample()
        self.network: Any = DistributedDataParallel(self.network)
        self.loss = self._build_loss()


# A fork, as this process has PyTorch and the folders of nnU-Net already, and no GPU.
CPU_RANKS = RankKind(start_method="fork", backend="gloo", trainer=CpuRankTrainer)
