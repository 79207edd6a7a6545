"""Snapshot: what a run uses, frozen into a manifest whose hash is part of the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.retraining.settings import RunSettings
from han5k_review.retraining.teaching.trust import (
    ReviewRecord,
    Trust,
    TrustReason,
    choose_reference,
    judge,
)
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import ReferenceKind, Split

_MIN_PATIENTS_TO_MONITOR = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotMask:
    """One structure of a training case: whether and why its contour teaches."""

    structure: str
    mask_sha256: str | None
    trusted: bool
    reason: TrustReason
    model_version_id: int | None = None

    @property
    def shows_pieces(self) -> bool:
        """True when it tells whether the structure is one piece.

        People accepted it and no model of the study predicted it: a model's own prediction shows
        what its rule left of it, and what the way back from a coarse grid broke.
        """
        accepted = self.trusted and self.reason is not TrustReason.REPLAYED
        return accepted and self.mask_sha256 is not None and self.model_version_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReference:
    """One structure of a held-out case: what is measured against, and the present pseudo-label."""

    structure: str
    mask_sha256: str
    kind: ReferenceKind
    present_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCase:
    """One case. `masks` is filled for training cases, `references` for held-out ones."""

    case_id: int
    name: str
    patient: str
    image_sha256: str
    split: Split
    weight: int = 1
    monitor: bool = False
    masks: tuple[SnapshotMask, ...] = ()
    references: tuple[SnapshotReference, ...] = ()

    @property
    def trusted(self) -> dict[str, str]:
        """Structure -> hash of each mask that teaches."""
        return {m.structure: m.mask_sha256 for m in self.masks if m.trusted and m.mask_sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a run uses. `labels` is the model's label table (structure -> value)."""

    group: str
    labels: dict[str, int]
    inside: dict[str, str]
    parent_checkpoint_sha256: str | None
    settings: RunSettings
    cases: tuple[SnapshotCase, ...]

    @property
    def teaching(self) -> tuple[SnapshotCase, ...]:
        """Training cases with at least one trusted mask of the label table."""
        return tuple(c for c in self.cases if set(c.trusted) & set(self.labels))

    @property
    def held_out(self) -> tuple[SnapshotCase, ...]:
        """Held-out cases with at least one reference of the label table."""
        found = (c for c in self.cases if {r.structure for r in c.references} & set(self.labels))
        return tuple(found)

    def manifest(self) -> bytes:
        """Canonical JSON: the same content gives the same bytes."""
        text = json.dumps({"manifest": 1, **asdict(self)}, sort_keys=True, indent=1)
        return text.encode() + b"\n"

    @property
    def sha256(self) -> str:
        """Hash of the manifest."""
        return hashlib.sha256(self.manifest()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentTable:
    """What a snapshot takes from the model that a run continues: structure -> label value."""

    labels: Mapping[str, int]
    checkpoint_sha256: str


def build_snapshot(
    cases: Sequence[Case],
    records: Mapping[tuple[int, str], ReviewRecord],
    catalogue: Catalogue,
    group: str,
    settings: RunSettings,
    *,
    parent: ParentTable | None = None,
) -> Snapshot:
    """Apply the trust rule to every case of one label group.

    The label table is the parent's, or the structures of the group with at least one trusted
    mask in training, in the catalogue's order. Held-out cases never teach.
    """
    names = [str(s.name) for s in catalogue if s.group == group]
    if parent is not None:
        names = [n for n in parent.labels if n in catalogue.structures]
    replayed = _replayed(records, names, settings, has_parent=parent is not None)
    built = [_case(case, records, names, settings, replayed) for case in cases]
    taught = {name for case in built for name in case.trusted}
    if parent is not None:
        labels = dict(parent.labels)
    else:
        labels = {n: v for v, n in enumerate((n for n in names if n in taught), start=1)}
    return Snapshot(
        group=group,
        labels=labels,
        inside={
            s.name: s.inside
            for s in catalogue
            if s.inside is not None and s.name in labels and s.inside in labels
        },
        parent_checkpoint_sha256=parent.checkpoint_sha256 if parent else None,
        settings=settings,
        cases=tuple(_set_monitor(built, settings.monitor_fraction)),
    )


def _replayed(
    records: Mapping[tuple[int, str], ReviewRecord],
    names: Sequence[str],
    settings: RunSettings,
    *,
    has_parent: bool,
) -> frozenset[str]:
    """Structures of which no revision was accepted, when the run replays.

    A contour graded for revision never teaches. But as long as nobody has drawn a better one, the
    structure's ungraded pseudo-labels keep what the parent knows of it: with nothing to hold it,
    a structure is lost (docs/loop.md).
    """
    if not (settings.replay and has_parent):
        return frozenset()
    revised = {r.structure for r in records.values() if r.accepted and not r.accepted_is_unrevised}
    return frozenset(names) - revised


def _case(
    case: Case,
    records: Mapping[tuple[int, str], ReviewRecord],
    names: Sequence[str],
    settings: RunSettings,
    replayed: frozenset[str],
) -> SnapshotCase:
    case_id = stored_id(case)
    known = [records.get((case_id, n), ReviewRecord(case_id=case_id, structure=n)) for n in names]
    masks = tuple(_mask(r, settings, replayed) for r in known if case.split is Split.TRAIN)
    real = any(m.trusted and m.reason is not TrustReason.REPLAYED for m in masks)
    return SnapshotCase(
        case_id=case_id,
        name=case.name,
        patient=case.patient,
        image_sha256=case.image_sha256,
        split=case.split,
        weight=settings.revised_weight if real else 1,
        masks=masks,
        references=_references(known) if case.split is Split.HELD_OUT else (),
    )


def _mask(record: ReviewRecord, settings: RunSettings, replayed: frozenset[str]) -> SnapshotMask:
    trust = judge(record, count_reference=settings.count_references)
    if trust.reason is TrustReason.NOT_GRADED and record.structure in replayed:
        trust = Trust(trusted=True, reason=TrustReason.REPLAYED, label=record.under_review)
    return SnapshotMask(
        structure=record.structure,
        mask_sha256=trust.label.mask_sha256 if trust.label else None,
        trusted=trust.trusted,
        reason=trust.reason,
        model_version_id=trust.label.model_version_id if trust.label else None,
    )


def _references(records: Sequence[ReviewRecord]) -> tuple[SnapshotReference, ...]:
    found = []
    for record in records:
        reference = choose_reference(record)
        if reference is not None:
            present = record.under_review
            found.append(
                SnapshotReference(
                    structure=record.structure,
                    mask_sha256=reference.label.mask_sha256,
                    kind=reference.kind,
                    present_sha256=present.mask_sha256 if present else None,
                )
            )
    return tuple(found)


def _set_monitor(cases: Sequence[SnapshotCase], fraction: float) -> list[SnapshotCase]:
    """Set whole patients aside for the pseudo-Dice, chosen by the hash of their pseudonym."""
    patients = sorted({c.patient for c in cases if c.trusted}, key=_by_hash)
    count = max(1, round(fraction * len(patients))) if fraction > 0 else 0
    if len(patients) < _MIN_PATIENTS_TO_MONITOR:
        count = 0
    chosen = set(patients[:count])
    return [replace(c, monitor=c.patient in chosen and bool(c.trusted)) for c in cases]


def _by_hash(patient: str) -> str:
    return hashlib.sha256(patient.encode()).hexdigest()
