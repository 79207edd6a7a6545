"""The weights of a child mixed with its parent's: alpha child + (1 - alpha) parent.

Weights half way between a network and its continuation forget less and gain as much (WiSE-FT,
Wortsman et al., CVPR 2022; on our data docs/loop.md). One alpha for the whole network is chosen by
Dice on the monitor patients, who taught neither of both; never on the held-out ones, and never one
for each group of structures, which would be a search among noise. Only what people drew counts: a
contour that the parent predicted itself, replayed or accepted as it is, agrees with the parent and
would always ask for more of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from numpy.typing import NDArray

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.tasks import TrainCase, TrainJob, visible_device
from han5k_review.retraining.network.checkpoints import CONFIGURATION, read_weights
from han5k_review.retraining.network.predicting.open_models import ShownTwice
from han5k_review.retraining.network.predicting.tiles import TilePredictor
from han5k_review.retraining.network.training.dataset import Prepared

ALPHAS = (1.0, 0.75, 0.5)
_MOST_CASES = 30
Weights = Mapping[str, torch.Tensor]
Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The chosen share of the child, its weights, and the mean Dice of each share on `cases`."""

    alpha: float
    weights: Weights
    cases: int = 0
    dice: dict[str, float] = field(default_factory=dict)


def mix_with_parent(job: TrainJob, prepared: Prepared, child: Weights, say: Say) -> Mixed | None:
    """The child mixed with the job's parent; None where nothing is to be mixed.

    Without a monitor case in which a person drew the child stays as it is (alpha 1).
    """
    if job.parent is None or not job.settings.mix_with_parent:
        return None
    parent = read_weights(job.parent)["network_weights"]
    where = job.parent.folder.name
    shares = {alpha: mix_weights(parent, child, alpha, where) for alpha in ALPHAS}
    cases = _choose_cases(job)
    measured: dict[float, list[float]] = {alpha: [] for alpha in ALPHAS}
    predict = _Predictor(job, prepared)
    for number, (alpha, weights) in enumerate(shares.items()):
        predict.load(weights)
        for place, case in enumerate(cases):
            say("choosing how much of the parent", number * len(cases) + place, 3 * len(cases))
            dice = predict.measure(case)
            if dice is not None:
                measured[alpha].append(dice)
    means = {alpha: float(np.mean(found)) for alpha, found in measured.items() if found}
    alpha = choose_alpha(means)
    return Mixed(
        alpha=alpha,
        weights=shares[alpha],
        cases=len(measured[1.0]),
        dice={f"{a:g}": round(mean, 5) for a, mean in means.items()},
    )


def mix_weights(parent: Weights, child: Weights, alpha: float, name: str) -> dict[str, Any]:
    """alpha child + (1 - alpha) parent; what is not a floating number is the child's.

    ConfigError for a parent of another architecture.
    """
    differ = sorted(
        {*parent, *child}
        - {k for k in parent.keys() & child.keys() if parent[k].shape == child[k].shape}
    )
    if differ:
        raise ConfigError(
            f"A parent of the same architecture was expected to mix weights with (alpha {alpha:g}),"
            f" found {name} with {len(differ)} other tensors, {differ[0]} among them; switch "
            "mix_with_parent off, or continue a parent of this architecture."
        )
    return {
        key: torch.lerp(parent[key].float(), own.float(), alpha).to(own.dtype)
        if own.is_floating_point() and alpha < 1
        else own
        for key, own in child.items()
    }


def choose_alpha(means: Mapping[float, float]) -> float:
    """The share with the best mean Dice; of equal ones the larger, and 1 where there is none."""
    return max(means, key=lambda alpha: (means[alpha], alpha), default=1.0)


def measure_trusted_dice(
    values: NDArray[np.integer[Any]],
    target: NDArray[np.integer[Any]],
    trusted: Sequence[int],
    ignore_value: int | None,
) -> float | None:
    """Mean Dice of the trusted labels (z, y, x); None where all are empty in both.

    Ignored voxels and those outside the body (-1) do not count.
    """
    counts = (target >= 0) & (target != (-1 if ignore_value is None else ignore_value))
    found = []
    for value in trusted:
        here, there = (values == value) & counts, (target == value) & counts
        total = np.count_nonzero(here) + np.count_nonzero(there)
        if total:
            found.append(2 * np.count_nonzero(here & there) / total)
    return float(np.mean(found)) if found else None


def _choose_cases(job: TrainJob) -> list[TrainCase]:
    monitored = [c for c in job.cases if c.monitor and c.revised]
    if len(monitored) > _MOST_CASES:
        monitored = random.Random(job.settings.seed).sample(monitored, _MOST_CASES)
    return monitored


class _Predictor:
    """The network of the plans, with one set of weights after the other."""

    def __init__(self, job: TrainJob, prepared: Prepared) -> None:
        self.labels = job.labels
        manager = PlansManager(prepared.plans)
        configuration = manager.get_configuration(CONFIGURATION)
        heads = manager.get_label_manager(prepared.dataset)
        self.ignore_value = heads.ignore_label
        self.cases = nnUNetDatasetBlosc2(str(prepared.folder / configuration.data_identifier))
        self.network = get_network_from_plans(
            configuration.network_arch_class_name,
            configuration.network_arch_init_kwargs,
            configuration.network_arch_init_kwargs_req_import,
            1,
            heads.num_segmentation_heads,
            allow_init=False,
            deep_supervision=False,
        )
        self.predictor = TilePredictor(job.settings.tile_step, torch.device(visible_device(job)))
        self.predictor.manual_initialization(
            ShownTwice(self.network),
            manager,
            configuration,
            None,
            prepared.dataset,
            "nnUNetTrainer",
            None,
        )

    def load(self, weights: Weights) -> None:
        self.network.load_state_dict(weights, strict=True)

    def measure(self, case: TrainCase) -> float | None:
        data, seg, *_ = self.cases.load_case(case.name)
        image = torch.from_numpy(np.asarray(data[:]))
        logits = self.predictor.predict_sliding_window_return_logits(image)
        drawn = [self.labels[name] for name in case.revised if name in self.labels]
        values = logits.argmax(0).cpu().numpy()
        return measure_trusted_dice(values, np.asarray(seg[0]), drawn, self.ignore_value)
