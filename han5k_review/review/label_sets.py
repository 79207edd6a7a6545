"""Label sets: the contours of a case that are shown together, under keys that name nobody.

The viewer's payload and the mask routes read the same table, so a key means the same to both. Keys
(docs/transport.md): `a` under review, `o` the reader's own revision, `r1`, `r2`, ... each reader's
read, `e` the adjudicated edit, `c` accepted, `b` reference, `p` the contour under review before,
`w` what a prediction drew that waits for a decision, `q` what is proposed. In a
forced choice `a` is what stands on the left, and `d` what stands on the right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from han5k_review.review.accepted import list_accepted
from han5k_review.review.assistance import is_assisted
from han5k_review.review.labels import (
    list_earlier,
    list_references,
    list_right,
    list_shown,
    list_under_review,
    list_waiting,
)
from han5k_review.review.proposals import list_proposed
from han5k_review.review.reads import list_own, list_reads
from han5k_review.store.tables import Assignment, LabelVersion
from han5k_review.store.vocabulary import LabelSource

UNDER_REVIEW_KEY, OWN_KEY, REFERENCE_KEY = "a", "o", "b"
ACCEPTED_KEY, EARLIER_KEY, EDIT_KEY, WAITING_KEY = "c", "p", "e", "w"
RIGHT_KEY, PROPOSAL_KEY = "d", "q"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStyle:
    """How a set is drawn, on every page and in the viewer; without a colour in its structure's."""

    line: str
    colour: str | None = None


# The reads in turn: apart for the colour-blind, and on grey.
_READ_STYLES = (
    SetStyle(line="dashed", colour="#56a6e6"),
    SetStyle(line="dotted", colour="#e8a33d"),
    SetStyle(line="dash-dot", colour="#56c596"),
)
_STYLES = {
    UNDER_REVIEW_KEY: SetStyle(line="solid"),
    OWN_KEY: SetStyle(line="dash-dot"),
    EDIT_KEY: SetStyle(line="dash-dot", colour="#d98cd0"),
    REFERENCE_KEY: SetStyle(line="dashed"),
    ACCEPTED_KEY: SetStyle(line="dotted"),
    EARLIER_KEY: SetStyle(line="dash-dot"),
    WAITING_KEY: SetStyle(line="dotted"),
    PROPOSAL_KEY: SetStyle(line="dashed", colour="#56a6e6"),
    RIGHT_KEY: SetStyle(line="solid"),
}


def get_style(key: str) -> SetStyle:
    """The line and colour of the set with this key: of read 1 (`r1`) always the same."""
    if key in _STYLES:
        return _STYLES[key]
    return _READ_STYLES[(int(key.removeprefix("r")) - 1) % len(_READ_STYLES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """Structure -> label version, with its name for people."""

    key: str
    name: str
    versions: Mapping[str, LabelVersion]

    @property
    def style(self) -> SetStyle:
        """How it is drawn."""
        return get_style(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """What somebody may see of a case.

    `task`: a reader's own read, with the contours that it shows and the own revision; blinded,
    nothing else; else also what is proposed, where assistance is allowed. `shows_reads`: every
    reader's read, the adjudicated edit, and predictions that wait for a decision; `names_reads`: by
    pseudonym instead of a number.
    """

    task: Assignment | None = None
    shows_reads: bool = False
    names_reads: bool = False

    @property
    def blinded(self) -> bool:
        """True where nothing may tell who or what made a contour."""
        return self.task is not None and self.task.blinded


def view_task(assignment: Assignment, *, names_reads: bool = True) -> Viewpoint:
    """A reader's own task: nobody else's read. Where an adjudicator edits: the whole case."""
    if assignment.is_adjudication:
        return view_case(names_reads=names_reads)
    return Viewpoint(task=assignment)


def view_case(*, names_reads: bool = True) -> Viewpoint:
    """A whole case, for those who may read every case."""
    return Viewpoint(shows_reads=True, names_reads=names_reads)


def list_label_sets(session: Session, case_id: int, viewpoint: Viewpoint) -> list[LabelSet]:
    """The sets that hold anything; the one under review always comes first."""
    task = viewpoint.task
    shown = list_under_review(session, case_id) if task is None else list_shown(session, task)
    right = {} if task is None else list_right(session, task)
    if right:
        return [_set(UNDER_REVIEW_KEY, "Left", shown), _set(RIGHT_KEY, "Right", right)]
    if task is not None and any(one.source is LabelSource.EMPTY for one in shown.values()):
        # Who draws from nothing sees no other contour, in an open study neither.
        own = _set(OWN_KEY, "Own contour", list_own(session, task))
        return [_set(UNDER_REVIEW_KEY, "Contour", shown), *([own] if own.versions else [])]
    # A blinded reader does not learn whether a person or a model made the contour.
    name = "Contour" if viewpoint.blinded else "Pseudo-label"
    sets = [_set(UNDER_REVIEW_KEY, name, shown)]
    if task is not None:
        sets.append(_set(OWN_KEY, "Own revision", list_own(session, task)))
    if viewpoint.shows_reads:
        sets += _list_reads(session, case_id, viewpoint)
        sets.append(_set(WAITING_KEY, "Waiting prediction", list_waiting(session, case_id)))
    if not viewpoint.blinded:
        if task is None or is_assisted(session, task):
            sets.append(_set(PROPOSAL_KEY, "Proposal", list_proposed(session, case_id)))
        sets += [
            _set(REFERENCE_KEY, "Reference", list_references(session, case_id)),
            _set(ACCEPTED_KEY, "Accepted contour", _list_accepted(session, case_id)),
            _set(EARLIER_KEY, "Earlier version", list_earlier(session, case_id)),
        ]
    return [sets[0], *(found for found in sets[1:] if found.versions)]


def find_label_set(
    session: Session, case_id: int, key: str, viewpoint: Viewpoint
) -> LabelSet | None:
    """The set with this key, or None when the case, or this viewpoint, has none."""
    sets = list_label_sets(session, case_id, viewpoint)
    return next((found for found in sets if found.key == key), None)


def _list_accepted(session: Session, case_id: int) -> Mapping[str, LabelVersion]:
    accepted = list_accepted(session, [case_id])
    return {structure: found.contour for (_, structure), found in accepted.items()}


def _list_reads(session: Session, case_id: int, viewpoint: Viewpoint) -> list[LabelSet]:
    found = list_reads(session, case_id)
    sets = [
        _set(
            f"r{read.number}",
            f"{read.pseudonym}'s contour" if viewpoint.names_reads else f"Read {read.number}",
            read.versions,
        )
        for read in found.reads
    ]
    return [*sets, _set(EDIT_KEY, "Adjudicated edit", found.edits)]


def _set(key: str, name: str, versions: Mapping[str, LabelVersion]) -> LabelSet:
    return LabelSet(key=key, name=name, versions=versions)
