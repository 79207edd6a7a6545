"""Plans for training from scratch: nnU-Net's planner, without its process pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import (
    DatasetFingerprintExtractor,
)
from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import (
    ExperimentPlanner,
)
from nnunetv2.experiment_planning.experiment_planners.residual_unets import (
    residual_encoder_unet_planners,
)
from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero
from nnunetv2.preprocessing.resampling.default_resampling import compute_new_shape
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.json_export import recursive_fix_for_json_export
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.retraining.network.checkpoints import CONFIGURATION
from han5k_review.retraining.settings import RunSettings

_PERCENTILES = (0.5, 50.0, 99.5)
_SAMPLES = int(1e6)
_MAX_STAGES = 13
_BATCH_DICE_BELOW = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePrint:
    """What planning needs of one case: size after cropping, spacing (z, y, x), sampled HU."""

    shape_zyx: tuple[int, ...]
    spacing_zyx_mm: tuple[float, ...]
    kept_share: float
    foreground_hu: NDArray[np.float32]


def print_case(
    image_czyx: NDArray[np.float32],
    target_czyx: NDArray[np.int16],
    spacing_zyx_mm: tuple[float, ...],
    samples: int,
) -> CasePrint:
    """Measure a case (1, z, y, x), HU and labels, with nnU-Net's own functions."""
    data, seg, _ = crop_to_nonzero(image_czyx, target_czyx.copy())
    values, _ = DatasetFingerprintExtractor.collect_foreground_intensities(
        seg, data, num_samples=samples
    )
    return CasePrint(
        shape_zyx=tuple(data.shape[1:]),
        spacing_zyx_mm=spacing_zyx_mm,
        kept_share=float(np.prod(data.shape[1:]) / np.prod(image_czyx.shape[1:])),
        foreground_hu=np.asarray(values[0], dtype=np.float32),
    )


def samples_per_case(cases: int) -> int:
    """How many foreground voxels of a case are looked at."""
    return max(1000, _SAMPLES // max(cases, 1))


def build_fingerprint(prints: Sequence[CasePrint]) -> dict[str, Any]:
    """The dataset's fingerprint as nnU-Net keeps it in `dataset_fingerprint.json`.

    DataError when no trusted mask has a voxel.
    """
    hu = np.concatenate([p.foreground_hu for p in prints])
    if hu.size == 0:
        raise DataError(
            "Trusted masks with voxels at the working spacing were expected, found none; choose a "
            "finer working_spacing_mm or trust larger structures."
        )
    low, median, high = (float(v) for v in np.percentile(hu, _PERCENTILES))
    return {
        "spacings": [list(p.spacing_zyx_mm) for p in prints],
        "shapes_after_crop": [list(p.shape_zyx) for p in prints],
        "foreground_intensity_properties_per_channel": {
            "0": {
                "mean": float(hu.mean()),
                "median": median,
                "std": float(hu.std()),
                "min": float(hu.min()),
                "max": float(hu.max()),
                "percentile_99_5": high,
                "percentile_00_5": low,
            }
        },
        "median_relative_size_after_cropping": float(np.median([p.kept_share for p in prints])),
    }


class _House(ExperimentPlanner):  # type: ignore[misc]
    """nnU-Net's planner for 3d_fullres alone, sized by the run's settings.

    Its dataset lies in nnUNet_raw as a `dataset.json` that names its cases; no image is opened.
    """

    def __init__(self, dataset_name: str, settings: RunSettings) -> None:
        spacing = settings.working_spacing_mm
        super().__init__(
            dataset_name,
            gpu_memory_target_in_gb=settings.memory_target_gb,
            overwrite_target_spacing=None if spacing is None else [float(spacing)] * 3,
        )
        self.UNet_base_num_features = settings.base_features
        self.UNet_max_features_3d = settings.max_features
        if settings.architecture == "plain":
            self.UNet_blocks_per_stage_decoder = (settings.decoder_convolutions,) * _MAX_STAGES

    @staticmethod
    def static_estimate_VRAM_usage(  # noqa: N802 - nnU-Net's name
        patch_size: Sequence[int],
        input_channels: int,
        output_channels: int,
        arch_class_name: str,
        arch_kwargs: dict[str, Any],
        arch_kwargs_req_import: Sequence[str],
    ) -> int:
        """The size of the feature maps; unlike the original, torch's threads are left alone."""
        network = get_network_from_plans(
            arch_class_name,
            arch_kwargs,
            arch_kwargs_req_import,
            input_channels,
            output_channels,
            allow_init=False,
        )
        return int(network.compute_conv_feature_map_size(patch_size))

    def plan_experiment(self) -> dict[str, Any]:
        """Plans with the one configuration a run trains; nothing is written."""
        forward, backward = self.determine_transpose()
        spacing = self.determine_fullres_target_spacing()
        shapes = [
            compute_new_shape(shape, found, spacing)
            for shape, found in zip(
                self.dataset_fingerprint["shapes_after_crop"],
                self.dataset_fingerprint["spacings"],
                strict=True,
            )
        ]
        median_shape = np.median(shapes, 0)[forward]
        voxels = float(np.prod(median_shape)) * self.dataset_json["numTraining"]
        configuration = self.get_plans_for_configuration(
            spacing[forward],
            median_shape,
            self.generate_data_identifier(CONFIGURATION),
            voxels,
            {},
        )
        covered = np.prod(configuration["patch_size"]) / np.prod(median_shape)
        configuration["batch_dice"] = bool(covered < _BATCH_DICE_BELOW)
        plans = {
            "dataset_name": self.dataset_name,
            "plans_name": self.plans_identifier,
            "original_median_spacing_after_transp": self._median("spacings", forward),
            "original_median_shape_after_transp": self._median("shapes_after_crop", forward),
            "image_reader_writer": "SimpleITKIO",
            "transpose_forward": [int(a) for a in forward],
            "transpose_backward": [int(a) for a in backward],
            "configurations": {CONFIGURATION: configuration},
            "experiment_planner_used": ExperimentPlanner.__name__,
            "label_manager": "LabelManager",
            "foreground_intensity_properties_per_channel": self.dataset_fingerprint[
                "foreground_intensity_properties_per_channel"
            ],
        }
        recursive_fix_for_json_export(plans)
        return plans

    def _median(self, key: str, forward: Sequence[int]) -> list[float]:
        found = np.median(self.dataset_fingerprint[key], 0)
        return [float(found[a]) for a in forward]


class HousePlanner(_House):
    """Plans nnU-Net's plain U-Net."""


class ResidualPlanner(_House, residual_encoder_unet_planners.ResEncUNetPlanner):  # type: ignore[misc]
    """Plans nnU-Net's U-Net with a residual encoder: M at 8 GB of memory target, L at 24.

    Isensee et al., MICCAI 2024 ("nnU-Net Revisited").
    """


def choose_planner(dataset_name: str, settings: RunSettings) -> HousePlanner | ResidualPlanner:
    """The planner of the run's architecture."""
    planner = ResidualPlanner if settings.architecture == "residual" else HousePlanner
    return planner(dataset_name, settings)
