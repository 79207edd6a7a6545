"""The partial-label loss: untrusted contours teach nothing, full trust is nnU-Net's own loss."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from han5k_review.errors import ConfigError
from han5k_review.retraining.network.training.marginal_loss import MarginalDiceCrossEntropy

CLASSES = 7
UNTRUSTED = (1, 6)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def batch(seed: int = 0, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, target and trust of two cases; the first does not trust classes 1 and 6."""
    source = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, CLASSES, 6, 7, 5, generator=source, dtype=dtype) * 2
    target = torch.randint(0, CLASSES, (2, 1, 6, 7, 5), generator=source).short()
    trust = torch.ones(2, CLASSES, dtype=torch.bool)
    trust[0, list(UNTRUSTED)] = False
    return logits, target, trust


def loss_and_gradient(
    logits: Tensor, target: Tensor, trust: Tensor, *, batch_dice: bool, ignore: int | None = None
) -> tuple[Tensor, Tensor]:
    loss = MarginalDiceCrossEntropy(CLASSES, batch_dice=batch_dice, ignore_value=ignore)
    loss.trust(trust)
    leaf = logits.clone().requires_grad_()
    value = loss(leaf, target)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


def nnunet_loss(
    logits: Tensor, target: Tensor, *, batch_dice: bool, ignore: int | None = None
) -> tuple[Tensor, Tensor]:
    settings = {"batch_dice": batch_dice, "smooth": 1e-5, "do_bg": False, "ddp": False}
    loss = DC_and_CE_loss(settings, {}, 1, 1, ignore, MemoryEfficientSoftDiceLoss)
    leaf = logits.clone().requires_grad_()
    value = loss(leaf, target)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


@pytest.mark.parametrize("batch_dice", [True, False])
def test_with_everything_trusted_it_is_nnunets_own_loss(batch_dice: bool) -> None:
    logits, target, trust = batch()
    trust[:] = True
    ours, our_gradient = loss_and_gradient(logits, target, trust, batch_dice=batch_dice)
    theirs, their_gradient = nnunet_loss(logits, target, batch_dice=batch_dice)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
    torch.testing.assert_close(our_gradient, their_gradient, atol=1e-7, rtol=1e-5)


def test_ignored_voxels_count_as_in_nnunets_own_loss() -> None:
    logits, target, trust = batch()
    trust[:] = True
    target[:, :, 0] = CLASSES
    ours, our_gradient = loss_and_gradient(logits, target, trust, batch_dice=False, ignore=CLASSES)
    theirs, their_gradient = nnunet_loss(logits, target, batch_dice=False, ignore=CLASSES)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
    torch.testing.assert_close(our_gradient, their_gradient, atol=1e-7, rtol=1e-5)
    assert our_gradient[:, :, 0].abs().max() == 0


@pytest.mark.parametrize("batch_dice", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_an_untrusted_contour_changes_nothing_bit_for_bit(batch_dice: bool, seed: int) -> None:
    logits, target, trust = batch()
    before, gradient = loss_and_gradient(logits, target, trust, batch_dice=batch_dice)
    unknown = (target[0] == 0) | (target[0] == UNTRUSTED[0]) | (target[0] == UNTRUSTED[1])
    redrawn = target.clone()
    draw = torch.randint(0, 3, (int(unknown.sum()),), generator=torch.Generator().manual_seed(seed))
    redrawn[0][unknown] = torch.tensor([0, *UNTRUSTED]).short()[draw]
    assert not torch.equal(redrawn, target)
    after, other_gradient = loss_and_gradient(logits, redrawn, trust, batch_dice=batch_dice)
    assert torch.equal(before, after)
    assert torch.equal(gradient, other_gradient)


def test_a_sure_untrusted_prediction_is_not_pushed_away() -> None:
    logits, target, trust = batch()
    logits[0, UNTRUSTED[0]] = 40.0
    target[:] = 0
    _, gradient = loss_and_gradient(logits, target, trust, batch_dice=False)
    assert gradient[0].abs().max() < 1e-9
    _, naive = nnunet_loss(logits, target, batch_dice=False)
    assert naive[0, UNTRUSTED[0]].min() > 1e-4


def test_background_and_untrusted_share_one_gradient_by_probability() -> None:
    logits, target, trust = batch(dtype=torch.float64)
    _, gradient = loss_and_gradient(logits, target, trust, batch_dice=True)
    p = torch.softmax(logits, 1)
    for untrusted in UNTRUSTED:
        torch.testing.assert_close(
            gradient[0, untrusted] * p[0, 0], gradient[0, 0] * p[0, untrusted], atol=1e-7, rtol=0
        )


@pytest.mark.parametrize("batch_dice", [True, False])
def test_in_double_precision_its_gradient_is_that_of_its_value(batch_dice: bool) -> None:
    logits, target, trust = batch(dtype=torch.float64)
    target[1, :, 0] = CLASSES
    loss = MarginalDiceCrossEntropy(CLASSES, batch_dice=batch_dice, ignore_value=CLASSES)
    loss.trust(trust)
    corner = (slice(None), slice(None), slice(0, 2), slice(0, 2), slice(0, 2))
    leaf, truth = logits[corner].clone().requires_grad_(), target[corner]
    assert torch.autograd.gradcheck(lambda z: loss(z, truth), (leaf,))


@pytest.mark.parametrize("batch_dice", [True, False])
def test_it_asks_a_gpu_for_nothing_that_the_host_must_wait_for(batch_dice: bool) -> None:
    logits, target, trust = batch()
    loss = MarginalDiceCrossEntropy(CLASSES, batch_dice=batch_dice, ignore_value=CLASSES)
    loss.trust(trust)
    loss(logits, target)  # the classes of a batch are brought to its device once
    with _Waits() as seen:
        loss(logits.clone().requires_grad_(), target).backward()
    assert seen.names == []


class _Waits(TorchDispatchMode):
    """Operations whose result the host needs before it can go on: a number, or a shape."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        by_mask = "index" in function.__name__ and any(
            isinstance(i, Tensor) and i.dtype == torch.bool
            for group in args
            if isinstance(group, list | tuple)
            for i in group
        )
        if by_mask or function.__name__.startswith(
            ("_local_scalar_dense", "nonzero", "masked_select", "unique", "bincount")
        ):
            self.names.append(function.__name__)
        return function(*args, **(kwargs or {}))


def test_nothing_trusted_teaches_nothing() -> None:
    logits, target, trust = batch()
    trust[:, 1:] = False
    _, gradient = loss_and_gradient(logits, target, trust, batch_dice=True)
    assert gradient.abs().max() < 1e-6


def test_it_refuses_a_batch_whose_trust_was_not_said() -> None:
    logits, target, _ = batch()
    loss = MarginalDiceCrossEntropy(CLASSES, batch_dice=False, ignore_value=None)
    with pytest.raises(ConfigError, match="were not set"):
        loss(logits, target)


def test_deep_supervision_weighs_the_scales() -> None:
    logits, target, trust = batch()
    loss = MarginalDiceCrossEntropy(CLASSES, batch_dice=False, ignore_value=None)
    loss.trust(trust)
    outputs = [logits, logits[..., ::2], logits[..., ::4]]
    targets = [target, target[..., ::2], target[..., ::4]]
    together = DeepSupervisionWrapper(loss, [0.67, 0.33, 0.0])(outputs, targets)
    alone = 0.67 * loss(outputs[0], targets[0]) + 0.33 * loss(outputs[1], targets[1])
    torch.testing.assert_close(together, alone)
