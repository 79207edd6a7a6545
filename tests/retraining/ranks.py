"""What one of two processes does in the tests of several GPUs: gloo on the CPU stands for them."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from torch import Tensor, distributed

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.network.training.dataset import prepare_dataset
from han5k_review.retraining.network.training.marginal_loss import MarginalDiceCrossEntropy
from han5k_review.retraining.network.training.training import train_on_ranks
from tests.retraining.cpu_trainer import CPU_RANKS

CLASSES = 4
RANKS = 2


def make_batch(seed: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Two cases, of which each rank gets one; the first does not trust class 2."""
    source = torch.Generator().manual_seed(seed)
    logits = torch.randn(RANKS, CLASSES, 5, 6, 4, generator=source) * 2
    target = torch.randint(0, CLASSES, (RANKS, 1, 5, 6, 4), generator=source).short()
    trust = torch.ones(RANKS, CLASSES, dtype=torch.bool)
    trust[0, 2] = False
    return logits, target, trust


def value_and_gradient(loss: torch.nn.Module, logits: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    leaf = logits.clone().requires_grad_()
    value = loss(leaf, target)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


def ours(*, ddp: bool, trust: Tensor) -> MarginalDiceCrossEntropy:
    loss = MarginalDiceCrossEntropy(CLASSES, batch_dice=True, ignore_value=None, ddp=ddp)
    loss.trust(trust)
    return loss


def make_odd_batch() -> tuple[Tensor, Tensor, Tensor]:
    """Three cases: the first rank gets two of them, as nnU-Net shares an odd batch out."""
    parts = [make_batch(seed) for seed in (3, 4)]
    logits, target, trust = (torch.cat([p[n] for p in parts])[:3] for n in range(3))
    return logits, target, trust


ODD_SHARES = (slice(0, 2), slice(2, 3))


def measure_odd_rank(rank: int, folder: str) -> None:
    """Our loss on this rank's share of the odd batch, into `<folder>/odd-<rank>.pt`."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/odd", rank=rank, world_size=RANKS
    )
    logits, target, trust = (part[ODD_SHARES[rank]] for part in make_odd_batch())
    found = value_and_gradient(ours(ddp=True, trust=trust), logits, target)
    torch.save(found, Path(folder) / f"odd-{rank}.pt")
    distributed.destroy_process_group()


def measure_rank(rank: int, folder: str) -> None:
    """Our loss and nnU-Net's on this rank's half, into `<folder>/<rank>.pt`."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=RANKS
    )
    logits, target, trust = (part[rank : rank + 1] for part in make_batch())
    everything = torch.ones_like(trust)
    settings = {"batch_dice": True, "smooth": 1e-5, "do_bg": False, "ddp": True}
    theirs = DC_and_CE_loss(settings, {}, 1, 1, None, MemoryEfficientSoftDiceLoss)
    found = {
        "theirs": value_and_gradient(theirs, logits, target),
        "all": value_and_gradient(ours(ddp=True, trust=everything), logits, target),
        "partial": value_and_gradient(ours(ddp=True, trust=trust), logits, target),
    }
    torch.save(found, Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


def train_on_two(folder: JobFolder) -> None:
    """Train the job of `folder` on two processes."""
    job = folder.read_job()
    assert isinstance(job, TrainJob)
    prepared = prepare_dataset(job, folder.work, lambda *_: None)
    train_on_ranks(folder, job, prepared, RANKS, CPU_RANKS)


if __name__ == "__main__":
    train_on_two(JobFolder(path=Path(sys.argv[1])))
