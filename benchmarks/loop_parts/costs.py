"""What the loop costs beside the training itself: loss per step, disk, our share of a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import torch
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from sqlmodel import select
from torch import Tensor

from han5k_review.retraining.jobs.results import PredictResult, TrainResult
from han5k_review.retraining.network.training.marginal_loss import MarginalDiceCrossEntropy
from han5k_review.retraining.runs.run_folders import evaluate_folder, train_folder
from han5k_review.retraining.runs.run_views import RunView
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RunEvent
from han5k_review.store.study import Study

CLASSES = 25
_UNTRUSTED = (3, 9)


@dataclass(frozen=True, kw_only=True)
class LossTimes:
    """Medians of forward and backward of one loss on the same logits, in ms."""

    nnunet_ms: float
    trusted_ms: float
    partial_ms: float

    @property
    def ratio(self) -> float:
        """The slower of ours against nnU-Net's own."""
        return max(self.trusted_ms, self.partial_ms) / self.nnunet_ms


def time_losses(rounds: int, shape_zyx: tuple[int, int, int] = (48, 48, 64)) -> LossTimes:
    """Alternate the three losses, so that other work on the machine meets all alike.

    `partial` leaves two classes of each case untrusted. CPU time of this thread counts.
    """
    torch.set_num_threads(1)
    source = torch.Generator().manual_seed(1)
    logits = torch.randn(2, CLASSES, *shape_zyx, generator=source)
    target = torch.randint(0, CLASSES, (2, 1, *shape_zyx), generator=source).float()
    settings = {"batch_dice": True, "smooth": 1e-5, "do_bg": False, "ddp": False}
    nnunet = DC_and_CE_loss(settings, {}, 1, 1, None, MemoryEfficientSoftDiceLoss)
    ours = MarginalDiceCrossEntropy(CLASSES, batch_dice=True, ignore_value=None)
    every = torch.ones(2, CLASSES, dtype=torch.bool)
    some = every.clone()
    some[:, list(_UNTRUSTED)] = False

    def marginal(trust: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        def loss(z: Tensor, y: Tensor) -> Tensor:
            ours.trust(trust)
            return ours(z, y)

        return loss

    losses = {"nnunet_ms": nnunet, "trusted_ms": marginal(every), "partial_ms": marginal(some)}
    found: dict[str, list[float]] = {name: [] for name in losses}
    for _ in range(rounds + 1):
        for name, loss in losses.items():
            leaf = logits.clone().requires_grad_()
            begin = time.thread_time()
            loss(leaf, target).backward()
            found[name].append(1000 * (time.thread_time() - begin))
    return LossTimes(**{name: median(times[1:]) for name, times in found.items()})


@dataclass
class DiskWatch:
    """Looks at the size of a folder every second until it is stopped."""

    folder: Path
    start_bytes: int = 0
    peak_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> DiskWatch:
        self.start_bytes = self.peak_bytes = measure_folder(self.folder)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def ratio(self) -> float:
        """The largest size seen, in sizes of the study before the run."""
        return self.peak_bytes / self.start_bytes

    def look(self) -> None:
        """Note the size of this moment."""
        self.peak_bytes = max(self.peak_bytes, measure_folder(self.folder))

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self.look()


def measure_folder(folder: Path) -> int:
    """Bytes of all files in a folder; files that go while we look do not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Seconds of one run by what they were spent on."""

    wall: float
    training: float
    predicting: float
    dataset: float
    measuring: float
    gate: float

    @property
    def ours(self) -> float:
        """Snapshot, dataset, evaluation and gate."""
        return self.dataset + self.measuring + self.gate

    @property
    def starting(self) -> float:
        """What is left: two processes that import torch and nnU-Net, and the worker's looks."""
        return self.wall - self.training - self.predicting - self.ours

    @property
    def share(self) -> float:
        """Ours, of the wall time."""
        return self.ours / self.wall


def share_run(study: Study, view: RunView, gate_seconds: float) -> Shares:
    """Read the seconds of a finished run from its own record."""
    run_id = stored_id(view.run)
    with reading(study.engine) as session:
        events = session.exec(
            select(RunEvent).where(RunEvent.run_id == run_id).order_by(RunEvent.id)
        ).all()
        at = {str(e.payload.get("by")): e.at_utc for e in events if e.kind == "state"}
    trained, predicted = (
        folder(study, run_id).find_result() for folder in (train_folder, evaluate_folder)
    )
    predicted_at = (evaluate_folder(study, run_id).path / "result.json").stat().st_mtime
    snapshot = (at["prepared"] - at["claimed"]).total_seconds()
    return Shares(
        wall=(at["evaluated"] - at["claimed"]).total_seconds() + gate_seconds,
        training=sum(e["seconds"] for e in view.epochs),
        predicting=predicted.get(PredictResult).seconds if predicted else 0.0,
        dataset=snapshot + ((trained.get(TrainResult).prepare_seconds or 0.0) if trained else 0.0),
        measuring=at["evaluated"].timestamp() - predicted_at,
        gate=gate_seconds,
    )
