"""A registered model, opened for prediction, and one case predicted with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.preprocessing.resampling.resample_torch import resample_torch_fornnunet
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from numpy.typing import NDArray
from torch import nn

from han5k_review.errors import DataError
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.pieces import keep_largest
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.models.network_shape import OWN_KEY
from han5k_review.retraining.models.postprocessing_files import read_postprocessing
from han5k_review.retraining.network.checkpoints import CONFIGURATION, read_weights
from han5k_review.retraining.network.predicting.tiles import TilePredictor
from han5k_review.retraining.network.working_grid import WorkingGrid, reduce_volume, to_czyx
from han5k_review.texts.paths import say_cause

LEFT_RIGHT_AXIS_ZYX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModel:
    """Plans, label table and network, ready to predict."""

    name: str
    plans: Any
    dataset: dict[str, Any]
    predictor: Any
    mirror_axes: tuple[int, ...] = ()
    keep_largest: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, int]:
        """Structure -> label value."""
        table = self.dataset["labels"]
        return {n: v for n, v in table.items() if n not in ("background", "ignore")}

    @property
    def nested(self) -> dict[str, str]:
        """Inner structure -> the structure that it lies in and is added back to."""
        found: dict[str, str] = self.dataset.get(OWN_KEY, {}).get("nested", {})
        return found

    def sees_like(self, other: OpenModel) -> bool:
        """True when both read a case on the same grid and predict the same labels."""
        mine, theirs = (_eye(m) for m in (self, other))
        return mine == theirs


class ShownTwice(nn.Module):
    """A network that sees a single tile twice where that is faster.

    On a CPU with one thread PyTorch takes its slow 3-D convolution for a batch of one and the fast
    one for two: the tile comes back in less than half the time (8 features: 41 ms, not 89).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        """The network's own logits (batch, classes, z, y, x) of tiles (batch, 1, z, y, x)."""
        alone = tiles.shape[0] == 1 and tiles.device.type == "cpu" and torch.get_num_threads() == 1
        found: torch.Tensor = self.network(torch.cat((tiles, tiles)) if alone else tiles)
        return found[:1] if alone else found


def _eye(model: OpenModel) -> tuple[Any, ...]:
    configuration = model.plans.get_configuration(CONFIGURATION)
    own = model.dataset.get(OWN_KEY, {})
    return (
        model.labels,
        [round(float(v), 4) for v in configuration.spacing],
        list(model.plans.transpose_forward),
        own.get("working_spacing_mm"),
        own.get("crop_to_body", False),
    )


