"""PartialTrainer: nnU-Net's trainer for cases in which only some structures are trusted."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from batchgeneratorsv2.transforms.noise.gaussian_blur import GaussianBlurTransform
from nnunetv2.training.logging.nnunet_logger import MetaLogger
from nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from torch import Tensor

from han5k_review.errors import DataError
from han5k_review.retraining.network.checkpoints import read_plain, save_plain
from han5k_review.retraining.network.training.counting import count_trusted
from han5k_review.retraining.network.training.marginal_loss import MarginalDiceCrossEntropy
from han5k_review.retraining.network.training.schedule import AveragedWeights, WarmUpPoly
from han5k_review.retraining.settings import RunSettings

_LEFT_RIGHT_AXIS_ZYX = 2
_KEPT_CHECKPOINTS = ("checkpoint_latest.pth", "checkpoint_final.pth")


class TrainingStopped(Exception):  # noqa: N818 - not an error: somebody asked
    """Raised at a step after the run was asked to stop."""


class _PlainLogger(MetaLogger):  # type: ignore[misc]
    """nnU-Net's log without the picture it redraws every epoch (seconds each)."""

    def plot_progress_png(self, output_folder: str) -> None:
        """Draw nothing: the page draws the curves from `epochs.jsonl`."""


class PartialTrainer(nnUNetTrainer):  # type: ignore[misc]
    """Built like nnU-Net's trainer, then `set_up` once before `run_training`."""

    network: Any  # nnU-Net's own, in DDP, in torch.compile, or bare

    def set_up(
        self,
        settings: RunSettings,
        learning_rate: float,
        trusted: Mapping[str, frozenset[str]],
        weights: Mapping[str, int],
        on_epoch: Callable[[dict[str, Any]], None],
        stop_asked: Callable[[], bool],
    ) -> None:
        """`trusted`: case -> its trusted structures; a case it lacks is an error, never empty."""
        self.settings = settings
        self.proven: set[str] = set()  # kinds of steps that a compiled network has done
        decay = settings.average_decay
        self.average = AveragedWeights(decay) if decay else None
        self.initial_lr = learning_rate
        self.num_epochs = settings.epochs
        self.num_iterations_per_epoch = settings.iterations_per_epoch
        self.num_val_iterations_per_epoch = settings.monitor_iterations
        self.oversample_foreground_percent = settings.foreground_share
        self.save_every = 1
        self.names = {v: n for n, v in self.dataset_json["labels"].items() if n != "ignore"}
        self.case_weights = dict(weights)
        self.on_epoch, self.stop_asked = on_epoch, stop_asked
        self.logger = _PlainLogger(self.output_folder, False)
        classes = range(self.label_manager.num_segmentation_heads)
        self.trust_table = {
            case: torch.tensor([c == 0 or self.names[c] in names for c in classes])
            for case, names in trusted.items()
        }

    # -- what the run's settings change ---------------------------------------------------------

    def configure_optimizers(self) -> tuple[Any, Any]:
        """nnU-Net's SGD, or AdamW for very short runs; nnU-Net's schedule, with a warm-up."""
        if self.settings.optimizer == "sgd":
            optimizer, _ = super().configure_optimizers()
        else:
            optimizer = torch.optim.AdamW(
                self.network.parameters(), self.initial_lr, weight_decay=self.weight_decay
            )
        warm_up = min(self.settings.warm_up_epochs, self.num_epochs - 1)
        return optimizer, WarmUpPoly(optimizer, self.initial_lr, self.num_epochs, warm_up)

    def configure_rotation_dummyDA_mirroring_and_inital_patch_size(  # noqa: N802
        self,
    ) -> tuple[Any, Any, Any, Any]:
        """nnU-Net's choice, but the left/right axis is never mirrored, nor any without asking."""
        found = super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        rotation, dummy_2d, patch, axes = found
        order = list(self.plans_manager.transpose_forward)
        left_right = order.index(_LEFT_RIGHT_AXIS_ZYX)
        kept = tuple(a for a in axes if a != left_right) if self.settings.mirroring else ()
        self.inference_allowed_mirroring_axes = kept or None
        return rotation, dummy_2d, patch, kept or None

    @staticmethod
    def get_training_transforms(*args: Any, **kwargs: Any) -> Any:
        """nnU-Net's augmentation; blurring without its timing race, which cannot be repeated."""
        transforms = nnUNetTrainer.get_training_transforms(*args, **kwargs)
        for transform in transforms.transforms:
            inner = getattr(transform, "transform", transform)
            if isinstance(inner, GaussianBlurTransform):
                inner.benchmark = False
        return transforms

    def _build_loss(self) -> Any:
        self.marginal = MarginalDiceCrossEntropy(
            self.label_manager.num_segmentation_heads,
            batch_dice=self.configuration_manager.batch_dice,
            ignore_value=self.label_manager.ignore_label,
            ddp=self.is_ddp,
        )
        if not self.enable_deep_supervision:
            return self.marginal
        weights = np.array([0.5**i for i in range(len(self._get_deep_supervision_scales()))])
        weights[-1] = 1e-6 if self.is_ddp or len(weights) == 1 else 0.0
        return DeepSupervisionWrapper(self.marginal, weights / weights.sum())

    def get_tr_and_val_datasets(self) -> tuple[Any, Any]:
        """Cases drawn as often as their weight says; DataError for one that trusts no structure."""
        train, monitor = super().get_tr_and_val_datasets()
        unknown = (set(train.identifiers) | set(monitor.identifiers)) - set(self.trust_table)
        if unknown:
            raise DataError(
                f"Trusted structures were expected for every case, none for {sorted(unknown)}."
            )
        train.identifiers = [n for n in train.identifiers for _ in range(self.case_weights[n])]
        return train, monitor

    # -- torch.compile ---------------------------------------------------------------------------

    def _do_i_compile(self) -> bool:
        return self.settings.compile_network and self.device.type == "cuda"

    def _compiled_or_not(
        self, step: Callable[[dict[str, Any]], dict[str, Any]], batch: dict[str, Any]
    ) -> dict[str, Any]:
        """The step; a network that cannot be compiled on this machine goes on as it is.

        torch.compile works at the first step of each kind, and needs a C compiler and Triton.
        """
        kind = step.__name__
        if kind in self.proven or self._compiled is None:
            return step(batch)
        try:
            found = step(batch)
        except torch.cuda.OutOfMemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a compiler raises
            self.print_to_log_file(f"torch.compile failed; the network goes on without it: {error}")
            self._leave_compiled()
            return step(batch)
        self.proven.add(kind)
        return found

    @property
    def _compiled(self) -> Any | None:
        network = self.network.module if self.is_ddp else self.network
        return network if hasattr(network, "_orig_mod") else None

    def _leave_compiled(self) -> None:
        if self.is_ddp:
            self.network.module = self.bare_network
        else:
            self.network = self.bare_network

    # -- steps -----------------------------------------------------------------------------------

    def on_train_epoch_start(self) -> None:
        """Seed by epoch, so that a resumed run repeats what an unbroken one does."""
        own = self.local_rank * 7919  # each GPU draws its own patches
        seed = (self.settings.seed * 100003 + self.current_epoch + own) % 2**31
        random.seed(seed)
        np.random.seed(seed)  # numpy's global state is what nnU-Net uses
        torch.manual_seed(seed)
        super().on_train_epoch_start()

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """One step; stops here when asked to."""
        if self.stop_asked():
            raise TrainingStopped
        self.marginal.trust(self._trust_of(batch))
        found = self._compiled_or_not(super().train_step, batch)
        if self.average is not None:
            self.average.follow(self.bare_network)
        return found

    def validation_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Loss and voxel counts of the trusted structures only."""
        return self._compiled_or_not(self._measure, batch)

    def _measure(self, batch: dict[str, Any]) -> dict[str, Any]:
        trust = self._trust_of(batch)
        self.marginal.trust(trust)
        data = batch["data"].to(self.device)
        target = [t.to(self.device) for t in batch["target"]]
        with torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
            output = self.network(data)
            loss = self.loss(output, target)
        ignore = self.label_manager.ignore_label
        counts = count_trusted(output[0], target[0].long(), trust.to(self.device), ignore)
        tp, fp, fn = (c.cpu().numpy()[1:] for c in counts)
        return {"loss": loss.cpu().numpy(), "tp_hard": tp, "fp_hard": fp, "fn_hard": fn}

    def on_validation_epoch_end(self, val_outputs: list[dict[str, Any]]) -> None:
        """A structure that no monitored patch holds has no pseudo-Dice: nan, without a warning."""
        with np.errstate(invalid="ignore"):
            super().on_validation_epoch_end(val_outputs)

    def on_epoch_end(self) -> None:
        """Report the epoch after its checkpoint is written."""
        super().on_epoch_end()
        log = self.logger.get_value
        dice = log("dice_per_class_or_region", -1)
        seconds = log("epoch_end_timestamps", -1) - log("epoch_start_timestamps", -1)
        self.on_epoch(
            {
                "epoch": self.current_epoch,
                "of": self.num_epochs,
                "train_loss": float(log("train_losses", -1)),
                "monitor_loss": float(log("val_losses", -1)),
                "pseudo_dice": {
                    self.names[n + 1]: None if np.isnan(d) else round(float(d), 4)
                    for n, d in enumerate(dice)
                },
                "seconds": round(float(seconds), 2),
            }
        )

    def _trust_of(self, batch: dict[str, Any]) -> Tensor:
        return torch.stack([self.trust_table[str(key)] for key in batch["keys"]])

    # -- checkpoints -----------------------------------------------------------------------------

    def save_checkpoint(self, filename: str) -> None:
        """Tensors and plain values only, moved into place; the 'best' one is not kept."""
        path = Path(filename)
        if self.local_rank != 0 or path.name not in _KEPT_CHECKPOINTS:
            return
        log = self.logger.get_checkpoint()
        save_plain(
            {
                "network_weights": self.bare_network.state_dict(),
                "averaged": self.average and self.average.keep(),
                "optimizer_state": self.optimizer.state_dict(),
                "grad_scaler_state": self.grad_scaler and self.grad_scaler.state_dict(),
                "logging": {key: _plain(values) for key, values in log.items()},
                "_best_ema": _plain(self._best_ema),
                "current_epoch": self.current_epoch + 1,
                "inference_allowed_mirroring_axes": self.inference_allowed_mirroring_axes,
            },
            path,
        )

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint this trainer wrote."""
        kept = read_plain(path)
        self.bare_network.load_state_dict(kept["network_weights"])
        if self.average is not None and kept.get("averaged") is not None:
            self.average.resume(kept["averaged"], self.device)
        self.optimizer.load_state_dict(kept["optimizer_state"])
        if self.grad_scaler is not None and kept["grad_scaler_state"] is not None:
            self.grad_scaler.load_state_dict(kept["grad_scaler_state"])
        self.logger.load_checkpoint(kept["logging"])
        self._best_ema = kept["_best_ema"]
        self.current_epoch = kept["current_epoch"]

    @property
    def checkpoint_folder(self) -> Path:
        """Where checkpoints lie."""
        return Path(self.output_folder)

    @property
    def bare_network(self) -> Any:
        """The network itself, out of DDP and torch.compile."""
        network = self.network.module if self.is_ddp else self.network
        return getattr(network, "_orig_mod", network)

    def plot_network_architecture(self) -> None:
        """Draw nothing."""

    def _save_debug_information(self) -> None:
        """Write nothing: the job file says what was asked, the log what happened."""


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value
