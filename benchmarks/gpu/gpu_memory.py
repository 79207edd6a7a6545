"""Too little memory: the sentence; then a lower target, kill -9, and on from its epoch."""

from __future__ import annotations

from dataclasses import replace

from gpu_full import full_settings, make_job
from gpu_process import end, finish, start, wait_for_epoch
from gpu_results import note, read_place, write_row

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome

_FRACTION = ("--fraction", "0.06")
_PATIENCE_S = 60.0


def run() -> None:
    place = read_place()
    sizes = {"epochs": 3, "iterations_per_epoch": 20, "monitor_iterations": 1}
    spacing = None if place.quick else 2.0
    settings = full_settings(place, **sizes, working_spacing_mm=spacing)
    job = replace(make_job(place), settings=settings)
    folder = JobFolder(path=place.work / "memory")
    if place.on_gpu:
        greedy = replace(job, settings=replace(settings, memory_target_gb=16.0))
        found = finish(folder, start(folder, greedy, *_FRACTION), _PATIENCE_S)
        told = "had not enough memory" in found.error and "lower memory_target_gb" in found.error
        seen = found.error or f"it ended {found.outcome}"
        write_row("a GPU with too little memory", "a sentence that says so", seen, told)
        note("now with a lower target")
        job = replace(job, settings=replace(settings, memory_target_gb=2.0))
    process = start(folder, job, *_FRACTION)
    reached = wait_for_epoch(folder, 1, _PATIENCE_S)
    end(process)
    before = [e["epoch"] for e in folder.list_epochs()]
    if not reached:
        found = folder.find_result()
        raise RuntimeError(f"An epoch was expected, found: {found and found.error}")
    note(f"killed after epochs {before}")
    result = finish(folder, start(folder, job, *_FRACTION), _PATIENCE_S)
    epochs = [e["epoch"] for e in folder.list_epochs()]
    done = result.outcome is JobOutcome.DONE and epochs == [1, 2, 3]
    seen = f"killed after epoch {before[-1]}; epochs {epochs}, {result.outcome} {result.error}"
    name = "a lower memory_target_gb, and kill -9" if place.on_gpu else "kill -9"
    write_row(name, "goes on from its epoch to the end", seen.strip(), done)
