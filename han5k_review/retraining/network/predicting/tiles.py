"""nnU-Net's predictor, its tiles added up in the memory that one volume of logits takes."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO

import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.inference.sliding_window_prediction import compute_gaussian

_SIGMA_SCALE, _PEAK = 1 / 8, 10  # nnU-Net's own weights of a tile


class TilePredictor(nnUNetPredictor):  # type: ignore[misc]
    """The sums are nnU-Net's; the check of them needs one class at a time, not two copies of all.

    512 x 512 x 333 voxels of 27 classes are 4.7 GB in half precision; nnU-Net's own check for
    infinity takes 7 GB beside them.
    """

    def __init__(self, tile_step: float, device: torch.device) -> None:
        with redirect_stdout(StringIO()):  # it prints a warning on every CPU, with nothing to do
            super().__init__(
                tile_step_size=tile_step, use_mirroring=False, device=device, allow_tqdm=False
            )

    @torch.inference_mode()
    def _internal_predict_sliding_window_return_logits(
        self,
        data: torch.Tensor,
        slicers: Sequence[tuple[slice, ...]],
        do_on_device: bool = True,
    ) -> torch.Tensor:
        try:
            return self._add_up(data, slicers, self.device if do_on_device else torch.device("cpu"))
        except RuntimeError as error:
            # nnU-Net asks again with the sums in main memory: let go of those on the GPU first
            traceback.clear_frames(error.__traceback__)
            raise

    def _add_up(
        self, data: torch.Tensor, slicers: Sequence[tuple[slice, ...]], place: torch.device
    ) -> torch.Tensor:
        """Logits (class, z, y, x) on `place`, in half precision; each tile weighs at its middle."""
        weights = compute_gaussian(
            tuple(self.configuration_manager.patch_size),
            sigma_scale=_SIGMA_SCALE,
            value_scaling_factor=_PEAK,
            device=place,
        )
        heads, shape = self.label_manager.num_segmentation_heads, data.shape[1:]
        logits = torch.zeros((heads, *shape), dtype=torch.half, device=place)
        weight = torch.zeros(shape, dtype=torch.half, device=place)
        for tile in slicers:
            image = data[tile][None].contiguous().to(self.device)
            predicted = self._internal_maybe_mirror_and_predict(image)[0].to(place)
            logits[tile] += predicted.mul_(weights)
            weight[tile[1:]] += weights
        for one in logits:
            one /= weight
            if not bool(torch.isfinite(one).all()):
                raise RuntimeError("Finite logits were expected of the network, found infinite.")
        return logits
