"""Ways to teach a network with contours of which only some are trusted: the jobs of the proof.

Each arm is a job of the product, frozen from the study as a run would freeze it, then varied.
Two losses: `ignore` hands nnU-Net what people hand it without this software (where every structure
of a case is declared trusted, the product's loss is nnU-Net's own: tests/retraining/
test_marginal_loss.py), `marginal` leaves open what nobody vouches for. Memory is replay and redraw
together: what the parent predicted teaches again, as it predicted it on its own grid. Which
structures keep their largest piece is decided by the same contours in all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.retraining.jobs.tasks import TrainCase, TrainJob
from han5k_review.retraining.teaching.snapshot import Snapshot, SnapshotCase
from han5k_review.store.study import Study

IGNORED_MARGIN_MM = 10.0
PLANTED, GAPS = "planted", "gaps"
OURS = "marginal + memory"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A run that was frozen and not started: what it knows of all cases, and its job."""

    snapshot: Snapshot
    job: TrainJob


@dataclass(frozen=True, kw_only=True)
class GapCase:
    """A patient whose record lacks organs: hashes of what was drawn, and of what parent predicts.

    `empty` is the hash of an empty mask on its grid.
    """

    name: str
    image_sha256: str
    drawn: Mapping[str, str]
    predicted: Mapping[str, str]
    empty: str


@dataclass(frozen=True, kw_only=True)
class Material:
    """The reviewed study as runs see it, what its readers would draw, and the patients with gaps.

    `wanted`: case -> structure -> hash of the reader's contour, revised or not.
    """

    study: Study
    remembering: Prepared
    forgetful: Prepared
    alone: Prepared
    wanted: Mapping[str, Mapping[str, str]]
    gaps: tuple[GapCase, ...]


@dataclass(frozen=True, kw_only=True)
class ArmKind:
    """One way: its experiment, its words, how its job is made, and its part of the seeds."""

    name: str
    experiment: str
    words: str
    build: Callable[[Material], TrainJob]
    one_seed: bool = False
    from_parent: bool = True


def forget(job: TrainJob) -> TrainJob:
    """Accepted pseudo-labels are taught as they are stored, not as the parent predicts them."""
    return replace(job, cases=tuple(replace(c, predicted_by_parent=()) for c in job.cases))


def teach_background(study: Study, snapshot: Snapshot, job: TrainJob) -> TrainJob:
    """What is not trusted is not predicted: it becomes background."""
    return replace(
        job,
        cases=tuple(
            replace(case, masks={**_empty(study, case, snapshot), **case.masks})
            for case in job.cases
        ),
    )


def ignore_untrusted(study: Study, prepared: Prepared) -> TrainJob:
    """nnU-Net's ignore label over untrusted pseudo-labels, and 10 mm around them."""
    snapshot = prepared.snapshot
    by_name = {case.name: case for case in snapshot.cases}
    cases = []
    for case in teach_background(study, snapshot, prepared.job).cases:
        trusted = prepared_masks(prepared.job, case.name)
        untrusted = [
            h for n, h in _predicted(by_name[case.name], snapshot).items() if n not in trusted
        ]
        cases.append(replace(case, ignored=_put_zone(study, case.image_sha256, untrusted)))
    return replace(prepared.job, cases=tuple(cases))


def prepared_masks(job: TrainJob, name: str) -> Mapping[str, str]:
    """The trusted masks of one case of a job."""
    return next(case.masks for case in job.cases if case.name == name)


def trust_all(material: Material) -> TrainJob:
    """Every contour of every reviewed patient is what the reader would draw: the upper bound."""
    job = material.forgetful.job
    images = {c.name: c.image_sha256 for c in material.remembering.snapshot.cases}
    cases = tuple(
        TrainCase(
            name=name,
            image_sha256=images[name],
            masks=dict(masks),
            shows_pieces=tuple(masks),
            revised=tuple(masks),
        )
        for name, masks in material.wanted.items()
    )
    return replace(job, cases=cases)


