"""What a model's folder says of its network: how fine it sees, and how wide it is."""

from __future__ import annotations

import json
from dataclasses import dataclass

from han5k_review.retraining.jobs.tasks import ModelFolder

OWN_KEY = "han5k_review"
"""Where the house's own values stand in a model's `dataset.json`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkShape:
    """Spacing the volumes are averaged down to (None: native), and features of the first stage."""

    working_spacing_mm: float | None
    base_features: int


def find_shape(model: ModelFolder) -> NetworkShape | None:
    """The network of a model's files; None when they are gone or do not say."""
    try:
        own = json.loads((model.folder / "dataset.json").read_text()).get(OWN_KEY, {})
        plans = json.loads((model.folder / "plans.json").read_text())
        network = plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]
        spacing = own.get("working_spacing_mm")
        return NetworkShape(
            working_spacing_mm=None if spacing is None else float(spacing),
            base_features=int(network["features_per_stage"][0]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
