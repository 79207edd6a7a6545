"""Steps a second of stock nnU-Net and ours in turns, host waits in a step, and the memory."""

from __future__ import annotations

import json
import time
import warnings
from typing import Any

import torch
from gpu_full import Full, draw_batches, make_ours, make_stock, open_full
from gpu_results import Place, note, peak_gb, read_place, wait_for_gpu, write_row

from han5k_review.retraining.runs.resource_estimate import CaseSize, estimate_needs

BATCHES = "batches.pt"
_LEARNING_STEPS = 100  # so that the network that predicts below has something to predict


def run() -> None:
    place = read_place()
    full = open_full(place)
    ours = make_ours(full)
    batches = draw_batches(ours, 2 if place.quick else 4)
    torch.save(batches, place.work / BATCHES)
    note(f"batches of {tuple(batches[0]['data'].shape)}")
    _measure_memory(place, full, ours, batches)
    _count_waits(place, {"ours": ours}, batches)
    stock = make_stock(full)
    _count_waits(place, {"stock": stock}, batches)
    for benchmark in (True, False):
        torch.backends.cudnn.benchmark = benchmark
        rates = race(place, {"stock": stock, "ours": ours}, batches, short=not benchmark)
        words = "as the product sets it" if benchmark else "off, for comparison"
        write_race(f"steps a second, cudnn.benchmark {words}", rates, judged=benchmark)
    torch.backends.cudnn.benchmark = True
    _keep_model(place, full, ours, batches)


def race(
    place: Place, trainers: dict[str, Any], batches: list[dict[str, Any]], *, short: bool = False
) -> dict[str, float]:
    """Steps a second: 20 warm ones each, then twice 30 timed ones, in turns; fewer if short."""
    warm, timed = (1, 2) if place.quick else (5, 10) if short else (20, 30)
    seconds = dict.fromkeys(trainers, 0.0)
    for turn in range(3):
        for name, trainer in trainers.items():
            wait_for_gpu()
            started = time.perf_counter()
            for step in range(timed if turn else warm):
                trainer.train_step(batches[step % len(batches)])
            wait_for_gpu()
            seconds[name] += time.perf_counter() - started if turn else 0.0
    return {name: 2 * timed / spent for name, spent in seconds.items()}


def write_race(check: str, rates: dict[str, float], *, judged: bool = True) -> None:
    """A row of a race."""
    share = rates["ours"] / rates["stock"]
    seen = f"{share:.3f} ({rates['ours']:.2f} a second, stock {rates['stock']:.2f})"
    expected = "ours >= .95 of stock" if judged else ""
    write_row(check, expected, seen, share >= 0.95 if judged else None, rates=rates)


def _measure_memory(place: Place, full: Full, ours: Any, batches: list[dict[str, Any]]) -> None:
    for step in range(3):
        ours.train_step(batches[step % len(batches)])
    wait_for_gpu()
    settings, heads = full.job.settings, len(full.job.labels) + 1
    size = CaseSize(shape_ijk=(512, 512, 129), spacing_mm=(0.977, 0.977, 2.5))
    said = estimate_needs([size] * 2, [], heads, settings, place.device).gpu_gb
    took, patch = peak_gb(), "x".join(map(str, batches[0]["data"].shape[2:]))
    seen = f"{took:.1f} GB, the pre-flight said {said:.1f} GB (batch {ours.batch_size}, {patch})"
    met = took <= said if place.on_gpu else None
    write_row("peak GPU memory of a training", "<= what the pre-flight said", seen, met)


def _count_waits(place: Place, trainers: dict[str, Any], batches: list[dict[str, Any]]) -> None:
    for name, trainer in trainers.items():
        trainer.train_step(batches[0])
        if not place.on_gpu:
            write_row(f"host waits in a step, {name}", "<= 5", "no GPU", None)
            continue
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                trainer.train_step(batches[1])
            finally:
                torch.cuda.set_sync_debug_mode("default")
        places = [f"{w.filename.rsplit('/', 1)[-1]}:{w.lineno}" for w in told]
        count = sum("synchroniz" in str(w.message) for w in told)
        met = count <= 5 if name == "ours" else None
        expected = "<= 5" if name == "ours" else ""
        write_row(f"host waits in a step, {name}", expected, str(count), met, places=places)


def _keep_model(place: Place, full: Full, ours: Any, batches: list[dict[str, Any]]) -> None:
    """Learn the batches by heart, and publish the network as a model folder."""
    from han5k_review.retraining.network.checkpoints import publish_weights

    for step in range(2 if place.quick else _LEARNING_STEPS):
        ours.train_step(batches[step % len(batches)])
    folder = place.work / "full-model"
    folder.mkdir(exist_ok=True)
    plans, dataset = full.prepared.plans, full.prepared.dataset
    (folder / "plans.json").write_text(json.dumps(plans))
    (folder / "dataset.json").write_text(json.dumps(dataset))
    (folder / "dataset_fingerprint.json").write_text("{}")
    weights = {
        "network_weights": ours.bare_network.state_dict(),
        "inference_allowed_mirroring_axes": None,
    }
    sha256 = publish_weights(weights, folder / "fold_0" / "checkpoint_final.pth")
    (folder / "sha256.txt").write_text(sha256)