def teach_gaps(material: Material, *, memory: bool) -> TrainJob:
    """What people drew teaches; with memory the parent's prediction teaches where they did not."""
    labels = material.forgetful.job.labels
    cases = []
    for gap in material.gaps:
        missing = {n: gap.predicted[n] for n in labels if n not in gap.drawn} if memory else {}
        cases.append(
            TrainCase(
                name=gap.name,
                image_sha256=gap.image_sha256,
                masks={**gap.drawn, **missing},
                predicted_by_parent=tuple(missing),
                shows_pieces=tuple(gap.drawn),
                revised=tuple(gap.drawn),
            )
        )
    return replace(material.forgetful.job, cases=tuple(cases))


def teach_gaps_as_nnunet(material: Material, *, ignored: bool) -> TrainJob:
    """Missing organs are background; with `ignored` not where the parent sees them, and 10 mm."""
    job, gaps = teach_gaps(material, memory=False), {g.name: g for g in material.gaps}
    cases = []
    for case in job.cases:
        gap = gaps[case.name]
        missing = [n for n in job.labels if n not in gap.drawn]
        unsure = [gap.predicted[n] for n in missing] if ignored else []
        zone = _put_zone(material.study, case.image_sha256, unsure) if unsure else None
        masks = {**dict.fromkeys(missing, gap.empty), **case.masks}
        cases.append(replace(case, masks=masks, ignored=zone))
    return replace(job, cases=tuple(cases))


def widen(zone: np.ndarray, grid: Grid, margin_mm: float) -> np.ndarray:
    """All voxels within `margin_mm` of the zone."""
    if not zone.any():
        return zone
    far = ndimage.distance_transform_edt(~zone, sampling=grid.spacing_mm)
    return np.asarray(far <= margin_mm)


def _put_zone(study: Study, image_sha256: str, masks: list[str]) -> str:
    grid = study.volumes.get_index(image_sha256).grid
    zone = np.zeros(grid.shape, dtype=bool)
    for sha256 in masks:
        zone |= study.labels.get_mask(sha256, grid).dense()
    wide = StructureMask.from_dense(widen(zone, grid, IGNORED_MARGIN_MM), grid)
    return study.labels.put_mask(wide)


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
    ArmKind(
        name="ignore",
        experiment=PLANTED,
        words="nnU-Net's ignore label, 10 mm wide",
        build=lambda m: forget(ignore_untrusted(m.study, m.forgetful)),
    ),
    ArmKind(
        name="ignore + memory",
        experiment=PLANTED,
        words="the same, with replay and redraw",
        build=lambda m: ignore_untrusted(m.study, m.remembering),
    ),
    ArmKind(
        name="marginal",
        experiment=PLANTED,
        words="the marginal loss alone",
        build=lambda m: forget(m.forgetful.job),
    ),
    ArmKind(
        name=OURS,
        experiment=PLANTED,
        words="the product: marginal loss, replay and redraw",
        build=lambda m: m.remembering.job,
    ),
    ArmKind(
        name="all trusted",
        experiment=PLANTED,
        words="upper bound: every reviewed patient drawn whole by the reader",
        build=trust_all,
        one_seed=True,
    ),
    ArmKind(
        name="from scratch",
        experiment=PLANTED,
        words="no parent: the same accepted contours, as many steps as the parent had",
        build=lambda m: m.alone.job,
        one_seed=True,
        from_parent=False,
    ),
    ArmKind(
        name="gaps: background",
        experiment=GAPS,
        words="organs that were not drawn are background",
        build=lambda m: teach_gaps_as_nnunet(m, ignored=False),
    ),
    ArmKind(
        name="gaps: ignore",
        experiment=GAPS,
        words="nnU-Net's ignore label where the parent sees them, 10 mm wide",
        build=lambda m: teach_gaps_as_nnunet(m, ignored=True),
    ),
    ArmKind(
        name=f"gaps: {OURS}",
        experiment=GAPS,
        words="the product: the marginal loss, and the parent's prediction of them teaches",
        build=lambda m: teach_gaps(m, memory=True),
    ),
)
