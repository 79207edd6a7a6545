"""How large the proof is, and what there is to do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from han5k_review.retraining.network.training.mixing import ALPHAS
from loop_parts.arms import ARMS, PLANTED, ArmKind
from loop_parts.data import Sizes
from loop_parts.results import PARENT
from loop_parts.training import Lengths

STEPS_PER_PREDICTION = 4.0
"""What one measured prediction takes, in steps of a training."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large the proof is."""

    sizes: Sizes
    lengths: Lengths
    seeds: int
    budget: int

    def list_seeds(self, kind: ArmKind) -> range:
        return range(1, 2 if kind.one_seed else self.seeds + 1)


def has_parent(name: str) -> bool:
    return next(kind for kind in ARMS if kind.name == name).from_parent


def name_training(kind: ArmKind, seed: int) -> str:
    """The folder of one training, and its name in every table."""
    return f"{kind.name}, seed {seed}"


def count_units(
    plan: Plan, names: Collection[str], tested: int, is_done: Callable[[str], bool]
) -> float:
    """What is left to do, in steps; `is_done` is asked for "parent" and for each training."""
    lengths = plan.lengths
    steps = 0 if is_done(PARENT) else lengths.parent_epochs
    predictions = 0
    for kind in (kind for kind in ARMS if kind.name in names):
        own = lengths.arm_epochs if kind.experiment == PLANTED else lengths.gap_epochs
        own += 0 if kind.from_parent else lengths.parent_epochs
        for seed in plan.list_seeds(kind):
            steps += 0 if is_done(name_training(kind, seed)) else own
            predictions += 2 * tested + len(ALPHAS) * plan.sizes.monitor
    return steps * lengths.iterations + predictions * STEPS_PER_PREDICTION
