"""One case predicted by one model or its ensemble: the unit of work, here or on a Dask worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.jobs.results import Doubt, Entropy
from han5k_review.retraining.jobs.tasks import ModelFolder, PredictCase
from han5k_review.retraining.network.predicting.entropies import (
    measure_entropies,
    split_logits,
    split_sums,
)
from han5k_review.retraining.network.predicting.members import list_logits, measure_doubts
from han5k_review.retraining.network.predicting.memory import check_prediction_memory
from han5k_review.retraining.network.predicting.open_models import (
    OpenModel,
    PreparedCase,
    open_model,
    predict_values,
    prepare_case,
    restore_masks,
)
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.vocabulary import Uncertainty
from han5k_review.store.volume_files import VolumeFiles

_OPEN_MODELS = 4
_SLICES = 16  # softmax of so many at once, so that memory holds no second volume of it
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionTask:
    """What one case needs; small, and the same in every process that sees the study's folder."""

    models: tuple[ModelFolder, ...]
    case: PredictCase
    volumes: Path
    masks: Path
    uncertainty: Uncertainty
    device: str
    tile_step: float
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Hashes of the stored masks, entropies, and doubts when several predictions were made."""

    masks: dict[str, str]
    entropies: dict[str, Entropy]
    doubts: dict[str, Doubt] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePrediction:
    """Masks on the volume's own grid, and how unsure they are; doubts of several predictions."""

    masks: dict[str, StructureMask]
    entropies: dict[str, Entropy]
    doubts: dict[str, Doubt] = field(default_factory=dict)


def predict_and_store(task: PredictionTask) -> Predicted:
    """Read the CT, predict it, store the masks by hash; memory holds one case at a time."""
    torch.set_num_threads(task.threads)
    models = [_open(m, task.device, task.tile_step) for m in task.models]
    volume = VolumeFiles(folder=task.volumes).get_volume(task.case.image_sha256)
    found = predict_volume(models, volume, task.uncertainty)
    labels = LabelFiles(folder=task.masks)
    hashes = {name: labels.put_mask(mask) for name, mask in found.masks.items()}
    return Predicted(masks=hashes, entropies=found.entropies, doubts=found.doubts)


@lru_cache(maxsize=_OPEN_MODELS)
def _open(model: ModelFolder, device: str, tile_step: float) -> OpenModel:
    return open_model(model, device, tile_step)


def predict_volume(
    models: list[OpenModel], volume: CtVolume, uncertainty: Uncertainty = Uncertainty.OFF
) -> VolumePrediction:
    """The masks, and the doubt per structure unless `uncertainty` is off.

    Mirrored and ensemble predictions are averaged (softmax) for the mask and its entropy; shifted
    ones only tell how much the plain prediction is to be doubted.
    """
    model = models[0]
    case = prepare_case(model, volume)
    heads = model.predictor.label_manager.num_segmentation_heads
    check_prediction_memory(case.image.shape[1:], heads, uncertainty, model.predictor.device)
    if uncertainty is Uncertainty.OFF:
        (logits,) = list_logits(models[:1], case.image, uncertainty)
        entropies = _run_anywhere(lambda own: measure_entropies(model, split_logits(own)), logits)
        values = predict_values_anywhere(model, case, logits)
        return VolumePrediction(masks=restore_masks(model, case, values), entropies=entropies)
    averaged = uncertainty is not Uncertainty.SHIFTED
    maps: list[NDArray[np.uint8]] = []
    total, entropies = None, {}
    for logits in list_logits(models, case.image, uncertainty):
        if not averaged and not maps:
            entropies = measure_entropies(model, split_logits(logits))
        maps.append(predict_values(model, case, logits))
        if averaged:
            total = torch.zeros(logits.shape) if total is None else total
            pairs = (torch.split(values, _SLICES, 1) for values in (total, logits))
            for there, here in zip(*pairs, strict=True):
                there += torch.softmax(here.float(), dim=0)
    values = maps[0]
    if total is not None:
        entropies = measure_entropies(model, split_sums(total, len(maps)))
        values = predict_values(model, case, total)
    return VolumePrediction(
        masks=restore_masks(model, case, values),
        entropies=entropies,
        doubts=measure_doubts(model, maps),
    )


def predict_values_anywhere(
    model: OpenModel, case: PreparedCase, logits: torch.Tensor
) -> NDArray[np.uint8]:
    """The label map (z, y, x) of logits (classes, z, y, x), on the GPU if it has room for it."""
    return _run_anywhere(lambda own: predict_values(model, case, own), logits)


def _run_anywhere(work: Callable[[torch.Tensor], _T], logits: torch.Tensor) -> _T:
    """`work` on logits (classes, z, y, x) where they lie; in main memory if a GPU has no room."""
    try:
        return work(logits)
    except torch.cuda.OutOfMemoryError:
        return work(logits.cpu())


def predict_case(model: OpenModel, volume: CtVolume) -> dict[str, StructureMask]:
    """One mask per structure of the model's table, on the volume's own grid."""
    return predict_volume([model], volume).masks
