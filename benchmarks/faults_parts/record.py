"""What the server acknowledged, and whether all of it is in the study."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlmodel import Session, SQLModel, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from han5k_review.review.signing import is_as_signed
from han5k_review.store.draft_tables import DraftPatch, DraftSubmission
from han5k_review.store.engine import reading
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit, Grade, LabelVersion, Revision

GRADE, STROKE, REVISION, SIGNATURE = "grade", "stroke", "revision", "signature"
KINDS = (GRADE, STROKE, REVISION, SIGNATURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One acknowledged act: `key` finds its row, `content` is what it must say."""

    kind: str
    key: str
    content: str


@dataclass(slots=True)
class Record:
    """Every acknowledged act, how often answers failed, and refusals that should not have come."""

    acts: list[Act] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, key: str, content: str) -> None:
        """The server said that this is stored."""
        with self._lock:
            self.acts.append(Act(kind=kind, key=key, content=content))

    def fail(self, how: str) -> None:
        """No answer, or one that asks to try again."""
        with self._lock:
            self.failures[how] += 1

    def refuse(self, sentence: str) -> None:
        """An act was refused for good, which no fault is a reason for."""
        with self._lock:
            self.refusals.append(sentence)

    def count(self) -> dict[str, int]:
        """Kind -> how many were acknowledged."""
        with self._lock:
            found = Counter(act.kind for act in self.acts)
        return {kind: found[kind] for kind in KINDS}


def list_losses(study: Study, record: Record) -> list[str]:
    """One sentence for each acknowledged act that the study has not, has twice, or has otherwise.

    Only while nobody writes.
    """
    acts = list(record.acts)
    with reading(study.engine) as session:
        stored = {
            GRADE: _read_grades(session),
            STROKE: _read_strokes(session),
            REVISION: _read_revisions(session),
            SIGNATURE: _read_signatures(session),
        }
        wrong = [
            f"{act.kind} {act.key}: {act.content} was acknowledged, stored: {found or 'nothing'}"
            for act in acts
            if (found := stored[act.kind].get(act.key)) != act.content
        ]
        wrong += _list_doubles(session)
        wrong += _list_unaudited(session)
    return wrong


def _read_grades(session: Session) -> dict[str, str]:
    rows = session.exec(select(Grade))
    return {row.request_id: f"{row.assignment_id} {row.structure} {row.raw_code}" for row in rows}


def _read_strokes(session: Session) -> dict[str, str]:
    rows = session.exec(select(DraftPatch.patch_id, DraftPatch.version, DraftPatch.voxels))
    return {key: f"version {version}, {voxels} voxels" for key, version, voxels in rows}


def _read_revisions(session: Session) -> dict[str, str]:
    """Request -> the hash of the mask that the revision points to."""
    rows = session.exec(
        select(DraftSubmission.request_id, LabelVersion.mask_sha256)
        .join(Revision, col(Revision.id) == DraftSubmission.revision_id)
        .join(LabelVersion, col(LabelVersion.id) == Revision.label_version_id)
    )
    return dict(rows.all())


def _read_signatures(session: Session) -> dict[str, str]:
    """Read -> the hash of the grades that were signed, `altered` where they are others now."""
    rows = session.exec(select(ReadSignature)).all()
    return {
        str(row.assignment_id): row.grades_sha256 if is_as_signed(session, row) else "altered"
        for row in rows
    }


def _list_doubles(session: Session) -> Iterator[str]:
    """What is stored twice though it was done once."""
    signed = session.exec(
        select(ReadSignature.assignment_id)
        .group_by(col(ReadSignature.assignment_id))
        .having(func.count() > 1)
    )
    yield from (f"read {read} was signed twice" for read in signed)
    gaps = session.exec(
        select(DraftPatch.draft_id)
        .group_by(col(DraftPatch.draft_id))
        .having(func.count() != func.max(DraftPatch.version))
    )
    yield from (f"the journal of draft {draft} has a gap" for draft in gaps)


def _list_unaudited(session: Session) -> Iterator[str]:
    """Rows without their row in the audit trail, and the other way round."""
    actions = Counter(session.exec(select(Audit.action)).all())
    # The study comes with grades that nobody gave; their request ids hold a dash.
    given = select(func.count()).select_from(Grade).where(~col(Grade.request_id).contains("-"))
    for action, rows in (
        ("grade", session.exec(given).one()),
        ("submit revision", session.exec(_count(DraftSubmission)).one()),
        ("sign read", session.exec(_count(ReadSignature)).one()),
    ):
        if rows != actions[action]:
            yield f"{rows} acts {action!r}, {actions[action]} rows of them in the audit trail"


def _count(table: type[SQLModel]) -> SelectOfScalar[int]:
    return select(func.count()).select_from(table)
