"""Contours drawn from nothing: reads that show no contour, and how far they are.

In a timed study some reads begin with an empty contour. Nothing in them is graded: a structure is
done once its reader has submitted what was drawn. Such a contour measures time; it waits for
nobody, and is never accepted, taught or released (decision 0044).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from han5k_review.imaging.mask import StructureMask
from han5k_review.store.draft_tables import Draft, DraftSubmission
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.protocol_tables import ProtocolVersion, ReadContour
from han5k_review.store.tables import Assignment, Case, LabelVersion, Revision
from han5k_review.store.vocabulary import LabelSource
from han5k_review.study import grid_of

DRAWN = "drawn"
"""What stands in the place of a grade's code once a structure is drawn and submitted."""

_BEGAN = aliased(LabelVersion)  # made once: making it costs more than the query


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnContour:
    """What a reader drew from nothing, as submitted last; `turn` counts the submissions so far."""

    contour: LabelVersion
    turn: int
    submitted_at_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One submitted draft with its time: when it was opened and submitted, seconds at work."""

    assignment_id: int
    structure: str
    opened_at_utc: datetime
    submitted_at_utc: datetime
    active_seconds: float
    voxels: int


def list_drawings(session: Session) -> list[Drawing]:
    """Every submitted draft of the reads by protocol, in the order of submission."""
    rows = session.execute(
        sa.select(Draft, col(DraftSubmission.submitted_at_utc), col(LabelVersion.voxels))
        .join(DraftSubmission, col(DraftSubmission.draft_id) == col(Draft.id))
        .join(Revision, col(Revision.id) == col(DraftSubmission.revision_id))
        .join(LabelVersion, col(LabelVersion.id) == col(Revision.label_version_id))
        .join(Assignment, col(Assignment.id) == col(Draft.assignment_id))
        .where(col(Assignment.protocol_id).is_not(None))
        .order_by(col(DraftSubmission.id))
    )
    return [
        Drawing(
            assignment_id=draft.assignment_id,
            structure=draft.structure,
            opened_at_utc=draft.opened_at_utc,
            submitted_at_utc=submitted,
            active_seconds=draft.active_seconds,
            voxels=voxels,
        )
        for draft, submitted, voxels in rows
    ]


def add_empty_start(
    session: Session, labels: LabelFiles, original: LabelVersion, now: datetime
) -> LabelVersion:
    """Store a contour without a voxel, which a read shows in the place of `original`."""
    grid = grid_of(session.get_one(Case, original.case_id))
    version = LabelVersion(
        case_id=original.case_id,
        structure=original.structure,
        source=LabelSource.EMPTY,
        mask_sha256=labels.put_mask(StructureMask.empty(grid)),
        voxels=0,
        volume_cc=0.0,
        started_from_id=original.id,
        created_at_utc=now,
    )
    session.add(version)
    session.flush()
    return version


def is_drawn_draft() -> ColumnElement[bool]:
    """For a query of Draft: it began with an empty contour."""
    return (
        sa.select(col(_BEGAN.id))
        .where(
            col(_BEGAN.id) == col(Draft.reviewed_label_version_id),
            col(_BEGAN.source) == LabelSource.EMPTY,
        )
        .correlate(Draft)
        .exists()
    )


def is_manual(session: Session, assignment_id: int) -> bool:
    """True for a read whose contours are drawn from nothing."""
    return assignment_id in list_manual(session, [assignment_id])


def list_manual(
    session: Session,
    assignment_ids: Collection[int] | None = None,
    *,
    reader_id: int | None = None,
) -> set[int]:
    """Which reads are drawn from nothing: of these, of one reader's, or of all."""
    query = (
        select(ReadContour.assignment_id)
        .join(LabelVersion, col(LabelVersion.id) == col(ReadContour.label_version_id))
        .join(Assignment, col(Assignment.id) == col(ReadContour.assignment_id))
        # Most studies have no such protocol, and are asked no further.
        .join(ProtocolVersion, col(ProtocolVersion.id) == col(Assignment.protocol_id))
        .where(LabelVersion.source == LabelSource.EMPTY, ProtocolVersion.manual_share > 0)
        .distinct()
    )
    if assignment_ids is not None:
        query = query.where(col(ReadContour.assignment_id).in_(assignment_ids))
    if reader_id is not None:
        query = query.where(Assignment.reader_id == reader_id)
    return set(session.exec(query))


def list_drawn(session: Session, assignment_id: int) -> Mapping[str, DrawnContour]:
    """Structure -> what was drawn from nothing in this read and submitted; the newest counts."""
    rows = session.exec(
        select(Draft.structure, LabelVersion, DraftSubmission.submitted_at_utc)
        .join(DraftSubmission, col(DraftSubmission.draft_id) == col(Draft.id))
        .join(Revision, col(Revision.id) == col(DraftSubmission.revision_id))
        .join(LabelVersion, col(LabelVersion.id) == col(Revision.label_version_id))
        .where(Draft.assignment_id == assignment_id, is_drawn_draft())
        .order_by(col(DraftSubmission.id))
    )
    found: dict[str, DrawnContour] = {}
    for structure, contour, at in rows:
        turn = found[structure].turn + 1 if structure in found else 1
        found[structure] = DrawnContour(contour=contour, turn=turn, submitted_at_utc=at)
    return found


def find_first_drawn(session: Session) -> datetime | None:
    """When the first contour that was drawn from nothing came in; None before."""
    return session.exec(
        select(func.min(DraftSubmission.submitted_at_utc))
        .join(Draft, col(Draft.id) == col(DraftSubmission.draft_id))
        .where(is_drawn_draft())
    ).one()


def is_from_nothing(session: Session, draft: Draft) -> bool:
    """True for a draft that began with an empty contour."""
    reviewed = session.get_one(LabelVersion, draft.reviewed_label_version_id)
    return reviewed.source is LabelSource.EMPTY
