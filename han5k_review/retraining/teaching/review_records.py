"""What the study knows of its contours, read for the trust rule in a handful of queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from han5k_review.retraining.teaching.trust import LabelRef, ReviewRecord
from han5k_review.review.accepted import Accepted, list_accepted
from han5k_review.review.counting import is_of_study
from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion
from han5k_review.store.vocabulary import GradeLevel, LabelSource


def list_cases(session: Session) -> Sequence[Case]:
    """All cases by name."""
    return session.exec(select(Case).order_by(Case.name)).all()


def read_records(
    session: Session, structures: Collection[str]
) -> Mapping[CaseStructure, ReviewRecord]:
    """(case id, structure) -> record, for every one of `structures` that has any label."""
    under: dict[CaseStructure, LabelRef] = {}
    references: dict[CaseStructure, LabelRef] = {}
    for label in session.exec(
        select(LabelVersion)
        .where(
            col(LabelVersion.structure).in_(structures),
            col(LabelVersion.source).in_((*UNDER_REVIEW, LabelSource.REFERENCE)),
            is_shown(),
        )
        .order_by(col(LabelVersion.id))
    ):
        found = under if label.source in UNDER_REVIEW else references
        found[(label.case_id, label.structure)] = _ref(label)
    levels = _read_levels(session, structures)
    accepted = {key: found for key, found in list_accepted(session).items() if key[1] in structures}
    return {
        key: _record(key, under.get(key), references.get(key), levels, accepted.get(key))
        for key in sorted({*under, *references, *accepted})
    }


def _ref(label: LabelVersion) -> LabelRef:
    return LabelRef(
        label_version_id=stored_id(label),
        mask_sha256=label.mask_sha256,
        model_version_id=label.model_version_id,
        is_empty=label.voxels == 0,
    )


def _record(
    key: CaseStructure,
    under: LabelRef | None,
    reference: LabelRef | None,
    levels: Mapping[int, list[GradeLevel]],
    accepted: Accepted | None,
) -> ReviewRecord:
    under_id = under.label_version_id if under else None
    return ReviewRecord(
        case_id=key[0],
        structure=key[1],
        under_review=under,
        levels=tuple(levels.get(under_id, [])) if under_id is not None else (),
        accepted=_ref(accepted.contour) if accepted else None,
        accepted_is_current=accepted is not None and accepted.reviewed_id == under_id,
        accepted_is_unrevised=accepted is not None and accepted.is_unrevised,
        reference=reference,
    )


def _read_levels(session: Session, structures: Collection[str]) -> dict[int, list[GradeLevel]]:
    """Label version id -> levels of the grades in force, of all readers and reads of the study."""
    newer = aliased(Grade)
    found: dict[int, list[GradeLevel]] = {}
    for label_version_id, level in session.exec(
        select(Grade.label_version_id, Grade.level)
        .join(Assignment, col(Assignment.id) == Grade.assignment_id)
        .outerjoin(newer, col(newer.supersedes_id) == Grade.id)
        .where(
            is_of_study(),
            col(newer.supersedes_id).is_(None),
            col(Grade.level).is_not(None),
            col(Grade.structure).in_(structures),
        )
        .order_by(col(Grade.id))
    ):
        if level is not None:
            found.setdefault(label_version_id, []).append(GradeLevel(level))
    return found
