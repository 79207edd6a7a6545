"""The dataset in nnU-Net's preprocessed layout, written case by case."""

from __future__ import annotations

import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.training.dataloading.nnunet_dataset import comp_blosc2_params, nnUNetDatasetBlosc2
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from han5k_review.errors import ConfigError, DataError
from han5k_review.retraining.jobs.tasks import TrainCase, TrainJob
from han5k_review.retraining.models.network_shape import OWN_KEY
from han5k_review.retraining.network.checkpoints import CONFIGURATION
from han5k_review.retraining.network.training.cases import CaseReader, find_nested
from han5k_review.retraining.network.training.parent_memory import ParentMemory
from han5k_review.retraining.network.training.planning import (
    build_fingerprint,
    choose_planner,
    print_case,
    samples_per_case,
)
from han5k_review.retraining.network.training.smaller_plans import fit_plans, settle_plans
from han5k_review.retraining.network.training.targets import Target
from han5k_review.workforce import open_executor

DATASET = "Dataset001_Run"
Say = Callable[[str, int, int], None]
Preprocessed = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a trainer is built from."""

    plans: dict[str, Any]
    dataset: dict[str, Any]
    folder: Path


def prepare_dataset(job: TrainJob, work: Path, say: Say) -> Prepared:
    """Plans, fingerprint, splits and preprocessed cases in `work`; finished cases are kept."""
    folder = work / "preprocessed" / DATASET
    folder.mkdir(parents=True, exist_ok=True)
    parent = _read_parent(job)
    if parent:
        job = _in_parents_grid(job, parent[1][OWN_KEY])
    reader = CaseReader(job=job)
    nested = parent[1][OWN_KEY]["nested"] if parent else find_nested(reader)
    targets = _count_ignored(job, reader, nested, say)
    dataset = _dataset_json(job, nested, ignore=targets > 0)
    if parent:
        _write(folder / "dataset_fingerprint.json", parent[2])
    target_gb = job.settings.memory_target_gb
    plans = settle_plans(
        work / "planned.json",
        target_gb,
        lambda: (
            fit_plans({**parent[0], "dataset_name": DATASET}, target_gb, dataset)
            if parent
            else _plan(job, reader, nested, dataset, work, say)
        ),
    )
    _write(folder / "splits_final.json", [_split(job)])
    prepared = Prepared(plans=plans, dataset=dataset, folder=folder)
    _preprocess(job, reader, nested, prepared, say)
    return prepared


def _read_parent(job: TrainJob) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
    if job.parent is None:
        return None
    names = ("plans.json", "dataset.json", "dataset_fingerprint.json")
    try:
        plans, dataset, prints = (json.loads((job.parent.folder / n).read_text()) for n in names)
    except (OSError, ValueError) as error:
        raise DataError(
            f"A parent model was expected in {job.parent.folder}, found: {error}; restore the "
            "folder or start without a parent."
        ) from error
    labels = {n: v for n, v in dataset["labels"].items() if n not in ("background", "ignore")}
    if labels != job.labels:
        raise ConfigError(
            f"The label table of the run and of its parent {job.parent.folder.name} must be the "
            f"same; the run has {job.labels}, the parent {labels}."
        )
    dataset.setdefault(OWN_KEY, {"nested": {}, "working_spacing_mm": None, "crop_to_body": False})
    return plans, dataset, prints


def _in_parents_grid(job: TrainJob, own: dict[str, Any]) -> TrainJob:
    """The job with volumes brought to what the parent has learned to see."""
    settings = replace(
        job.settings,
        working_spacing_mm=own["working_spacing_mm"],
        crop_to_body=own["crop_to_body"],
    )
    return replace(job, settings=settings)


def _count_ignored(job: TrainJob, reader: CaseReader, nested: dict[str, str], say: Say) -> int:
    total = 0
    for number, case in enumerate(job.cases):
        say("reading", number, len(job.cases))
        total += reader.target(case, nested).ignored_voxels
    return total


def _dataset_json(job: TrainJob, nested: dict[str, str], *, ignore: bool) -> dict[str, Any]:
    labels = {"background": 0, **job.labels}
    if ignore:
        labels["ignore"] = max(job.labels.values()) + 1
    return {
        "channel_names": {"0": "CT"},
        "labels": labels,
        "numTraining": len(job.cases),
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": "SimpleITKIO",
        OWN_KEY: {
            "nested": nested,
            "working_spacing_mm": job.settings.working_spacing_mm,
            "crop_to_body": job.settings.crop_to_body,
        },
    }


def _plan(
    job: TrainJob,
    reader: CaseReader,
    nested: dict[str, str],
    dataset: dict[str, Any],
    work: Path,
    say: Say,
) -> dict[str, Any]:
    prints = []
    for number, case in enumerate(job.cases):
        say("measuring", number, len(job.cases))
        found, target = reader.read(case), reader.target(case, nested)
        prints.append(
            print_case(
                found.image_czyx,
                _seg(target),
                found.spacing_zyx_mm,
                samples_per_case(len(job.cases)),
            )
        )
    _write(work / "preprocessed" / DATASET / "dataset_fingerprint.json", build_fingerprint(prints))
    named = {c.name: {"images": [c.image_sha256], "label": c.name} for c in job.cases}
    _write(work / "raw" / DATASET / "dataset.json", {**dataset, "dataset": named})
    plans: dict[str, Any] = choose_planner(DATASET, job.settings).plan_experiment()
    return plans


def _split(job: TrainJob) -> dict[str, list[str]]:
    monitored = [c.name for c in job.cases if c.monitor]
    taught = [c.name for c in job.cases if not c.monitor]
    return {"train": taught, "val": monitored or taught}


def _preprocess(
    job: TrainJob,
    reader: CaseReader,
    nested: dict[str, str],
    prepared: Prepared,
    say: Say,
) -> None:
    manager = PlansManager(prepared.plans)
    configuration = manager.get_configuration(CONFIGURATION)
    out = prepared.folder / configuration.data_identifier
    out.mkdir(exist_ok=True)
    memory = ParentMemory(job, nested)
    missing = [c for c in job.cases if not (out / f"{c.name}.pkl").exists()]
    for number, (case, made) in enumerate(_preprocess_each(job, reader, nested, prepared, missing)):
        say("preprocessing", len(job.cases) - len(missing) + number, len(job.cases))
        data, seg, properties = made
        memory.repredict(case, data, seg)
        properties["class_locations"] = locate_classes(job, case, seg, prepared.dataset)
        _save(out, case, data, seg, properties, tuple(configuration.patch_size))


def _preprocess_each(
    job: TrainJob,
    reader: CaseReader,
    nested: dict[str, str],
    prepared: Prepared,
    cases: Sequence[TrainCase],
) -> Iterator[tuple[TrainCase, Preprocessed]]:
    """Each case as nnU-Net preprocesses it, in order; in processes when the run has loaders.

    Only as many cases are under way as there are processes, and one more.
    """
    with open_executor(min(job.settings.loader_processes, len(cases))) as executor:
        if executor is None:
            for case in cases:
                yield case, preprocess_case(reader, case, nested, prepared)
            return
        waiting: deque[tuple[TrainCase, Future[Preprocessed]]] = deque()
        for case in cases:
            one = CaseReader(job=replace(job, cases=(case,)))
            waiting.append((case, executor.submit(preprocess_case, one, case, nested, prepared)))
            if len(waiting) > job.settings.loader_processes:
                first, made = waiting.popleft()
                yield first, made.result()
        for first, made in waiting:
            yield first, made.result()


def preprocess_case(
    reader: CaseReader, case: TrainCase, nested: dict[str, str], prepared: Prepared
) -> Preprocessed:
    """HU (1, z, y, x) and labels as the network sees them, and nnU-Net's properties of the case."""
    manager = PlansManager(prepared.plans)
    found, target = reader.read(case), reader.target(case, nested)
    made: Preprocessed = DefaultPreprocessor(verbose=False).run_case_npy(
        found.image_czyx,
        _seg(target),
        {"spacing": list(found.spacing_zyx_mm)},
        manager,
        manager.get_configuration(CONFIGURATION),
        prepared.dataset,
    )
    return made


