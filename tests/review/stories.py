"""What two readers, an adjudicator and a lead may do with one structure, in every order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlmodel import Session

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.locking import (
    lock_structure,
    unlock_structure,
)
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Reader, Revision
from han5k_review.store.vocabulary import Decision, LabelSource
from rigs.studies import NOON, add_case, add_label, make_box, make_grid

GRID = make_grid((12, 12, 6))


STRUCTURE = "ParotidL"


ACTS = ("accept A", "reject A", "accept B", "reject B", "unlock", "lock P")


LONGEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A case in which these acts were done; `versions` are the ids of the contours P, A and B."""

    acts: tuple[str, ...]
    case_id: int
    versions: dict[str, int]
    accepted: str | None
    is_locked: bool

    @property
    def accepted_id(self) -> int | None:
        return None if self.accepted is None else self.versions[self.accepted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories:
    study: Study
    told: Sequence[Story]

    def expect(self, room: str, answer: Callable[[Story], int | None]) -> None:
        wrong = [
            f"{room}: {', '.join(story.acts)} (ids {story.versions}): {answer(story)}"
            for story in self.told
            if answer(story) != story.accepted_id
        ]
        assert not wrong, "\n".join([f"{len(wrong)} of {len(self.told)}", *wrong[:20]])


def block(start: int) -> StructureMask:
    return make_box(GRID, (start, start + 4), (2, 6), (1, 4))


def is_new(acts: Sequence[str]) -> bool:
    """False for an act said twice in a row, and for a story that begins with B: A stands for it."""
    named = [act[-1] for act in acts if act[-1] in "AB"]
    return all(a != b for a, b in pairwise(acts)) and named[:1] != ["B"]


def find_outcome(acts: Sequence[str]) -> tuple[str | None, bool] | None:
    """(accepted contour, whether it is locked), worked out on paper; None where an act is refused.

    A lock is refused while another contour is locked, unlocking while nothing is.
    """
    locked: str | None = None
    words: list[str] = []
    for act in acts:
        verb, _, name = act.partition(" ")
        if verb in ("accept", "lock"):
            if locked not in (None, name):
                return None
            locked = name
        elif verb == "unlock":
            if locked is None:
                return None
            locked = None
        elif locked == name:
            locked = None
        if verb in ("accept", "reject"):
            words = [word for word in words if not word.endswith(name)] + [act]
    accepted = [word[-1] for word in words if word.startswith("accept")]
    return (locked or (accepted[-1] if accepted else None), locked is not None)


def tell(
    session: Session,
    study: Study,
    acts: tuple[str, ...],
    names: str,
    reader: Reader,
    judge: Reader,
) -> Story:
    """A case whose contours get their ids in the order of `names`, and the acts, one by one."""
    name = f"HN-{names} {', '.join(acts)}"
    case = add_case(session, name, GRID)
    versions: dict[str, int] = {}
    revisions: dict[str, int] = {}
    for contour in names:
        row = add_label(
            session,
            study,
            case,
            STRUCTURE,
            block("PAB".index(contour)),
            LabelSource.REVISION if versions else LabelSource.PSEUDO,
            started_from_id=versions.get("P"),
            reader_id=reader.id if versions else None,
        )
        versions[contour] = stored_id(row)
        if contour != "P":
            revision = Revision(
                label_version_id=stored_id(row),
                reviewed_id=versions["P"],
                reader_id=stored_id(reader),
            )
            session.add(revision)
            session.flush()
            revisions[contour] = stored_id(revision)
    for act in acts:
        do(session, act, stored_id(case), versions, revisions, judge)
    outcome = find_outcome(acts)
    assert outcome is not None
    return Story(
        acts=acts,
        case_id=stored_id(case),
        versions=versions,
        accepted=outcome[0],
        is_locked=outcome[1],
    )


def do(
    session: Session,
    act: str,
    case_id: int,
    versions: dict[str, int],
    revisions: dict[str, int],
    judge: Reader,
) -> None:
    verb, _, name = act.partition(" ")
    if verb == "lock":
        lock_structure(session, label_version_id=versions[name], by=judge, now=NOON)
    elif verb == "unlock":
        unlock_structure(
            session, case_id=case_id, structure=STRUCTURE, reason="again", by=judge, now=NOON
        )
    else:
        decide_revision(
            session,
            revision_id=revisions[name],
            decision=Decision.ACCEPTED if verb == "accept" else Decision.REJECTED,
            reason="" if verb == "accept" else "too large",
            adjudicator=judge,
            now=NOON,
        )
