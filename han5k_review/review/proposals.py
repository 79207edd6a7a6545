"""Where proposals stand: nothing of it is stored, so that nothing has to be tidied up.

A proposal waits until a person takes it (as it is, or edited), refuses or withdraws it. It is
replaced by a newer one for the same structure of the case, outdated once the contour that it would
correct is not under review any more, and closed once another contour of the structure is locked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from han5k_review.review.decisions.locking import list_locks
from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.proposal_tables import Proposal, ProposalDecision
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import LabelSource, ProposalAct


class ProposalStanding(StrEnum):
    """Where a proposal stands; the value is what pages and commands say."""

    WAITING = "waiting"
    TAKEN = "taken"
    EDITED = "taken and edited"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced by a newer proposal"
    OUTDATED = "outdated: the contour that it would correct is not under review any more"
    CLOSED = "closed: another contour is locked"


_DECIDED = {
    ProposalAct.TAKEN: ProposalStanding.TAKEN,
    ProposalAct.REFUSED: ProposalStanding.REFUSED,
    ProposalAct.WITHDRAWN: ProposalStanding.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposal with its contour, the name of its case, and where it stands."""

    proposal: Proposal
    contour: LabelVersion
    case: str
    standing: ProposalStanding

    @property
    def key(self) -> CaseStructure:
        """Case id and structure."""
        return (self.contour.case_id, self.contour.structure)


def list_proposals(session: Session, case_ids: Collection[int] | None = None) -> list[ProposalView]:
    """All proposals of these cases or of the study, oldest first; the same number of queries
    however many."""
    query = (
        sa.select(Proposal, LabelVersion, col(Case.name))
        .join(LabelVersion, col(LabelVersion.id) == col(Proposal.label_version_id))
        .join(Case, col(Case.id) == col(LabelVersion.case_id))
        .order_by(col(Proposal.id))
    )
    if case_ids is not None:
        query = query.where(col(LabelVersion.case_id).in_(case_ids))
    rows = [(one, contour, case) for one, contour, case in session.execute(query)]
    if not rows:
        return []
    cases = {contour.case_id for _, contour, _ in rows}
    settled = _Settled(
        acts=_list_acts(session),
        edited=_list_started(session, cases),
        present=_list_present(session, cases),
        newest={(contour.case_id, contour.structure): one.id for one, contour, _ in rows},
        locked=frozenset(list_locks(session)),
    )
    return [
        ProposalView(
            proposal=one, contour=contour, case=case, standing=settled.settle(one, contour)
        )
        for one, contour, case in rows
    ]


def list_proposed(session: Session, case_id: int) -> Mapping[str, LabelVersion]:
    """Structure -> what is proposed for it and waits for a word."""
    return {
        view.contour.structure: view.contour
        for view in list_proposals(session, [case_id])
        if view.standing is ProposalStanding.WAITING
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """What decides where proposals stand."""

    acts: Mapping[int, ProposalAct]
    edited: frozenset[int]
    present: frozenset[int]
    newest: Mapping[CaseStructure, int | None]
    locked: frozenset[CaseStructure]

    def settle(self, one: Proposal, contour: LabelVersion) -> ProposalStanding:
        """What came of it first, then what stands in its way."""
        key = (contour.case_id, contour.structure)
        act = self.acts.get(stored_id(one))
        if act is not None:
            return _DECIDED[act]
        if contour.id in self.edited:
            return ProposalStanding.EDITED
        if self.newest[key] != one.id:
            return ProposalStanding.REPLACED
        if one.base_label_version_id not in self.present:
            return ProposalStanding.OUTDATED
        return ProposalStanding.CLOSED if key in self.locked else ProposalStanding.WAITING


def _list_acts(session: Session) -> dict[int, ProposalAct]:
    rows = session.exec(select(ProposalDecision).order_by(col(ProposalDecision.id)))
    return {row.proposal_id: row.act for row in rows}


def _list_started(session: Session, case_ids: Collection[int]) -> frozenset[int]:
    """The label versions that a revision of these cases began with."""
    rows = session.exec(
        select(LabelVersion.started_from_id).where(
            LabelVersion.source == LabelSource.REVISION, col(LabelVersion.case_id).in_(case_ids)
        )
    )
    return frozenset(number for number in rows if number is not None)


def _list_present(session: Session, case_ids: Collection[int]) -> frozenset[int]:
    """The label versions under review now."""
    rows = session.exec(
        select(func.max(col(LabelVersion.id)))
        .where(
            col(LabelVersion.source).in_(UNDER_REVIEW),
            is_shown(),
            col(LabelVersion.case_id).in_(case_ids),
        )
        .group_by(col(LabelVersion.case_id), col(LabelVersion.structure))
    )
    return frozenset(number for number in rows if number is not None)
