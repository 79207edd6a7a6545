"""Four ways to teach a network with contours of which only some are trusted.

Each arm is a run of the product, with its snapshot, worker, prediction and gate. Three of them
hand nnU-Net what people hand it without this software: a launcher of their own rewrites the job
before its process starts. Where every structure of every case is declared trusted, the product's
loss is nnU-Net's own (tests/retraining/test_marginal_loss.py), so these are nnU-Net's answers.
Which structures keep their largest piece is decided by the same contours in all four.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import LocalLauncher, ProcessId
from han5k_review.retraining.jobs.tasks import Job, TrainCase, TrainJob
from han5k_review.retraining.teaching.snapshot import Snapshot, SnapshotCase
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split

IGNORED_MARGIN_MM = 10.0
Vary = Callable[[Study, Snapshot, TrainJob], TrainJob]


@dataclass(frozen=True)
class Arm:
    """One way: its words, whether the run replays, and what becomes of the run's job."""

    name: str
    words: str
    replay: bool = False
    vary: Vary | None = None


@dataclass(frozen=True)
class VaryingLauncher(LocalLauncher):
    """Runs a training job as `vary` makes it; everything else as it is."""

    vary: Callable[[JobFolder, TrainJob], TrainJob] = field(default=lambda _, job: job)

    def start(self, folder: JobFolder, job: Job) -> ProcessId:
        if isinstance(job, TrainJob) and not self.was_started(folder):
            job = self.vary(folder, job)
            folder.write_job(job)
        return super().start(folder, job)


def teach_background(study: Study, snapshot: Snapshot, job: TrainJob) -> TrainJob:
    """What is not accepted is not predicted: it becomes background."""
    return replace(
        job,
        cases=tuple(
            replace(
                case,
                masks={**_empty(study, case, snapshot), **case.masks},
                predicted_by_parent=(),
            )
            for case in job.cases
        ),
    )


def keep_pseudo_labels(study: Study, snapshot: Snapshot, job: TrainJob) -> TrainJob:
    """Every pseudo-label is kept as truth, unless an accepted contour replaces it."""
    cases = [c for c in snapshot.cases if c.split is Split.TRAIN and _predicted(c, snapshot)]
    shown = {c.name: c.shows_pieces for c in job.cases}
    return replace(
        job,
        cases=tuple(
            TrainCase(
                name=case.name,
                image_sha256=case.image_sha256,
                masks={**_predicted(case, snapshot), **case.trusted},
                shows_pieces=shown.get(case.name, ()),
            )
            for case in cases
        ),
    )


def ignore_untrusted(study: Study, snapshot: Snapshot, job: TrainJob) -> TrainJob:
    """nnU-Net's ignore label over untrusted pseudo-labels, and 10 mm around them."""
    by_name = {case.name: case for case in snapshot.cases}
    cases = []
    for case in teach_background(study, snapshot, job).cases:
        known = by_name[case.name]
        untrusted = [h for n, h in _predicted(known, snapshot).items() if n not in known.trusted]
        grid = study.volumes.get_index(case.image_sha256).grid
        zone = np.zeros(grid.shape, dtype=bool)
        for sha256 in untrusted:
            zone |= study.labels.get_mask(sha256, grid).dense()
        wide = StructureMask.from_dense(widen(zone, grid, IGNORED_MARGIN_MM), grid)
        cases.append(replace(case, ignored=study.labels.put_mask(wide)))
    return replace(job, cases=tuple(cases))


def widen(zone: np.ndarray, grid: Grid, margin_mm: float) -> np.ndarray:
    """All voxels within `margin_mm` of the zone."""
    if not zone.any():
        return zone
    far = ndimage.distance_transform_edt(~zone, sampling=grid.spacing_mm)
    return np.asarray(far <= margin_mm)


def _empty(study: Study, case: TrainCase, snapshot: Snapshot) -> dict[str, str]:
    grid = study.volumes.get_index(case.image_sha256).grid
    sha256 = study.labels.put_mask(StructureMask.empty(grid))
    return dict.fromkeys(snapshot.labels, sha256)


def _predicted(case: SnapshotCase, snapshot: Snapshot) -> Mapping[str, str]:
    """Structure -> hash of its contour under review, or of the accepted one."""
    return {
        m.structure: m.mask_sha256
        for m in case.masks
        if m.mask_sha256 and m.structure in snapshot.labels
    }


ARMS = (
    Arm("background", "untrusted structures are background", vary=teach_background),
    Arm("keep", "untrusted pseudo-labels are kept as truth", vary=keep_pseudo_labels),
    Arm("ignore", "nnU-Net's ignore label, 10 mm wide", vary=ignore_untrusted),
    Arm("ours", "marginal loss and replay", replay=True),
)
