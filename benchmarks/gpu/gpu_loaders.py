"""How long a training waits for its data, with 8 and with 14 processes that prepare batches."""

from __future__ import annotations

import time

from gpu_full import make_ours, open_full
from gpu_results import note, read_place, wait_for_gpu, write_row


def run() -> None:
    place = read_place()
    counts, warm, timed = ((1,), 1, 2) if place.quick else ((8, 14), 20, 50)
    for count in counts:
        full = open_full(place, loader_processes=count)
        trainer = make_ours(full)
        loader, monitor = trainer.get_dataloaders()
        note(f"{count} loaders are ready")
        waited, started = 0.0, 0.0
        for step in range(warm + timed):
            if step == warm:
                wait_for_gpu()
                waited, started = 0.0, time.perf_counter()
            asked = time.perf_counter()
            batch = next(loader)
            waited += time.perf_counter() - asked
            trainer.train_step(batch)
        spent = time.perf_counter() - started
        for one in (loader, monitor):
            one._finish()
        share = waited / spent
        seen = f"{100 * share:.1f} % ({timed / spent:.2f} steps a second)"
        met = share < 0.1 if place.on_gpu else None
        write_row(f"wait for data, {count} loaders", "< 10 % of the time", seen, met)
