"""torch.compile: the same race with both networks compiled, and what compiling takes."""

from __future__ import annotations

import os
import time

import torch
from gpu_full import make_ours, make_stock, open_full
from gpu_results import note, read_place, wait_for_gpu, write_row
from gpu_steps import BATCHES, race, write_race


def run() -> None:
    place = read_place()
    full = open_full(place)
    if not place.on_gpu:
        write_row("steps a second, compiled", "ours >= .95 of stock", "no GPU", None)
        return
    batches = torch.load(place.work / BATCHES, weights_only=False)
    for batch in batches:
        batch["data"] = batch["data"].pin_memory()
        batch["target"] = [t.pin_memory() for t in batch["target"]]
    ours = make_ours(full, compile_network=True)
    started = time.perf_counter()
    ours.train_step(batches[0])
    wait_for_gpu()
    took = time.perf_counter() - started
    compiled = hasattr(ours.network, "_orig_mod")
    seen = f"first step after {took:.0f} s, " + ("compiled" if compiled else "fell back")
    write_row("torch.compile of the product's network", "compiled", seen, compiled)
    os.environ.update({"nnUNet_compile": "t"})
    stock = make_stock(full)
    stock.train_step(batches[0])
    note("stock nnU-Net is compiled too")
    write_race(
        "steps a second, both compiled", race(place, {"stock": stock, "ours": ours}, batches)
    )
