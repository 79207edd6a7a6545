"""Which revisions of a structure teach, and which cases may get a proposal; why not the others.

Only accepted revisions of contours that are under review now teach: an error is that of whoever
drew, so after a new prediction old revisions say nothing of it, and where contours come from
several makers only those of one count, the one with the most revisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from han5k_review.errors import RuleError
from han5k_review.proposing.learning import FEWEST
from han5k_review.review.accepted import list_accepted
from han5k_review.review.decisions.locking import list_locks
from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.store.draft_tables import Draft
from han5k_review.store.identity import stored_id
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.tables import Assignment, Case, LabelVersion, Revision, RevisionDecision
from han5k_review.store.vocabulary import DraftState

_LOCKED = "locked"
_ACCEPTED = "its contour was accepted"
_DRAWN = "a reader draws it now"
_WAITS = "a revision waits for an adjudicator"
_FORBIDDEN = "it is read by a protocol that allows no assistance"
_OTHER_MAKER = "drawn by another maker than the revised contours"
_EMPTY = "its contour is empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One contour under review in its case; `revised`: what it was corrected to and accepted."""

    case: Case
    drawn: LabelVersion
    revised: LabelVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPlan:
    """What teaches, what gets a proposal if there is something to propose, and why not the rest."""

    structure: str
    taught: tuple[Site, ...]
    open: tuple[Site, ...]
    skipped: Mapping[str, str]


def plan_round(session: Session, structure: str) -> RoundPlan:
    """What a round on this structure would learn from and look at, by the names of the cases.

    RuleError when fewer than `FEWEST` revisions count.
    """
    sites = _list_sites(session, structure)
    revised = [site for site in sites if site.revised is not None]
    makers = Counter(site.drawn.model_version_id for site in revised)
    maker = max(makers, key=lambda one: makers[one], default=None)
    taught = tuple(site for site in revised if site.drawn.model_version_id == maker)
    if len(taught) < FEWEST:
        raise RuleError(
            f"{FEWEST} accepted revisions of {structure} or more were expected, of contours that "
            f"are under review and come from one maker, found {len(taught)}; accept more first."
        )
    known = {stored_id(site.case) for site in taught}
    reasons = _list_reasons(session, structure)
    skipped: dict[str, str] = {}
    open_sites = []
    for site in sites:
        if stored_id(site.case) in known:
            continue
        reason = reasons.get(stored_id(site.case)) or _find_reason(site, maker)
        if reason is None:
            open_sites.append(site)
        else:
            skipped[site.case.name] = reason
    return RoundPlan(structure=structure, taught=taught, open=tuple(open_sites), skipped=skipped)


def _list_sites(session: Session, structure: str) -> list[Site]:
    """Every contour of this structure under review, by the names of its cases."""
    newest = (
        select(func.max(col(LabelVersion.id)))
        .where(
            LabelVersion.structure == structure,
            col(LabelVersion.source).in_(UNDER_REVIEW),
            is_shown(),
        )
        .group_by(col(LabelVersion.case_id))
    )
    rows = session.exec(
        select(Case, LabelVersion)
        .join(LabelVersion, col(LabelVersion.case_id) == col(Case.id))
        .where(col(LabelVersion.id).in_(newest))
        .order_by(col(Case.name))
    ).all()
    accepted = list_accepted(session)
    sites = []
    for case, drawn in rows:
        found = accepted.get((stored_id(case), structure))
        counts = found is not None and not found.is_unrevised and found.reviewed_id == drawn.id
        contour = found.contour if found is not None and counts else None
        is_empty = contour is None or not contour.voxels or not drawn.voxels
        sites.append(Site(case=case, drawn=drawn, revised=None if is_empty else contour))
    return sites


def _find_reason(site: Site, maker: int | None) -> str | None:
    if site.revised is not None or site.drawn.model_version_id != maker:
        return _OTHER_MAKER
    return None if site.drawn.voxels else _EMPTY


def _list_reasons(session: Session, structure: str) -> Mapping[int, str]:
    """Case id -> why nothing may be proposed there now; of several reasons the last one here."""
    forbidden = session.exec(
        select(Assignment.case_id)
        .join(ProtocolVersion, col(ProtocolVersion.id) == col(Assignment.protocol_id))
        .where(col(ProtocolVersion.ai_assistance).is_(False))
    )
    drawn = session.exec(
        select(Draft.case_id).where(
            Draft.structure == structure, Draft.state == DraftState.OPEN, Draft.version > 0
        )
    )
    accepted = [case for case, name in list_accepted(session) if name == structure]
    locked = [case for case, name in list_locks(session) if name == structure]
    return {
        **dict.fromkeys(forbidden, _FORBIDDEN),
        **dict.fromkeys(_list_waiting(session, structure), _WAITS),
        **dict.fromkeys(drawn, _DRAWN),
        **dict.fromkeys(accepted, _ACCEPTED),
        **dict.fromkeys(locked, _LOCKED),
    }


def _list_waiting(session: Session, structure: str) -> Collection[int]:
    """Cases with a revision of the structure that nobody decided on yet."""
    decided = select(RevisionDecision.revision_id)
    rows: Sequence[int] = session.exec(
        select(LabelVersion.case_id)
        .join(Revision, col(Revision.label_version_id) == col(LabelVersion.id))
        .where(LabelVersion.structure == structure, col(Revision.id).not_in(decided))
    ).all()
    return rows
