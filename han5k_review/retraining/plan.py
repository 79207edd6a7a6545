"""The plan of a run before it starts: what would be used, and every reason not to start."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConfigError
from han5k_review.retraining.model_folders import locate_model
from han5k_review.retraining.records import list_cases, read_records
from han5k_review.retraining.settings import RunSettings, resolve_settings
from han5k_review.retraining.snapshot import Snapshot, SnapshotCase, build_snapshot
from han5k_review.retraining.trust import TrustReason
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import ReferenceKind, Split

_BYTES_PER_VOXEL = 8
_SPARE_BYTES = 2_000_000_000
_BROUGHT_BY_PEOPLE = frozenset({TrustReason.REVISION_ACCEPTED, TrustReason.REFERENCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a person asks for: a preset with overrides, one label group, maybe a parent model."""

    group: str
    preset: str = "smoke"
    overrides: dict[str, Any] = field(default_factory=dict)
    parent_model_id: int | None = None
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class StructurePlan:
    """One structure: how many training contours teach, why, and what it would be judged on."""

    structure: str
    trusted: int
    untrusted: int
    reasons: Mapping[TrustReason, int]
    references: Mapping[ReferenceKind, int]
    in_model: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What a run would use. It can start when `refusals` is empty."""

    request: RunRequest
    settings: RunSettings
    snapshot: Snapshot
    structures: tuple[StructurePlan, ...]
    disk_needed_gb: float
    disk_free_gb: float
    refusals: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def can_start(self) -> bool:
        """True when nothing speaks against it."""
        return not self.refusals


def plan_run(session: Session, study: Study, catalogue: Catalogue, request: RunRequest) -> RunPlan:
    """Look at the whole study with the eyes of a run; nothing is written.

    Raises ConfigError for a preset, setting or parent that does not exist.
    """
    settings = resolve_settings(request.preset, request.overrides)
    parent = _find_parent(session, request)
    names = [s.name for s in catalogue if s.group == request.group]
    cases = list_cases(session)
    snapshot = build_snapshot(
        cases,
        read_records(session, {*names, *(parent.labels if parent else ())}),
        catalogue,
        request.group,
        settings,
        parent_labels=parent.labels if parent else None,
        parent_checkpoint_sha256=parent.checkpoint_sha256 if parent else None,
    )
    needed = _SPARE_BYTES + _voxels(cases, snapshot) * _BYTES_PER_VOXEL
    free = shutil.disk_usage(study.root).free
    refusals = _refusals(catalogue, cases, snapshot, request, parent)
    if free < needed:
        refusals.append(
            f"{needed / 1e9:.1f} GB of free disk were expected in {study.root}, found "
            f"{free / 1e9:.1f} GB; free space and start again."
        )
    if parent and not locate_model(study, parent).checkpoint.exists():
        refusals.append(f"The files of the parent model {parent.name} are gone; restore them.")
    return RunPlan(
        request=request,
        settings=settings,
        snapshot=snapshot,
        structures=tuple(_structure_plan(n, snapshot) for n in _names(snapshot)),
        disk_needed_gb=round(needed / 1e9, 1),
        disk_free_gb=round(free / 1e9, 1),
        refusals=tuple(refusals),
        notes=tuple(_notes(snapshot, request, parent)),
    )


def find_fullest_group(session: Session, study: Study, catalogue: Catalogue) -> str:
    """The label group with the most trusted contours: what a person would most likely train."""
    groups = list(dict.fromkeys(structure.group for structure in catalogue))
    plans = [plan_run(session, study, catalogue, RunRequest(group=name)) for name in groups]
    best = max(plans, key=lambda plan: sum(row.trusted for row in plan.structures))
    return best.request.group


def _find_parent(session: Session, request: RunRequest) -> ModelVersion | None:
    if request.parent_model_id is None:
        return None
    parent = session.get(ModelVersion, request.parent_model_id)
    if parent is None:
        raise ConfigError(f"There is no model version {request.parent_model_id} to continue.")
    if parent.group != request.group:
        raise ConfigError(
            f"A parent of label group {request.group} was expected; {parent.name} is of group "
            f"{parent.group}."
        )
    return parent


def _names(snapshot: Snapshot) -> list[str]:
    found = dict.fromkeys(snapshot.labels)
    for case in snapshot.cases:
        found.update(dict.fromkeys(m.structure for m in case.masks if m.mask_sha256))
        found.update(dict.fromkeys(r.structure for r in case.references))
    return list(found)


def _structure_plan(name: str, snapshot: Snapshot) -> StructurePlan:
    masks = [m for c in snapshot.cases for m in c.masks if m.structure == name]
    kinds = [r.kind for c in snapshot.cases for r in c.references if r.structure == name]
    return StructurePlan(
        structure=name,
        trusted=sum(m.trusted for m in masks),
        untrusted=sum(not m.trusted for m in masks),
        reasons=Counter(m.reason for m in masks),
        references=Counter(kinds),
        in_model=name in snapshot.labels,
    )


def _voxels(cases: Sequence[Case], snapshot: Snapshot) -> int:
    taught = {c.case_id for c in snapshot.teaching}
    total = 0
    for case in cases:
        if case.id in taught:
            i, j, k = case.shape_ijk
            total += i * j * k
    return total


def _refusals(
    catalogue: Catalogue,
    cases: Sequence[Case],
    snapshot: Snapshot,
    request: RunRequest,
    parent: ModelVersion | None,
) -> list[str]:
    groups = sorted({s.group for s in catalogue})
    if request.group not in groups:
        return [f"Label group {request.group} has no structures; groups are {', '.join(groups)}."]
    found = []
    if not any(c.split is Split.TRAIN for c in cases):
        found.append("No case is in the training split; import cases into it.")
    elif not snapshot.teaching:
        found.append(
            f"No contour of label group {request.group} is trusted on a training case: grade "
            "pseudo-labels, accept revisions, or set count_references to let reference contours "
            "teach."
        )
    if not any(c.split is Split.HELD_OUT for c in cases):
        found.append("No case is held out, so nothing could be measured; import some as held_out.")
    elif snapshot.teaching and not snapshot.held_out:
        found.append(
            "No held-out case has a trusted contour of these structures: import references, or "
            "review held-out cases."
        )
    both = _patients(snapshot.cases, Split.TRAIN) & _patients(snapshot.cases, Split.HELD_OUT)
    if both:
        found.append(f"Patients in training and held out at once: {', '.join(sorted(both))}.")
    if parent is not None and snapshot.teaching and _teaches_nothing_new(snapshot, parent):
        found.append(
            f"Every trusted contour is what {parent.name} drew itself: there is nothing to learn; "
            "accept revisions first."
        )
    return found


def _patients(cases: Sequence[SnapshotCase], split: Split) -> set[str]:
    return {c.patient for c in cases if c.split is split}


def _teaches_nothing_new(snapshot: Snapshot, parent: ModelVersion) -> bool:
    return all(
        m.reason not in _BROUGHT_BY_PEOPLE and m.model_version_id == parent.id
        for c in snapshot.teaching
        for m in c.masks
        if m.trusted
    )


def _notes(snapshot: Snapshot, request: RunRequest, parent: ModelVersion | None) -> list[str]:
    notes = []
    if parent is None:
        notes.append(
            "No parent model: the net is trained from scratch, and 'before' is the present "
            "pseudo-label on the held-out cases."
        )
    if request.device == "cpu" and request.preset != "smoke":
        notes.append("On a CPU this preset takes months; use a GPU.")
    unjudged = [
        n
        for n in snapshot.labels
        if not any(r.structure == n for c in snapshot.held_out for r in c.references)
    ]
    if unjudged:
        notes.append(f"Learned, but with nothing to judge them on: {', '.join(unjudged)}.")
    return notes
