"""What a person may see of one case, what they may do there, and where they stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from han5k_review.review.assignment import find_next_assignment
from han5k_review.review.assistance import is_assisted
from han5k_review.review.drawing import DrawnContour, list_drawn
from han5k_review.review.grading import count_turns, list_current_grades
from han5k_review.review.label_sets import LabelSet, list_label_sets, view_case, view_task
from han5k_review.review.preferences import (
    count_choice_turns,
    list_answers,
    list_current_choices,
)
from han5k_review.review.signatures import find_signature
from han5k_review.review.signing import MEANING, MEANING_DRAWN
from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion
from han5k_review.store.vocabulary import Choice, LabelSource
from han5k_review.study import get_case


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTask:
    """The reader's next assignment with something left to grade, and its label sets."""

    assignment_id: int
    sets: tuple[LabelSet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleCase:
    """One case as one person may see it.

    `image_sha256`: its CT. `sets`: the one under review first. `versions`: structure -> the contour
    that is listed. `grades`: those in force of the listed contours, each the n-th act (`turns`) on
    its structure; `answers`: those of a forced choice, whose `choices` stand in the place of
    grades, as those `drawn` do where every contour is drawn from nothing (`is_manual`); `meaning`:
    what the reader signs; `signature`: stands on the read, which is then closed. `resume`:
    structure and axial slice (k). `sees_doubts`: may learn how far the predictions of a model
    differed. `is_assisted`: may draw with the smart tools. Without an assignment there is nothing
    to grade and nothing to edit.
    """

    case_id: int
    case: str
    image_sha256: str
    sets: tuple[LabelSet, ...]
    versions: Mapping[str, LabelVersion]
    sees_doubts: bool
    is_assisted: bool = True
    assignment_id: int | None = None
    may_grade: bool = False
    grades: Mapping[str, Grade] = field(default_factory=dict)
    turns: Mapping[str, int] = field(default_factory=dict)
    is_manual: bool = False
    drawn: Mapping[str, DrawnContour] = field(default_factory=dict)
    meaning: str = ""
    answers: tuple[Choice, ...] = ()
    choices: Mapping[str, Preference] = field(default_factory=dict)
    asks_source: bool = False
    asks_confidence: bool = False
    signature: ReadSignature | None = None
    resume: tuple[str, int] | None = None
    next_task: NextTask | None = None


def get_visible_task(session: Session, assignment: Assignment, *, names_reads: bool) -> VisibleCase:
    """A reader's own task; an adjudicator's place shows the whole case and has no grades to give.

    `names_reads`: reads by pseudonym where an adjudicator sees them.
    """
    assignment_id = stored_id(assignment)
    sets = _list_task_sets(session, assignment, names_reads)
    versions = sets[0].versions
    grades = list_current_grades(session, assignment_id)
    signature = find_signature(session, assignment_id)
    case = session.get_one(Case, assignment.case_id)
    number = assignment.protocol_id
    protocol = None if number is None else session.get_one(ProtocolVersion, number)
    has_assistance = is_assisted(session, assignment)
    manual = any(one.source is LabelSource.EMPTY for one in versions.values())
    return VisibleCase(
        case_id=assignment.case_id,
        case=assignment.alias or case.name,
        image_sha256=case.image_sha256,
        sets=sets,
        versions=versions,
        sees_doubts=not (assignment.blinded or manual) and has_assistance,
        is_assisted=has_assistance,
        asks_source=protocol is not None and protocol.asks_source and not manual,
        asks_confidence=protocol is not None and protocol.asks_confidence and not manual,
        is_manual=manual,
        drawn=list_drawn(session, assignment_id) if manual else {},
        meaning=MEANING_DRAWN if manual else MEANING,
        assignment_id=assignment_id,
        may_grade=signature is None and not assignment.is_adjudication,
        signature=signature,
        turns=count_turns(session, assignment_id) | count_choice_turns(session, assignment_id),
        answers=list_answers(session, assignment),
        choices=list_current_choices(session, assignment_id),
        # A grade of an older contour does not count.
        grades={
            name: grade
            for name, grade in grades.items()
            if name in versions and grade.label_version_id == versions[name].id
        },
        resume=_find_resume(assignment, versions),
        next_task=_find_next_task(session, assignment, names_reads),
    )


def get_visible_case(
    session: Session, name: str, *, names_reads: bool, first: str | None = None
) -> VisibleCase:
    """A whole case, for those who may read every case; DataError when the study has no such case.

    The label set with the key `first` comes first.
    """
    case = get_case(session, name)
    case_id = stored_id(case)
    sets = list_label_sets(session, case_id, view_case(names_reads=names_reads))
    versions: dict[str, LabelVersion] = {}
    for found in reversed(sets):
        versions |= found.versions
    sets.sort(key=lambda found: found.key != first)
    return VisibleCase(
        case_id=case_id,
        case=case.name,
        image_sha256=case.image_sha256,
        sets=tuple(sets),
        versions=versions,
        sees_doubts=True,
    )


def _list_task_sets(
    session: Session, assignment: Assignment, names_reads: bool
) -> tuple[LabelSet, ...]:
    viewpoint = view_task(assignment, names_reads=names_reads)
    return tuple(list_label_sets(session, assignment.case_id, viewpoint))


def _find_next_task(session: Session, assignment: Assignment, names_reads: bool) -> NextTask | None:
    if assignment.is_adjudication:
        return None
    found = find_next_assignment(session, assignment.reader_id, after=assignment.id)
    if found is None:
        return None
    coming = session.get_one(Assignment, found)
    return NextTask(assignment_id=found, sets=_list_task_sets(session, coming, names_reads))


def _find_resume(
    assignment: Assignment, versions: Mapping[str, LabelVersion]
) -> tuple[str, int] | None:
    name, slice_k = assignment.resume_structure, assignment.resume_slice
    if name is None or slice_k is None or name not in versions:
        return None
    return name, slice_k
