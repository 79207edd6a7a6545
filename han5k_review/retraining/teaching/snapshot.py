"""Snapshot: what a run uses, frozen into a manifest whose hash is part of the run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from han5k_review.retraining.settings import RunSettings
from han5k_review.retraining.teaching.trust import (
    TrustReason,
)
from han5k_review.store.vocabulary import ReferenceKind, Split

_NEW = frozenset({TrustReason.REVISION_ACCEPTED, TrustReason.REFERENCE})
"""What people drew: a case with such a contour is never left out, and fills half of the batches."""


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
    """One case. `masks` is filled for training cases, `references` for held-out ones.

    `taught_elsewhere`: the patient taught the run's parent before it was imported.
    """

    case_id: int
    name: str
    patient: str
    image_sha256: str
    split: Split
    weight: int = 1
    monitor: bool = False
    sealed: bool = False
    taught_elsewhere: bool = False
    masks: tuple[SnapshotMask, ...] = ()
    references: tuple[SnapshotReference, ...] = ()

    @property
    def trusted(self) -> dict[str, str]:
        """Structure -> hash of each mask that teaches."""
        return {m.structure: m.mask_sha256 for m in self.masks if m.trusted and m.mask_sha256}

    @property
    def revised(self) -> tuple[str, ...]:
        """Structures whose mask a person drew."""
        return tuple(m.structure for m in self.masks if m.trusted and m.reason in _NEW)


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
        """Held-out cases with at least one reference of the label table; none that is sealed.

        A patient who taught the parent elsewhere judges nothing.
        """
        return tuple(c for c in self._with_references if not c.sealed)

    @property
    def sealed(self) -> tuple[SnapshotCase, ...]:
        """Cases of the sealed test set: predicted with the run, and measured when it is opened."""
        return tuple(c for c in self._with_references if c.sealed)

    @property
    def _with_references(self) -> list[SnapshotCase]:
        names = set(self.labels)
        return [
            c
            for c in self.cases
            if {r.structure for r in c.references} & names and not c.taught_elsewhere
        ]

    def manifest(self) -> bytes:
        """Canonical JSON: the same content gives the same bytes."""
        text = json.dumps({"manifest": 1, **asdict(self)}, sort_keys=True, indent=1)
        return text.encode() + b"\n"

    @property
    def sha256(self) -> str:
        """Hash of the manifest."""
        return hashlib.sha256(self.manifest()).hexdigest()
