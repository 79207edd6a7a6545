"""Plans that fit into less memory: the same network, and its weights, on smaller patches."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from han5k_review.errors import ConfigError
from han5k_review.retraining.network.checkpoints import CONFIGURATION
from han5k_review.retraining.network.training.planning import HousePlanner
from han5k_review.store.files import write_atomically

Plans = dict[str, Any]
_NNUNET_BATCH = 2
_FEATURE_MAPS_PER_GB = 560e6 / 8  # nnU-Net's reference for a batch of two in 8 GB
_ROUNDING = 1.25
_LEAST_BOTTLENECK = 4  # voxels; instance normalisation needs more than one


def settle_plans(path: Path, memory_target_gb: float, plan: Callable[[], Plans]) -> Plans:
    """The plans of this work folder: made once, kept, and shrunk when memory_target_gb fell.

    A run that goes on after it had not enough memory keeps its network and its epochs.
    """
    if path.exists():
        kept = json.loads(path.read_text())
        plans: Plans = kept["plans"]
        share = memory_target_gb / kept["memory_target_gb"]
        if share < 1:
            plans = shrink_plans(plans, share)
    else:
        plans = plan()
    content = {"memory_target_gb": memory_target_gb, "plans": plans}
    write_atomically(path, json.dumps(content, indent=1).encode())
    return plans


def fit_plans(plans: Plans, memory_target_gb: float, dataset: Mapping[str, Any]) -> Plans:
    """A parent's plans within the memory target of the run: as they are, or on smaller patches.

    What plans take is measured as nnU-Net's planner does, by the size of the feature maps; its
    rounding of the batch may take a quarter more than was asked for.
    """
    configuration = plans["configurations"][CONFIGURATION]
    network = configuration["architecture"]
    maps = HousePlanner.static_estimate_VRAM_usage(
        configuration["patch_size"],
        len(dataset["channel_names"]),
        len(dataset["labels"]),
        network["network_class_name"],
        network["arch_kwargs"],
        network["_kw_requires_import"],
    )
    takes_gb = maps * configuration["batch_size"] / _NNUNET_BATCH / _FEATURE_MAPS_PER_GB
    share = memory_target_gb / takes_gb
    return shrink_plans(plans, share) if share * _ROUNDING < 1 else plans


def shrink_plans(plans: Plans, share: float) -> Plans:
    """Plans whose batch times patch is at most `share` of what it was.

    Batches go down to nnU-Net's two, then patches by whole steps of the network's strides, the
    longest axis first, then the batch to one. ConfigError when even that is too large.
    """
    smaller = copy.deepcopy(plans)
    configuration = smaller["configurations"][CONFIGURATION]
    patch, batch = list(configuration["patch_size"]), int(configuration["batch_size"])
    strides = configuration["architecture"]["arch_kwargs"]["strides"]
    steps = [math.prod(s[axis] for s in strides) for axis in range(len(patch))]
    allowed = share * batch * math.prod(patch)
    while batch * math.prod(patch) > allowed:
        axis = _longest(patch, steps)
        if batch > _NNUNET_BATCH or (axis is None and batch > 1):
            batch -= 1
        elif axis is not None:
            patch[axis] -= steps[axis]
        else:
            raise ConfigError(
                f"A memory_target_gb of at least {batch * math.prod(patch) / allowed:.1f} times "
                "this one was expected: the network's smallest patch does not fit below it."
            )
    configuration["patch_size"], configuration["batch_size"] = patch, batch
    return smaller


def _longest(patch: list[int], steps: list[int]) -> int | None:
    """The axis with most steps left that can lose one; None when the patch is at its smallest."""
    blocks = [n // step for n, step in zip(patch, steps, strict=True)]
    for axis in sorted(range(len(patch)), key=lambda a: -blocks[a]):
        fewer = math.prod(blocks) // blocks[axis] * (blocks[axis] - 1)
        if blocks[axis] > 1 and fewer >= _LEAST_BOTTLENECK:
            return axis
    return None
