"""The loss against stock nnU-Net's, as trainings call it, and both against double precision."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from gpu_results import Place, note, read_place, wait_for_gpu, write_row
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from torch import Tensor

from han5k_review.retraining.network.training.marginal_loss import MarginalDiceCrossEntropy

_SCALE = 65536.0  # as nnU-Net's gradient scaler begins
Loss = Callable[[Tensor, Tensor], Tensor]


def run() -> None:
    place = read_place()
    for structures in (26, 50):
        _compare(place, structures)
        if place.on_gpu:
            torch.cuda.empty_cache()


def make_ours(heads: int, *, trusted: int | None = None) -> MarginalDiceCrossEntropy:
    """Ours for a batch of two; the first case trusts `trusted` structures, or all."""
    loss = MarginalDiceCrossEntropy(heads, batch_dice=True, ignore_value=None)
    trust = torch.ones(2, heads, dtype=torch.bool)
    if trusted is not None:
        trust[0, 1 + trusted :] = False
    loss.trust(trust)
    return loss


def make_stock() -> Loss:
    """nnU-Net's own."""
    settings = {"batch_dice": True, "smooth": 1e-5, "do_bg": False, "ddp": False}
    loss: Loss = DC_and_CE_loss(settings, {}, 1, 1, None, MemoryEfficientSoftDiceLoss)
    return loss


def make_batch(heads: int, side: int, device: str) -> tuple[Tensor, Tensor]:
    """Logits that know a little, and blocks of labels, most voxels background."""
    source = torch.Generator().manual_seed(heads)
    coarse = torch.randint(-3 * heads, heads, (2, 1, *[side // 4] * 3), generator=source)
    target = coarse.clamp_min(0).repeat_interleave(4, 2).repeat_interleave(4, 3)
    target = target.repeat_interleave(4, 4).to(device)
    torch.manual_seed(heads)
    logits = torch.randn(2, heads, side, side, side, device=device)
    logits.scatter_add_(1, target, torch.full_like(logits[:, :1], 2.0))
    return logits, target.short()


def value_and_gradient(loss: Loss, logits: Tensor, target: Tensor) -> tuple[float, Tensor]:
    """The loss and its gradient, of half-precision logits scaled as the trainer scales it."""
    leaf = logits.detach().clone().requires_grad_()
    scale = _SCALE if leaf.dtype == torch.half else 1.0
    with torch.autocast(leaf.device.type, enabled=leaf.dtype == torch.half):
        value = loss(leaf, target)
    (value * scale).backward()
    assert leaf.grad is not None
    return float(value), leaf.grad.double() / scale


def _compare(place: Place, structures: int) -> None:
    heads, side = structures + 1, 16 if place.quick else 128
    logits, target = make_batch(heads, side, place.device)
    if place.on_gpu:
        logits = logits.half()
    ours, stock = make_ours(heads), make_stock()
    exact, exact_gradient = value_and_gradient(stock, logits.double(), target)
    found: dict[str, tuple[float, float]] = {}
    for name, loss in (("ours", ours), ("stock", stock)):
        value, gradient = value_and_gradient(loss, logits, target)
        off = float((gradient - exact_gradient).norm() / exact_gradient.norm())
        found[name] = (abs(value - exact), off)
    note(f"loss of {structures} structures: {found}")
    del exact_gradient, gradient
    size = f"{structures} structures, 2 x {side}^3"
    numbers = {"ours": found["ours"], "stock": found["stock"]}
    seen = f"{found['ours'][0]:.1e} (stock {found['stock'][0]:.1e})"
    name = f"loss against double precision, {size}"
    write_row(name, "< 1e-4", seen, found["ours"][0] < 1e-4, **numbers)
    seen = f"{found['ours'][1]:.1e} (stock {found['stock'][1]:.1e})"
    write_row(f"its gradient, relative, {size}", "< 2e-3", seen, found["ours"][1] < 2e-3)
    partial = make_ours(heads, trusted=structures // 2)
    times = _time({"stock": stock, "all": ours, "half": partial}, logits, target)
    ratio, half = times["all"] / times["stock"], times["half"] / times["stock"]
    seen = f"{ratio:.2f} x ({1e3 * times['all']:.1f} ms), half of one case untrusted {half:.2f} x"
    met = max(ratio, half) <= 1.3
    write_row(f"its time against stock, {size}", "<= 1.3 x", seen, met, seconds=times)


def _time(losses: dict[str, Loss], logits: Tensor, target: Tensor) -> dict[str, float]:
    """Median seconds of forward and backward, in turns."""
    found: dict[str, list[float]] = {name: [] for name in losses}
    for turn in range(13):
        for name, loss in losses.items():
            leaf = logits.detach().requires_grad_()
            leaf.grad = None
            wait_for_gpu()
            started = time.perf_counter()
            with torch.autocast(leaf.device.type, enabled=leaf.dtype == torch.half):
                value = loss(leaf, target)
            value.backward()
            wait_for_gpu()
            if turn >= 3:
                found[name].append(time.perf_counter() - started)
    return {name: sorted(times)[len(times) // 2] for name, times in found.items()}
