"""Questions for an adjudicator: one structure of one case, and the revisions that wait for a word.

What became of a revision is derived, so that nobody has to write rows for what nobody decided. It
is accepted when it is the accepted contour of its structure (review/accepted.py); one that was
accepted before another was is not chosen any more. A revision without a decision waits, unless its
reader has submitted a newer one, or the structure is locked with another contour. Unlocking brings
those back. Corrections of planted errors, and contours drawn from nothing, wait for nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, col, select

from han5k_review.review.accepted import Accepted, AcceptedBy, list_accepted
from han5k_review.review.decisions.revising import RevisionView, list_revisions
from han5k_review.review.reads import is_adjudicated_edit
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.tables import Grade, LabelVersion, Revision
from han5k_review.store.vocabulary import APART, Decision, LabelSource


class Standing(StrEnum):
    """Where a revision stands; the value is what the page says."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_CHOSEN = "not chosen"
    REPLACED = "replaced by a newer one"
    APART = "kept apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A revision that waits. `set_key` is its label set (docs/transport.md); `grade` its reader's.

    `name` is the reader's pseudonym, or a number where the study blinds its adjudicators.
    """

    view: RevisionView
    name: str
    set_key: str
    grade: Grade | None

    @property
    def revision(self) -> Revision:
        """The revision row."""
        return self.view.revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What waits for one structure of one case, oldest first; `reviewed` is what was corrected."""

    case_id: int
    case: str
    structure: str
    reviewed: LabelVersion
    candidates: tuple[Candidate, ...]


def settle_standings(
    views: Sequence[RevisionView], accepted: Mapping[CaseStructure, Accepted]
) -> Mapping[int, Standing]:
    """Revision id -> where it stands; `views` are all revisions of their cases, oldest first.

    `accepted` is `list_accepted` of the same cases.
    """
    edits = _list_edits(views)
    newest = {_series(view, edits): view.revision.id for view in views}
    return {
        stored_id(view.revision): _settle(
            view,
            accepted.get(_key(view)),
            is_newest=newest[_series(view, edits)] == view.revision.id,
        )
        for view in views
    }


def _settle(view: RevisionView, accepted: Accepted | None, *, is_newest: bool) -> Standing:
    if view.source in APART:
        return Standing.APART
    if accepted is not None and accepted.contour.id == view.child.id:
        return Standing.ACCEPTED
    if view.decision is not None:
        is_rejected = view.decision.decision is Decision.REJECTED
        return Standing.REJECTED if is_rejected else Standing.NOT_CHOSEN
    if not is_newest:
        return Standing.REPLACED
    is_locked = accepted is not None and accepted.by is AcceptedBy.LOCK
    return Standing.NOT_CHOSEN if is_locked else Standing.WAITING


def list_questions(session: Session, *, names_reads: bool) -> list[Question]:
    """Every structure with a revision that waits, the one that waits longest first."""
    views = list_revisions(session)
    standings = settle_standings(views, list_accepted(session))
    names = _name_series(views, names_reads=names_reads)
    edits = _list_edits(views)
    waiting = [v for v in views if standings[stored_id(v.revision)] is Standing.WAITING]
    reviewed = _find_versions(session, {view.revision.reviewed_id for view in waiting})
    grouped: dict[CaseStructure, list[Candidate]] = {}
    for view in waiting:
        name, set_key = names[_series(view, edits)]
        candidate = Candidate(view=view, name=name, set_key=set_key, grade=view.grade)
        grouped.setdefault(_key(view), []).append(candidate)
    return [
        Question(
            case_id=case_id,
            case=found[0].view.case,
            structure=structure,
            reviewed=reviewed[found[-1].revision.reviewed_id],
            candidates=tuple(found),
        )
        for (case_id, structure), found in grouped.items()
    ]


def _find_versions(session: Session, numbers: Collection[int]) -> Mapping[int, LabelVersion]:
    """Id -> label version, of all these ids in one query."""
    rows = session.exec(select(LabelVersion).where(col(LabelVersion.id).in_(numbers)))
    return {stored_id(row): row for row in rows}


def _key(view: RevisionView) -> CaseStructure:
    return (view.child.case_id, view.child.structure)


def _series(view: RevisionView, edits: Collection[int | None]) -> tuple[int, str, int, bool]:
    """A reader's read of a structure, or an adjudicator's edits of it: the newest counts."""
    return (*_key(view), view.revision.reader_id, view.child.id in edits)


def _list_edits(views: Sequence[RevisionView]) -> set[int | None]:
    children = {view.child.id: view.child for view in views}
    revisions = {n: child for n, child in children.items() if child.source is LabelSource.REVISION}
    return {view.child.id for view in views if is_adjudicated_edit(view.child, revisions)}


def _name_series(
    views: Sequence[RevisionView], *, names_reads: bool
) -> dict[tuple[int, str, int, bool], tuple[str, str]]:
    """Series -> (name, key of its label set); numbers as in `reads.list_reads`."""
    edits = _list_edits(views)
    numbers: dict[int, dict[int, int]] = {}
    named = {}
    for view in views:
        series = _series(view, edits)
        if series[-1]:
            named[series] = (f"{view.reader}'s edit" if names_reads else "Adjudicated edit", "e")
            continue
        order = numbers.setdefault(view.child.case_id, {})
        number = order.setdefault(view.revision.reader_id, len(order) + 1)
        name = f"{view.reader}'s contour" if names_reads else f"Read {number}"
        named[series] = (name, f"r{number}")
    return named