def open_model(model: ModelFolder, device: str, tile_step: float = 0.5) -> OpenModel:
    """Read a model whose checkpoint has the registered hash; DataError for anything else."""
    weights = read_weights(model)
    try:
        plans = PlansManager(json.loads((model.folder / "plans.json").read_text()))
        dataset: dict[str, Any] = json.loads((model.folder / "dataset.json").read_text())
    except (OSError, ValueError) as error:
        raise DataError(
            f"A model was expected in {model.folder}, found: {say_cause(error)}."
        ) from error
    configuration = plans.get_configuration(CONFIGURATION)
    network = get_network_from_plans(
        configuration.network_arch_class_name,
        configuration.network_arch_init_kwargs,
        configuration.network_arch_init_kwargs_req_import,
        1,
        plans.get_label_manager(dataset).num_segmentation_heads,
        allow_init=False,
        deep_supervision=False,
    )
    network.load_state_dict(weights["network_weights"], strict=True)
    predictor = TilePredictor(tile_step, torch.device(device))
    predictor.manual_initialization(
        ShownTwice(network), plans, configuration, None, dataset, weights["trainer_name"], None
    )
    learned = weights.get("inference_allowed_mirroring_axes") or ()
    left_right = list(plans.transpose_forward).index(LEFT_RIGHT_AXIS_ZYX)
    return OpenModel(
        name=model.folder.name,
        plans=plans,
        dataset=dataset,
        predictor=predictor,
        mirror_axes=tuple(int(a) for a in learned if a != left_right),
        keep_largest=read_postprocessing(model).keep_largest,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCase:
    """A case as the network sees it, and the way back."""

    working: WorkingGrid
    image: torch.Tensor
    properties: dict[str, Any]


def prepare_case(model: OpenModel, volume: CtVolume) -> PreparedCase:
    """Bring a volume to the model's grid and intensities."""
    own = model.dataset.get(OWN_KEY, {})
    working, hu = reduce_volume(
        volume, own.get("working_spacing_mm"), crop_to_body=own.get("crop_to_body", False)
    )
    i, j, k = working.grid.spacing_mm
    data, _, properties = DefaultPreprocessor(verbose=False).run_case_npy(
        to_czyx(hu),
        None,
        {"spacing": [k, j, i]},
        model.plans,
        model.plans.get_configuration(CONFIGURATION),
        model.dataset,
    )
    return PreparedCase(working=working, image=torch.from_numpy(data), properties=properties)


def restore_masks(
    model: OpenModel, case: PreparedCase, values_zyx: NDArray[np.uint8]
) -> dict[str, StructureMask]:
    """One mask per structure of a label map (z, y, x), on the volume's own grid (i, j, k)."""
    found = {}
    for name, inside in split_values(model, values_zyx):
        coarse = StructureMask.from_dense(inside.transpose(2, 1, 0), case.working.grid)
        found[name] = case.working.restore_mask(coarse)
    return found


def split_values(
    model: OpenModel, values: NDArray[np.integer[Any]]
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each structure's voxels of a label map (z, y, x): an inner one counts for its container too.

    Structures of the model's postprocessing keep their largest piece alone.
    """
    for name, value in model.labels.items():
        inner = [model.labels[i] for i, outer in model.nested.items() if outer == name]
        inside = np.isin(values, [value, *inner]) if inner else values == value
        yield name, keep_largest(inside) if name in model.keep_largest else inside


def clear_strays(model: OpenModel, values: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """A label map (z, y, x) as the model's masks show it: what postprocessing removes is 0."""
    cleared = values.copy()
    for name, inside in split_values(model, values):
        cleared[(values == model.labels[name]) & ~inside] = 0
    return cleared


def predict_values(model: OpenModel, case: PreparedCase, scores: torch.Tensor) -> NDArray[np.uint8]:
    """The label map (z, y, x) on the working grid from logits or probabilities."""
    cropped = _most_likely(model, scores, case.properties)
    full = np.zeros(case.properties["shape_before_cropping"], dtype=np.uint8)
    full[tuple(slice(a, b) for a, b in case.properties["bbox_used_for_cropping"])] = cropped
    return np.asarray(full.transpose(model.plans.transpose_backward))


def _most_likely(
    model: OpenModel, logits: torch.Tensor, properties: dict[str, Any]
) -> NDArray[np.uint8]:
    """The best class of each voxel at the image's own resolution.

    Classes are resampled one after the other, where the logits lie, and only the best so far is
    kept: the memory of two classes instead of all. Linear, as in nnU-Net's own export, by torch.
    """
    configuration = model.plans.get_configuration(CONFIGURATION)
    shape = properties["shape_after_cropping_and_before_resampling"]
    spacing = [properties["spacing"][a] for a in model.plans.transpose_forward]
    best = torch.full([int(n) for n in shape], -torch.inf, device=logits.device)
    values = torch.zeros_like(best, dtype=torch.uint8)
    for number, one in enumerate(logits):
        fine = resample_torch_fornnunet(
            one[None],
            shape,
            configuration.spacing,
            spacing,
            num_threads=torch.get_num_threads(),
            device=logits.device,
        )[0].float()
        values = torch.where(fine > best, number, values)
        best = torch.maximum(best, fine)
    return values.cpu().numpy()
