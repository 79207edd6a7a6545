"""Made-up patients with 26 structures, a training job on them, and its prepared data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.demo.study import DEMO_SEED, build_entry
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import job_environment
from han5k_review.retraining.jobs.tasks import TrainCase, TrainJob
from han5k_review.retraining.network.working_grid import reduce_volume
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles

GROUP = "2"
"""The label group of 26 structures."""
_CASES = 2
_DROPPED = 6  # structures of the first case that nobody vouches for
_SETTINGS = {
    "loader_processes": 0,
    "compile_network": False,
    "monitor_fraction": 0.0,
    "average_decay": 0.0,
    "threads": 1,
    "working_spacing_mm": 4.0,
    "crop_to_body": True,
    "base_features": 8,
    "max_features": 64,
    "memory_target_gb": 0.06,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A training that is prepared and not started; `prepared` is the product's own."""

    folder: JobFolder
    job: TrainJob
    prepared: Any


def build_job(root: Path, structures: Path) -> TrainJob:
    """Two made-up patients at 4 mm; of the first, some structures are not trusted."""
    catalogue = read_catalogue(structures)
    names = [str(s.name) for s in catalogue if s.group == GROUP]
    for folder in ("volumes", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    cases = [_store(root, number, catalogue, names) for number in range(_CASES)]
    kept = dict(list(cases[0].masks.items())[_DROPPED:])
    cases[0] = TrainCase(name=cases[0].name, image_sha256=cases[0].image_sha256, masks=kept)
    return TrainJob(
        volumes=root / "volumes",
        masks=root / "labels",
        labels={name: value for value, name in enumerate(names, start=1)},
        inside={str(s.name): str(s.inside) for s in catalogue if s.group == GROUP and s.inside},
        cases=tuple(cases),
        settings=resolve_settings("adapt", _SETTINGS),
        device="cpu",
    )


def prepare(root: Path, structures: Path) -> Ready:
    """Everything up to the first step; nnU-Net is imported here, and told its folders before."""
    job, folder = build_job(root, structures), JobFolder(path=root / "job")
    folder.path.mkdir(parents=True, exist_ok=True)
    os.environ.update(job_environment(folder, job))
    from han5k_review.retraining.network.training.dataset import prepare_dataset

    prepared = prepare_dataset(job, folder.work, lambda *_: None)
    return Ready(folder=folder, job=job, prepared=prepared)


def build_ct(shape_ijk: tuple[int, int, int], structures: Path) -> CtVolume:
    """A made-up patient on a grid of this shape: the first one's CT, mirrored on until it fills."""
    made = build_entry(0, read_catalogue(structures), _CASES, DEMO_SEED).ct
    places = [_walk(n, size) for n, size in zip(shape_ijk, made.grid.shape, strict=True)]
    hu = np.ascontiguousarray(made.hu[np.ix_(*places)])
    affine = np.diag([-0.977, -0.977, 2.5, 1.0])
    return CtVolume(grid=made.grid.from_affine(hu.shape, affine), hu=hu)


def _walk(length: int, size: int) -> np.ndarray:
    """0, 1, ..., size - 1, size - 1, ..., 0, 0, ...: an index of `length` steps there and back."""
    steps = np.arange(length) % (2 * size)
    return np.where(steps < size, steps, 2 * size - 1 - steps)


def _store(root: Path, number: int, catalogue: Catalogue, names: list[str]) -> TrainCase:
    entry = build_entry(number, catalogue, _CASES, DEMO_SEED)
    working, hu = reduce_volume(entry.ct, 4.0, crop_to_body=True)
    labels = LabelFiles(folder=root / "labels")
    volume = CtVolume(grid=working.grid, hu=hu.round().astype("int16"))
    masks = {
        str(n): labels.put_mask(working.reduce_mask(m))
        for n, m in entry.reference.items()
        if n in names
    }
    image = VolumeFiles(folder=root / "volumes").put_volume(volume)
    return TrainCase(name=f"made-{number + 1}", image_sha256=image, masks=masks)
