"""What is accepted: of each structure of a case one contour, or none, and why.

The only place that decides it; the viewer, the cohort, training, exports and locks ask here. A
locked contour counts, whether it was locked by accepting a revision or as it is. Where nothing is
locked, it is the revision that was accepted last, of those whose newest decision accepts them.

    accept B, unlock, accept A          -> A, locked
    accept B, unlock, accept A, unlock  -> A, by its decision
    accept A, unlock, lock P as it is   -> P, locked; after unlocking it: A, by its decision
    accept A, reject A                  -> nothing
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, col, select

from han5k_review.store.draft_tables import StructureLock
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.tables import LabelVersion, Revision, RevisionDecision
from han5k_review.store.vocabulary import Decision


class AcceptedBy(StrEnum):
    """Why a contour is the accepted one."""

    LOCK = "locked"
    DECISION = "decided last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The accepted contour of one structure of one case.

    `reviewed_id` is the label version under review that it corrects; its own id when a contour
    that nobody revised was locked as it is.
    """

    contour: LabelVersion
    reviewed_id: int
    by: AcceptedBy

    @property
    def is_unrevised(self) -> bool:
        """True for a pseudo-label, prediction or reference that was locked as it is."""
        return self.reviewed_id == self.contour.id


def list_accepted(
    session: Session, case_ids: Collection[int] | None = None
) -> Mapping[CaseStructure, Accepted]:
    """(case id, structure) -> its accepted contour, of these cases or of all."""
    return {**_list_decided(session, case_ids), **_list_locked(session, case_ids)}


def _list_decided(
    session: Session, case_ids: Collection[int] | None
) -> dict[CaseStructure, Accepted]:
    query = (
        select(RevisionDecision, Revision, LabelVersion)
        .join(Revision, col(Revision.id) == RevisionDecision.revision_id)
        .join(LabelVersion, col(LabelVersion.id) == Revision.label_version_id)
        .order_by(col(RevisionDecision.id))
    )
    if case_ids is not None:
        query = query.where(col(LabelVersion.case_id).in_(case_ids))
    rows = session.exec(query).all()
    newest = {decision.revision_id: decision.id for decision, _, _ in rows}
    return {
        (contour.case_id, contour.structure): Accepted(
            contour=contour,
            reviewed_id=revision.reviewed_id,
            by=AcceptedBy.DECISION,
        )
        for decision, revision, contour in rows
        if decision.decision is Decision.ACCEPTED and newest[decision.revision_id] == decision.id
    }


def _list_locked(
    session: Session, case_ids: Collection[int] | None
) -> dict[CaseStructure, Accepted]:
    query = (
        select(StructureLock, LabelVersion, Revision)
        .join(LabelVersion, col(LabelVersion.id) == StructureLock.label_version_id)
        .outerjoin(Revision, col(Revision.label_version_id) == LabelVersion.id)
        .order_by(col(StructureLock.id))
    )
    if case_ids is not None:
        query = query.where(col(StructureLock.case_id).in_(case_ids))
    accepted: dict[CaseStructure, Accepted] = {}
    for lock, contour, revision in session.exec(query):
        key = (lock.case_id, lock.structure)
        accepted.pop(key, None)
        if lock.locked:
            reviewed_id = stored_id(contour) if revision is None else revision.reviewed_id
            accepted[key] = Accepted(contour=contour, reviewed_id=reviewed_id, by=AcceptedBy.LOCK)
    return accepted
