"""Feedback in training: what the consensus of a calibration contour is, once a reader graded it.

Only calibration reads get one. A reader who also has a read of the case that counts gets none: it
would tell them what others said.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from han5k_review.metrics import measure_pair
from han5k_review.review.consensus import list_consensus
from han5k_review.review.counting import is_counted
from han5k_review.review.labels import list_references
from han5k_review.store.study import Study
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, Grade, LabelVersion
from han5k_review.study import grid_of, read_study_catalogue
from han5k_review.study.scale import Scale


class FeedbackKind(StrEnum):
    """What the feedback rests on; the value is what the sentence calls it."""

    ADJUDICATED = "The adjudicated grade"
    MAJORITY = "The grade of most readers"
    REFERENCE = "The reference contour"
    NONE = "Nothing to compare with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One sentence to the reader; `agrees` is None where there is no grade to compare with."""

    kind: FeedbackKind
    agrees: bool | None
    sentence: str


def find_feedback(session: Session, study: Study, grade: Grade, scale: Scale) -> Feedback | None:
    """The feedback on a grade just given; None outside calibration, and for a withdrawal.

    The adjudicated grade of the contour, else the grade of more than half of its reads that count,
    else its distance from the reference.
    """
    read = session.get_one(Assignment, grade.assignment_id)
    if not read.is_calibration or grade.raw_code is None or _reads_it_too(session, read):
        return None
    consensus = list_consensus(session, [grade.label_version_id]).get(grade.label_version_id)
    if consensus is not None:
        return _compare(FeedbackKind.ADJUDICATED, consensus.raw_code, grade, scale)
    most = _find_majority(session, grade.label_version_id)
    if most is not None:
        return _compare(FeedbackKind.MAJORITY, most, grade, scale)
    return _measure(session, study, grade)


def _reads_it_too(session: Session, read: Assignment) -> bool:
    found = session.exec(
        select(Assignment.id).where(
            Assignment.case_id == read.case_id,
            Assignment.reader_id == read.reader_id,
            Assignment.read_index > ADJUDICATION_INDEX,
            col(Assignment.is_calibration).is_(False),
        )
    )
    return found.first() is not None


def _find_majority(session: Session, label_version_id: int) -> str | None:
    """The code that more than half of the grades in force that count have."""
    newer = aliased(Grade)
    codes = session.exec(
        select(Grade.raw_code)
        .join(Assignment, col(Assignment.id) == col(Grade.assignment_id))
        .outerjoin(newer, col(newer.supersedes_id) == col(Grade.id))
        .where(
            Grade.label_version_id == label_version_id,
            col(newer.supersedes_id).is_(None),
            col(Grade.raw_code).is_not(None),
            is_counted(),
        )
    ).all()
    for code, count in Counter(codes).most_common(1):
        if 2 * count > len(codes):
            return code
    return None


def _compare(kind: FeedbackKind, code: str, grade: Grade, scale: Scale) -> Feedback:
    agrees = code == grade.raw_code
    words = f"{kind.value} is “{scale.say(code)}”"
    same = ", as yours." if agrees else f"; yours is “{scale.say(grade.raw_code)}”."
    return Feedback(kind=kind, agrees=agrees, sentence=f"{grade.structure}: {words}{same}")


def _measure(session: Session, study: Study, grade: Grade) -> Feedback:
    shown = session.get_one(LabelVersion, grade.label_version_id)
    reference = list_references(session, shown.case_id).get(grade.structure)
    if reference is None:
        return Feedback(
            kind=FeedbackKind.NONE,
            agrees=None,
            sentence=f"{grade.structure}: there is no consensus and no reference to compare with.",
        )
    if reference.mask_sha256 == shown.mask_sha256:
        found = "is this very contour"
    else:
        grid = grid_of(session.get_one(Case, shown.case_id))
        panel = measure_pair(
            study.labels.get_mask(reference.mask_sha256, grid),
            study.labels.get_mask(shown.mask_sha256, grid),
            grid.spacing_mm,
            tolerance_mm=read_study_catalogue(study).get_structure(grade.structure).tolerance_mm,
        )
        hd95 = f", HD95 {panel.hd95_mm:.1f} mm" if math.isfinite(panel.hd95_mm) else ""
        dice = "is empty too" if math.isnan(panel.dice) else f"differs: Dice {panel.dice:.2f}{hd95}"
        found = dice
    return Feedback(
        kind=FeedbackKind.REFERENCE,
        agrees=None,
        sentence=f"{grade.structure}: no consensus yet. {FeedbackKind.REFERENCE.value} {found}.",
    )