def locate_classes(
    job: TrainJob, case: TrainCase, seg: np.ndarray[Any, Any], dataset: dict[str, Any]
) -> dict[Any, Any]:
    """Where patches on a structure are centred: nnU-Net's samples of `seg` (1, z, y, x), as it is.

    Where people drew structures of the case, these alone; the others are met beside them, and in
    cases that nobody drew in.
    """
    foreground = sorted(job.labels.values())
    counted = (-1, 0, *foreground)  # nnU-Net's key for all that is not ignored
    keys = [*foreground, *([counted] if "ignore" in dataset["labels"] else [])]
    found: dict[Any, Any] = DefaultPreprocessor._sample_foreground_locations(seg, keys)
    favoured = {job.labels[name] for name in case.revised if name in job.labels}
    if not any(len(found[value]) for value in favoured):
        return found
    kept = {*favoured, counted}
    return {key: places if key in kept else [] for key, places in found.items()}


def _save(
    out: Path,
    case: TrainCase,
    data: np.ndarray[Any, Any],
    seg: np.ndarray[Any, Any],
    properties: dict[str, Any],
    patch: tuple[int, ...],
) -> None:
    """Write one case beside and move it in, the `.pkl` last: it says that the case is whole."""
    beside = out.parent / "being_written"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    data, seg = data.astype(np.float32), seg.astype(np.int16)
    blocks, chunks = comp_blosc2_params(data.shape, patch, data.itemsize)
    blocks_seg, chunks_seg = comp_blosc2_params(seg.shape, patch, seg.itemsize)
    nnUNetDatasetBlosc2.save_case(
        data,
        seg,
        properties,
        str(beside / case.name),
        chunks=chunks,
        blocks=blocks,
        chunks_seg=chunks_seg,
        blocks_seg=blocks_seg,
    )
    for suffix in (".b2nd", "_seg.b2nd", ".pkl"):
        os.replace(beside / f"{case.name}{suffix}", out / f"{case.name}{suffix}")
    beside.rmdir()


def _seg(target: Target) -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.ascontiguousarray(target.values.transpose(2, 1, 0))[None]


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1))
