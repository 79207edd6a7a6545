"""Reads: what each reader made of a case, and what an adjudicator made of that.

A revision is a reader's own read when it goes back to the contour under review through nobody
else's hands; one that goes back to another person's revision is an adjudicated edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from han5k_review.store.draft_tables import Draft, DraftSubmission
from han5k_review.store.tables import Assignment, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import APART, LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One reader's newest revisions of a case; `number` counts readers from 1 and never changes."""

    number: int
    reader_id: int
    pseudonym: str
    versions: Mapping[str, LabelVersion]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReads:
    """Structure -> label version of each read, in the order of first submission, and of edits."""

    reads: tuple[Read, ...]
    edits: Mapping[str, LabelVersion]


def list_reads(session: Session, case_id: int) -> CaseReads:
    """The reads of a case. Numbers follow the first submission, so that they never move.

    What corrects a planted error or was drawn from nothing is none: it is kept apart.
    """
    reviewed = aliased(LabelVersion)
    rows = session.exec(
        select(LabelVersion, Revision.reader_id)
        .join(Revision, col(Revision.label_version_id) == LabelVersion.id)
        .join(reviewed, col(reviewed.id) == col(Revision.reviewed_id))
        .where(
            LabelVersion.case_id == case_id,
            LabelVersion.source == LabelSource.REVISION,
            col(reviewed.source).not_in(APART),
        )
        .order_by(col(LabelVersion.id))
    ).all()
    revisions = {row.id: row for row, _ in rows}
    newest: dict[int, dict[str, LabelVersion]] = {}
    edits: dict[str, LabelVersion] = {}
    for row, reader_id in rows:
        if is_adjudicated_edit(row, revisions):
            edits[row.structure] = row
        else:
            newest.setdefault(reader_id, {})[row.structure] = row
    names = dict(
        session.exec(select(Reader.id, Reader.pseudonym).where(col(Reader.id).in_(newest))).all()
    )
    reads = tuple(
        Read(number=n, reader_id=reader_id, pseudonym=names[reader_id], versions=versions)
        for n, (reader_id, versions) in enumerate(newest.items(), start=1)
    )
    return CaseReads(reads=reads, edits=edits)


def is_adjudicated_edit(
    version: LabelVersion, revisions: Mapping[int | None, LabelVersion]
) -> bool:
    """True when a revision goes back to another person's; `revisions` are the case's, by id."""
    earlier = revisions.get(version.started_from_id)
    while earlier is not None:
        if earlier.reader_id != version.reader_id:
            return True
        earlier = revisions.get(earlier.started_from_id)
    return False


def list_own(session: Session, task: Assignment) -> Mapping[str, LabelVersion]:
    """Structure -> the newest revision that the reader of this read submitted.

    In a read of a protocol only what was drawn in it: a repeat must not show what was done before.
    """
    query = (
        select(LabelVersion)
        .where(
            LabelVersion.case_id == task.case_id,
            LabelVersion.source == LabelSource.REVISION,
            LabelVersion.reader_id == task.reader_id,
        )
        .order_by(col(LabelVersion.id))
    )
    if task.protocol_id is not None:
        query = (
            query.join(Revision, col(Revision.label_version_id) == col(LabelVersion.id))
            .join(DraftSubmission, col(DraftSubmission.revision_id) == col(Revision.id))
            .join(Draft, col(Draft.id) == col(DraftSubmission.draft_id))
            .where(Draft.assignment_id == task.id)
        )
    rows = session.exec(query)
    return {row.structure: row for row in rows}
