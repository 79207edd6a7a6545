"""The plan of a run before it starts: what would be used, and every reason not to start."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConfigError
from han5k_review.imaging.grid import Grid
from han5k_review.retraining.jobs.machine import Machine, choose_device
from han5k_review.retraining.models.model_folders import find_label_table, locate_model
from han5k_review.retraining.models.network_shape import find_shape
from han5k_review.retraining.runs.refusals import (
    note_run,
    note_unlearned,
    refuse_parent,
    refuse_rate,
    refuse_study,
)
from han5k_review.retraining.runs.resource_estimate import (
    CaseSize,
    Needs,
    describe_disk_shortage,
    describe_machine_shortage,
    estimate_needs,
)
from han5k_review.retraining.settings import RunSettings, resolve_settings
from han5k_review.retraining.teaching.declared import find_declared, note_declared
from han5k_review.retraining.teaching.replay_audit import read_doubted
from han5k_review.retraining.teaching.review_records import list_cases, read_records
from han5k_review.retraining.teaching.sealed import list_sealed
from han5k_review.retraining.teaching.snapshot import Snapshot
from han5k_review.retraining.teaching.snapshot_building import ParentTable, build_snapshot
from han5k_review.retraining.teaching.trust import ReviewRecord, TrustReason, judge
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import ReferenceKind, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a person asks for: a preset with overrides, one label group, maybe a parent model.

    A program's `request_id` is its own; the same one starts no second run (`find_requested`).
    """

    group: str
    preset: str = "smoke"
    overrides: dict[str, Any] = field(default_factory=dict)
    parent_model_id: int | None = None
    device: str = "cpu"
    request_id: str | None = None


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
    needs: Needs
    disk_free_gb: float
    refusals: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def can_start(self) -> bool:
        """True when nothing speaks against it."""
        return not self.refusals


def plan_run(
    session: Session,
    study: Study,
    catalogue: Catalogue,
    request: RunRequest,
    machine: Machine | None = None,
) -> RunPlan:
    """Look at the whole study with the eyes of a run; nothing is written.

    `machine` is judged when it is the one that will do the work; None leaves that to the worker.
    Raises ConfigError for a preset, setting, device or parent that does not exist.
    """
    settings = resolve_settings(request.preset, request.overrides)
    choose_device(request.device)
    parent = _find_parent(session, request)
    names = [s.name for s in catalogue if s.group == request.group]
    cases = list_cases(session)
    records = read_records(session, {*names, *(parent.labels if parent else ())})
    snapshot = build_snapshot(
        cases,
        records,
        catalogue,
        request.group,
        settings,
        parent=_build_table(parent),
        doubted=read_doubted(session, records) if parent and settings.replay else (),
        sealed=list_sealed(session),
        declared=find_declared(session, request.parent_model_id).patients,
    )
    needs = _estimate(cases, snapshot, _as_parent(study, parent, settings), request.device)
    free_gb = shutil.disk_usage(study.root).free / 1e9
    refusals = refuse_study(catalogue, cases, snapshot, request.group)
    notes = note_run(snapshot, request.preset, request.device, has_parent=parent is not None)
    if parent is not None:
        refusals += _refuse_parent(session, study, catalogue, snapshot, parent)
        refusals += refuse_rate(settings, parent.name)
        notes += note_declared(find_declared(session, parent.id), parent.name)
        notes += note_unlearned(_count_unlearned(cases, records, snapshot), parent.name)
    refusals += describe_disk_shortage(needs, free_gb, str(study.root))
    if machine is not None:
        refusals += describe_machine_shortage(needs, machine, request.device)
    return RunPlan(
        request=request,
        settings=settings,
        snapshot=snapshot,
        structures=tuple(_structure_plan(n, snapshot) for n in _names(snapshot)),
        needs=needs,
        disk_free_gb=free_gb,
        refusals=tuple(refusals),
        notes=tuple(notes),
    )


