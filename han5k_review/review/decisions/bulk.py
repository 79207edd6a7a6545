"""Accepting many revisions at once: those that change little, shown first, then all in one act.

plan = plan_bulk(questions, limits=limits, by_id=lead_id, measure=measure)
accept_in_bulk(session, plan, by=lead, now=now)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from han5k_review.errors import RuleError
from han5k_review.imaging.grid import Grid
from han5k_review.metrics import measure_pair
from han5k_review.review.decisions.adjudication import Question, list_questions
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Decision
from han5k_review.texts.counts import say_count

MeasureHd95 = Callable[[Question], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkLimits:
    """At most this VRD (a fraction) and this HD95 against the contour that was corrected."""

    vrd: float
    hd95_mm: float

    def __post_init__(self) -> None:
        if not (0 < self.vrd <= 1 and 0 < self.hd95_mm <= 50):
            raise RuleError(
                "A VRD above 0 up to 100 % and an HD95 above 0 up to 50 mm were expected, found "
                f"{100 * self.vrd:g} % and {self.hd95_mm:g} mm."
            )

    def describe(self) -> str:
        """The limits in words, as they stand in the reason of each decision."""
        return f"VRD at most {100 * self.vrd:g} %, HD95 at most {self.hd95_mm:g} mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItem:
    """A question with one revision that keeps within the limits."""

    question: Question
    vrd: float
    hd95_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPlan:
    """What would be accepted, and how many questions are left to people, by why."""

    limits: BulkLimits
    items: tuple[BulkItem, ...]
    several: int
    own: int
    beyond: int


def plan_bulk(
    questions: Sequence[Question], *, limits: BulkLimits, by_id: int, measure: MeasureHd95
) -> BulkPlan:
    """The questions that may be accepted together; nothing is written.

    One with several revisions, of one's own work, or with a number beyond the limits or undefined
    is left to people. `measure` is asked only where the VRD is within its limit.
    """
    items, several, own, beyond = [], 0, 0, 0
    for question in questions:
        if len(question.candidates) > 1:
            several += 1
            continue
        revision = question.candidates[0].revision
        if revision.reader_id == by_id:
            own += 1
            continue
        vrd = math.nan if revision.vrd is None else revision.vrd
        hd95_mm = measure(question) if vrd <= limits.vrd else math.nan
        if hd95_mm <= limits.hd95_mm:
            items.append(BulkItem(question=question, vrd=vrd, hd95_mm=hd95_mm))
        else:
            beyond += 1
    return BulkPlan(limits=limits, items=tuple(items), several=several, own=own, beyond=beyond)


def measure_hd95(labels: LabelFiles, grids: Mapping[int, Grid], question: Question) -> float:
    """HD95 in mm of a question's only revision against the contour that it corrects."""
    grid = grids[question.case_id]
    return measure_pair(
        labels.get_mask(question.reviewed.mask_sha256, grid),
        labels.get_mask(question.candidates[0].view.child.mask_sha256, grid),
        grid.spacing_mm,
    ).hd95_mm


def accept_in_bulk(session: Session, plan: BulkPlan, *, by: Reader, now: datetime) -> int:
    """Accept and lock every item, all or none. How many.

    Each has its own decision, whose reason names the limits; one row of the audit trail counts
    them. RuleError when one was decided meanwhile.
    """
    if not plan.items:
        raise RuleError("At least one revision within the limits was expected, found none.")
    _check_present(session, plan)
    reason = f"Accepted together with others: {plan.limits.describe()}"
    for item in plan.items:
        decide_revision(
            session,
            revision_id=stored_id(item.question.candidates[0].revision),
            decision=Decision.ACCEPTED,
            reason=reason,
            adjudicator=by,
            now=now,
        )
    add_audit(
        session,
        at_utc=now,
        actor=by.name,
        action="accept in bulk",
        subject=say_count(len(plan.items), "revision"),
        limits=plan.limits.describe(),
        revisions=[item.question.candidates[0].revision.id for item in plan.items],
    )
    return len(plan.items)


def _check_present(session: Session, plan: BulkPlan) -> None:
    """RuleError unless each item is still a question with this revision alone."""
    waiting = {
        (one.case_id, one.structure): [found.revision.id for found in one.candidates]
        for one in list_questions(session, names_reads=True)
    }
    changed = [
        f"{one.case}, {one.structure}"
        for one in (item.question for item in plan.items)
        if waiting.get((one.case_id, one.structure)) != [one.candidates[0].revision.id]
    ]
    if changed:
        raise RuleError(
            f"Revisions that still wait alone were expected; {'; '.join(changed[:5])} changed "
            "meanwhile. Show again what would be accepted."
        )
