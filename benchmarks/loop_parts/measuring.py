"""Models measured on patients, in a process of its own: one patient after the other, all models.

A patient's CT is prepared once for all models that see it alike. What was measured is kept by
patient; a process that is killed loses one patient.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from han5k_review.imaging.ct_files import read_ct
from han5k_review.metrics import measure_pair
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.network.checkpoints import read_weights
from han5k_review.retraining.network.predicting.open_models import (
    OpenModel,
    PreparedCase,
    open_model,
    predict_values,
    prepare_case,
    restore_masks,
)
from han5k_review.retraining.network.training.mixing import mix_weights
from loop_parts.data import read_masks
from loop_parts.results import Row, write_rows

TILE_STEP = 0.75  # as the preset `smoke` predicts


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A model to measure: the trained share `alpha` of its weights, the rest its parent's."""

    name: str
    model: ModelFolder
    alpha: float = 1.0
    parent: ModelFolder | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """Patients with their folders, the models, and the folder of what is found."""

    patients: Mapping[str, Path]
    models: Sequence[Measured]
    out: Path


def measure(task: Task) -> int:
    """Measure all patients that are not measured yet; how many that were."""
    torch.set_num_threads(1)
    opened: list[tuple[Measured, OpenModel]] = []
    done = 0
    for number, folder in task.patients.items():
        path = task.out / f"{number}.csv"
        if path.exists():
            continue
        opened = opened or [(m, _open(m)) for m in task.models]
        write_rows(path, _measure_patient(number, folder, opened))
        done += 1
    return done


def _open(one: Measured) -> OpenModel:
    model = open_model(one.model, "cpu", TILE_STEP)
    if one.alpha < 1 and one.parent is not None:
        parent, child = (read_weights(m)["network_weights"] for m in (one.parent, one.model))
        weights = mix_weights(parent, child, one.alpha, one.parent.folder.name)
        model.predictor.network.network.load_state_dict(weights, strict=True)
    return model


def _measure_patient(
    number: str, folder: Path, opened: Sequence[tuple[Measured, OpenModel]]
) -> list[Row]:
    volume = read_ct(folder / f"pt_{number}_ct.nii.gz")
    clinical = read_masks(folder, number, volume.grid)
    seen: dict[str, PreparedCase] = {}
    rows = []
    for one, model in opened:
        eye = _eye(model)
        if eye not in seen:
            seen[eye] = prepare_case(model, volume)
        case = seen[eye]
        logits = model.predictor.predict_sliding_window_return_logits(case.image)
        masks = restore_masks(model, case, predict_values(model, case, logits))
        for name, mask in masks.items():
            if name in clinical:
                panel = measure_pair(clinical[name], mask, volume.grid.spacing_mm)
                rows.append(
                    Row(
                        model=one.name,
                        alpha=one.alpha,
                        patient=number,
                        structure=name,
                        dice=round(float(panel.dice), 6),
                        hd95_mm=round(float(panel.hd95_mm), 3),
                    )
                )
    return rows


def _eye(model: OpenModel) -> str:
    """What decides how a CT looks to the model."""
    return json.dumps([model.plans.plans, model.dataset.get("han5k_review")], default=_as_text)


def _as_text(value: Any) -> str:
    return str(value)