def _count_unlearned(
    cases: Sequence[Case], records: Mapping[CaseStructure, ReviewRecord], snapshot: Snapshot
) -> Counter[str]:
    """Structure -> trusted contours of training cases, where the label table does not have it."""
    train = {stored_id(c) for c in cases if c.split is Split.TRAIN}
    counted = snapshot.settings.count_references
    return Counter(
        name
        for (case_id, name), record in records.items()
        if name not in snapshot.labels
        and case_id in train
        and judge(record, count_reference=counted).trusted
    )


def _refuse_parent(
    session: Session, study: Study, catalogue: Catalogue, snapshot: Snapshot, parent: ModelVersion
) -> list[str]:
    on_disk = find_label_table(locate_model(study, parent))
    predicted = _list_predicted(session, parent)
    return refuse_parent(catalogue, snapshot, parent, on_disk, predicted)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelGroup:
    """A label group: its structures, and how many contours of training cases are trusted."""

    name: str
    structures: tuple[str, ...]
    trusted: int


def list_groups(
    session: Session, catalogue: Catalogue, *, count_references: bool = False
) -> list[LabelGroup]:
    """The label groups, the one with the most trusted contours first.

    With `count_references` the references of training cases are counted too, as the run would.
    """
    members: dict[str, list[str]] = {}
    for structure in catalogue:
        members.setdefault(structure.group, []).append(str(structure.name))
    train = {stored_id(c) for c in list_cases(session) if c.split is Split.TRAIN}
    names = {name for group in members.values() for name in group}
    trusted = Counter(
        record.structure
        for record in read_records(session, names).values()
        if record.case_id in train and judge(record, count_reference=count_references).trusted
    )
    groups = [
        LabelGroup(name=name, structures=tuple(own), trusted=sum(trusted[n] for n in own))
        for name, own in members.items()
    ]
    return sorted(groups, key=lambda group: -group.trusted)


def find_fullest_group(
    session: Session, catalogue: Catalogue, *, count_references: bool = False
) -> str:
    """The label group that a person would most likely train."""
    return list_groups(session, catalogue, count_references=count_references)[0].name


def _build_table(parent: ModelVersion | None) -> ParentTable | None:
    if parent is None:
        return None
    return ParentTable(labels=parent.labels, checkpoint_sha256=parent.checkpoint_sha256)


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
    kinds = [r.kind for c in snapshot.held_out for r in c.references if r.structure == name]
    return StructurePlan(
        structure=name,
        trusted=sum(m.trusted for m in masks),
        untrusted=sum(not m.trusted for m in masks),
        reasons=Counter(m.reason for m in masks),
        references=Counter(kinds),
        in_model=name in snapshot.labels,
    )


def _as_parent(study: Study, parent: ModelVersion | None, settings: RunSettings) -> RunSettings:
    """The settings with the spacing and width of the parent's network, which the run keeps."""
    shape = None if parent is None else find_shape(locate_model(study, parent))
    if shape is None:
        return settings
    return replace(
        settings,
        working_spacing_mm=shape.working_spacing_mm,
        base_features=shape.base_features,
    )


def _estimate(
    cases: Sequence[Case], snapshot: Snapshot, settings: RunSettings, device: str
) -> Needs:
    taught = {c.case_id for c in snapshot.teaching}
    held = {c.case_id for c in (*snapshot.held_out, *snapshot.sealed)}
    return estimate_needs(
        [_size(c) for c in cases if c.id in taught],
        [_size(c) for c in cases if c.id in held],
        len(snapshot.labels) + 1,
        settings,
        device,
    )


def _size(case: Case) -> CaseSize:
    i, j, k = case.shape_ijk
    grid = Grid.from_rows(case.shape_ijk, case.affine_ras)
    return CaseSize(shape_ijk=(i, j, k), spacing_mm=grid.spacing_mm)


def _list_predicted(session: Session, parent: ModelVersion) -> set[tuple[int, str, str]]:
    """(case id, structure, mask hash) of every contour the model predicted."""
    query = select(LabelVersion.case_id, LabelVersion.structure, LabelVersion.mask_sha256).where(
        LabelVersion.model_version_id == parent.id
    )
    return set(session.exec(query))
