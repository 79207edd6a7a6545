"""Cross-entropy + soft Dice for label maps in which only some structures are trusted.

For a case let T be its trusted structures and M = {background} + all others. The loss sees

    q_0 = sum over M of softmax(z)        "background, or something nobody vouches for"
    q_c = softmax(z)_c for c in T

and the target with every label outside T set to 0. What an untrusted contour looks like has no
influence, and the network's head keeps its width. With T = all it is nnU-Net's `DC_and_CE_loss`
(Isensee et al., Nature Methods 18:203, 2021). The marginal idea: Fang & Yan, IEEE TMI 39:3619,
2020; Shi et al., Medical Image Analysis 70:101979, 2021.

Nothing here waits for a GPU: which classes are merged goes to it once a batch, and ignored voxels
are weighed by 0 instead of being cut out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from nnunetv2.utilities.ddp_allgather import AllGatherGrad
from torch import Tensor, nn

from han5k_review.errors import ConfigError

_SMOOTH = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Classes:
    """The classes of one case, as indices on the device of its logits.

    `merged` are the background and all untrusted ones, `foreground` the trusted ones; `places` says
    for each label which class it becomes: 0, or 1 + its place in `foreground`.
    """

    merged: Tensor
    foreground: Tensor
    places: Tensor


class MarginalDiceCrossEntropy(nn.Module):
    """Call `trust` for every batch before the loss; it refuses to guess.

    Logits are (batch, class, ...) and targets (batch, 1, ...), class 0 the background.
    `batch_dice` sums over the batch before the ratio, and over all processes with `ddp`.
    """

    def __init__(
        self, classes: int, *, batch_dice: bool, ignore_value: int | None, ddp: bool = False
    ) -> None:
        super().__init__()
        self.classes = classes
        self.batch_dice = batch_dice
        self.ignore_value = ignore_value
        self.ddp = ddp
        self._trusted: Tensor | None = None
        self._cases: tuple[_Classes, ...] = ()
        self._use: Tensor | None = None

    def trust(self, trusted: Tensor) -> None:
        """(batch, class), True for each class that is trusted in a case of the next batch."""
        self._trusted = trusted.to("cpu", torch.bool)
        self._cases, self._use = (), None

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """CE averaged over the voxels that count + minus the mean Dice of the trusted classes.

        Logits (batch, class, z, y, x), labels (batch, 1, z, y, x). ConfigError before `trust`.
        """
        trusted = self._trusted
        if trusted is None or trusted.shape != logits.shape[:2]:
            raise ConfigError(
                "The trusted structures of each case of the batch were expected; they were not set."
            )
        if self._use is None or self._use.device != logits.device:
            self._cases, self._use = _bring(trusted, logits.device)
        nlls, counted, sums = [], [], []
        for one, truth, classes in zip(logits, target, self._cases, strict=True):
            case_nll, voxels, case_sums = self._case(one, truth[0], classes)
            nlls.append(case_nll)
            counted.append(voxels)
            sums.append(case_sums)
        nll = torch.stack(nlls).sum() / torch.stack(counted).sum().clamp_min(1)
        return nll - self._dice(torch.stack(sums, dim=1), self._use)

    def _case(
        self, logits: Tensor, target: Tensor, classes: _Classes
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Summed NLL, voxels that count, and (intersection, predicted, true) per class from 1 on.

        Voxels stay in rows of the first axis: sums by label are made row by row, so that not all
        voxels of a patch queue up for one number on a GPU.
        """
        z = (logits if logits.dtype == torch.float64 else logits.float()).flatten(2)
        truth = target.flatten(1).long()
        keep = None
        if self.ignore_value is not None:
            keep = (truth != self.ignore_value).to(z.dtype)
            truth = torch.where(truth == self.ignore_value, 0, truth)
        truth = classes.places[truth]
        logp = torch.log_softmax(z, dim=0)
        if len(classes.merged) > 1:
            background = logp.index_select(0, classes.merged).logsumexp(0, keepdim=True)
            logp = torch.cat((background, logp.index_select(0, classes.foreground)))
        picked = logp.gather(0, truth[None])[0]
        ones = torch.ones_like(picked) if keep is None else keep
        p = logp[1:].exp() if keep is None else logp[1:].exp() * keep
        rows = picked.new_zeros((picked.shape[0], len(logp)))
        intersection = rows.scatter_add(1, truth, picked.exp() * ones).sum(0)[1:]
        true = rows.scatter_add(1, truth, ones).sum(0)[1:]
        case = torch.stack((intersection, p.sum((1, 2)), true))
        wide = case.new_zeros((3, self.classes - 1))
        nll = -(picked if keep is None else picked * keep).sum()
        return nll, ones.sum(), wide.index_copy(1, classes.foreground - 1, case)

    def _dice(self, sums: Tensor, use: Tensor) -> Tensor:
        """Mean soft Dice over the trusted; `sums` is (3, batch, class - 1), `use` 1 or 0.

        Processes may hold batches of different sizes: each sums its own before they are gathered.
        """
        if self.batch_dice:
            sums, use = sums.sum(1), use.amax(0)
            if self.ddp:
                sums = AllGatherGrad.apply(sums).sum(0)
                use = AllGatherGrad.apply(use).amax(0)
        intersection, predicted, true = sums.unbind(0)
        dice = (2 * intersection + _SMOOTH) / (true + predicted + _SMOOTH).clamp_min(1e-8)
        return (dice * use).sum() / use.sum().clamp_min(1)


def _bring(trusted: Tensor, device: torch.device) -> tuple[tuple[_Classes, ...], Tensor]:
    """The classes of each case, and (batch, class - 1) which count, in one copy to the device."""
    batch, count = trusted.shape
    parts: list[Tensor] = []
    for trust in trusted:
        use = trust.clone()
        use[0] = False
        foreground, merged = use.nonzero()[:, 0], (~use).nonzero()[:, 0]
        places = torch.zeros(count, dtype=torch.long)
        places[foreground] = torch.arange(1, len(foreground) + 1)
        parts += [merged, foreground, places]
    packed = torch.cat([*parts, trusted[:, 1:].long().flatten()])
    if device.type == "cuda":
        packed = packed.pin_memory().to(device, non_blocking=True)
    found = torch.split(packed.to(device), [*map(len, parts), batch * (count - 1)])
    cases = tuple(
        _Classes(merged=found[n], foreground=found[n + 1], places=found[n + 2])
        for n in range(0, 3 * batch, 3)
    )
    return cases, found[-1].reshape(batch, count - 1).float()
