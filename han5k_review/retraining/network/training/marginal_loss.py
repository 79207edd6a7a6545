"""Cross-entropy + soft Dice for label maps in which only some structures are trusted.

For a case let T be its trusted structures and M = {background} + all others. The loss sees

    q_0 = sum over M of softmax(z)        "background, or something nobody vouches for"
    q_c = softmax(z)_c for c in T

and the target with every label outside T set to 0. What an untrusted contour looks like has no
influence, and the network's head keeps its width. With T = all it is nnU-Net's `DC_and_CE_loss`
(Isensee et al., Nature Methods 18:203, 2021). The marginal idea: Fang & Yan, IEEE TMI 39:3619,
2020; Shi et al., Medical Image Analysis 70:101979, 2021.
"""

from __future__ import annotations

import torch
from nnunetv2.utilities.ddp_allgather import AllGatherGrad
from torch import Tensor, nn

from han5k_review.errors import ConfigError

_SMOOTH = 1e-5


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

    def trust(self, trusted: Tensor) -> None:
        """(batch, class) bool: which classes of each case of the next batch are trusted."""
        self._trusted = trusted.to("cpu", torch.bool)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """CE averaged over the voxels that count + minus the mean Dice of the trusted classes."""
        trusted = self._trusted
        if trusted is None or trusted.shape != logits.shape[:2]:
            raise ConfigError(
                "The trusted structures of each case of the batch were expected; they were not set."
            )
        counted, nll = 0, logits.new_zeros((), dtype=torch.float32)
        sums = []
        for one, truth, trust in zip(logits, target, trusted, strict=True):
            case_nll, voxels, case_sums = self._case(one, truth, trust)
            nll, counted = nll + case_nll, counted + voxels
            sums.append(case_sums)
        return nll / max(counted, 1) - self._dice(torch.stack(sums, dim=1), trusted[:, 1:])

    def _case(self, logits: Tensor, target: Tensor, trust: Tensor) -> tuple[Tensor, int, Tensor]:
        """Summed NLL, number of voxels, and (intersection, predicted, true) per class from 1 on."""
        z = logits.float().flatten(1)
        truth = target[0].flatten().long()
        if self.ignore_value is not None:
            keep = truth != self.ignore_value
            z, truth = z[:, keep], truth[keep]
        foreground = [c for c in range(1, self.classes) if trust[c]]
        merged = [c for c in range(self.classes) if c == 0 or not trust[c]]
        places = torch.zeros(self.classes, dtype=torch.long)
        places[foreground] = torch.arange(1, len(foreground) + 1)
        truth = places.to(z.device)[truth]
        logp = torch.log_softmax(z, dim=0)
        if len(merged) > 1:
            background = torch.logsumexp(logp[merged], dim=0, keepdim=True)
            logp = torch.cat((background, logp[foreground]))
        nll = -logp.gather(0, truth[None]).sum()
        p = logp[1:].exp()
        onehot = torch.zeros_like(logp).scatter_(0, truth[None], 1.0)[1:]
        case = torch.stack(((p * onehot).sum(1), p.sum(1), onehot.sum(1)))
        wide = case.new_zeros((3, self.classes - 1))
        where = torch.tensor([c - 1 for c in foreground], dtype=torch.long, device=z.device)
        return nll, truth.numel(), wide.index_copy(1, where, case)

    def _dice(self, sums: Tensor, trusted: Tensor) -> Tensor:
        """Mean soft Dice over the trusted; `sums` is (3, batch, class - 1)."""
        use = trusted.to(sums.device)
        if self.batch_dice:
            if self.ddp:
                sums = AllGatherGrad.apply(sums).sum(0)
                use = AllGatherGrad.apply(use.float()).sum(0) > 0
            sums, use = sums.sum(1), use.any(0)
        intersection, predicted, true = sums.unbind(0)
        dice = (2 * intersection + _SMOOTH) / (true + predicted + _SMOOTH).clamp_min(1e-8)
        return dice[use].mean() if bool(use.any()) else dice.sum() * 0
