"""Signing: a reader signs a read once it is complete; from then on nothing in it changes.

sign_read(session, assignment_id=12, reader=reader, now=utc_now())
unlock_read(session, assignment_id=12, reason="Wrong window used.", by=lead, now=utc_now())

Rows are only added; the newest of a read counts. What was signed can be checked for ever: its hash
is over the grades that were in force, in a form that both database engines give alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.accounts.may import Action, TaskAct, TaskState, Whose, list_allowed
from han5k_review.errors import AccessError, RuleError
from han5k_review.review.drafts.unsubmitted import list_unsubmitted
from han5k_review.review.drawing import DrawnContour, is_manual, list_drawn
from han5k_review.review.grading import count_graded, get_own_assignment, list_current_grades
from han5k_review.review.preferences import list_current_choices
from han5k_review.review.signatures import find_signature
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import format_utc
from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.tables import Assignment, Grade, LabelVersion, Reader
from han5k_review.store.vocabulary import Role, SignatureAct

MEANING = "I looked at every structure of this case myself. These grades are mine and final."
MEANING_DRAWN = "I drew every structure of this case myself. These contours are mine and final."
MAX_REASON = 2000


def sign_read(
    session: Session, *, assignment_id: int, reader: Reader, now: datetime
) -> ReadSignature:
    """Sign one's own read; signed already, it stays as it is.

    AccessError for another reader's read; RuleError while a structure has no grade, or an edit was
    begun and not submitted.
    """
    session.get(Assignment, assignment_id, with_for_update=True)  # no grade comes in between
    assignment = get_own_assignment(session, assignment_id, reader)
    if reader.role not in list_allowed(TaskAct.SIGN, Whose.OWN, TaskState.OPEN):
        raise AccessError(f"A role that grades was expected to sign, found {reader.role}.")
    present = find_signature(session, assignment_id)
    if present is not None:
        return present
    if assignment.is_adjudication:
        raise RuleError("A read was expected to sign, found the place where an adjudicator edits.")
    graded, total = count_graded(session, assignment)
    if graded < total or total == 0:
        raise RuleError(
            f"A grade for each of the {total} structures was expected before you sign, found "
            f"{graded}; grade the others first."
            if not is_manual(session, assignment_id)
            else f"A contour of each of the {total} structures was expected before you sign, found "
            f"{graded}; draw and submit the others first."
        )
    _check_submitted(session, assignment_id, stored_id(reader))
    return _add(
        session,
        ReadSignature(
            assignment_id=assignment_id,
            act=SignatureAct.SIGNED,
            by_id=stored_id(reader),
            signer=reader.name,
            meaning=get_meaning(session, assignment_id),
            grades=graded,
            grades_sha256=_hash_read(session, assignment_id),
            at_utc=now,
        ),
    )


def unlock_read(
    session: Session, *, assignment_id: int, reason: str, by: Reader, now: datetime
) -> ReadSignature:
    """Open a signed read again; the signature stays on record beside the reason.

    AccessError for a role that may not, RuleError when the read is not signed or no reason is said.
    """
    task = session.get_one(Assignment, assignment_id, with_for_update=True)
    whose = Whose.OWN if task.reader_id == by.id else Whose.OTHERS
    allowed = list_allowed(TaskAct.UNLOCK, whose, TaskState.SIGNED)
    if by.role not in allowed:
        raise AccessError(
            f"To {Action.UNLOCK_READS}, one of these roles was expected: "
            f"{', '.join(role for role in Role if role in allowed)}; {by.name} is {by.role}."
        )
    signed = find_signature(session, assignment_id)
    if signed is None:
        raise RuleError("A signed read was expected, found one that is open.")
    words = reason.strip()
    if not words or len(words) > MAX_REASON:
        raise RuleError(f"Please say why the read is opened again (up to {MAX_REASON} characters).")
    return _add(
        session,
        ReadSignature(
            assignment_id=assignment_id,
            act=SignatureAct.UNLOCKED,
            by_id=stored_id(by),
            signer=by.name,
            meaning=words,
            grades=signed.grades,
            grades_sha256=signed.grades_sha256,
            at_utc=now,
        ),
    )


def get_meaning(session: Session, assignment_id: int) -> str:
    """What a reader signs: that the grades are final, or the contours drawn from nothing."""
    return MEANING_DRAWN if is_manual(session, assignment_id) else MEANING


def is_as_signed(session: Session, signature: ReadSignature) -> bool:
    """True when the grades in force now are the very ones that were signed."""
    return _hash_read(session, signature.assignment_id) == signature.grades_sha256


def _hash_read(session: Session, assignment_id: int) -> str:
    """The hash of a read: over its grades, its choices, or what was drawn from nothing in it."""
    drawn = list_drawn(session, assignment_id)
    if drawn:
        return hash_drawn(drawn)
    choices = list_current_choices(session, assignment_id)
    if choices:
        return hash_choices(session, choices)
    return hash_grades(session, list_current_grades(session, assignment_id))


def hash_choices(session: Session, choices: Mapping[str, Preference]) -> str:
    """SHA-256 of choices in force (structure -> choice): which contours, what was said, when."""
    masks = _read_masks(
        session, {number for one in choices.values() for number in (one.left_id, one.right_id)}
    )
    return _hash(
        [
            {
                "structure": structure,
                "left": masks[one.left_id],
                "right": masks[one.right_id],
                "choice": one.choice,
                "comment": one.comment,
                "active_seconds": one.active_seconds,
                "chosen_at_utc": format_utc(one.chosen_at_utc),
            }
            for structure, one in sorted(choices.items())
        ]
    )


def hash_drawn(drawn: Mapping[str, DrawnContour]) -> str:
    """SHA-256 of contours drawn from nothing (structure -> contour): which mask, and when."""
    return _hash(
        [
            {
                "structure": structure,
                "mask": one.contour.mask_sha256,
                "submitted_at_utc": format_utc(one.submitted_at_utc),
            }
            for structure, one in sorted(drawn.items())
        ]
    )


def hash_grades(session: Session, grades: Mapping[str, Grade]) -> str:
    """SHA-256 of grades in force (structure -> grade): which contour, what was said of it, when."""
    masks = _read_masks(session, {grade.label_version_id for grade in grades.values()})
    content = [
        {
            "structure": structure,
            "mask": masks[grade.label_version_id],
            "scale": grade.scale,
            "code": grade.raw_code,
            "tags": list(grade.tags),
            "comment": grade.comment,
            "flagged_slices": list(grade.flagged_slices),
            "in_bulk": grade.in_bulk,
            "confidence": grade.confidence,
            "source_guess": None if grade.source_guess is None else grade.source_guess.value,
            "active_seconds": grade.active_seconds,
            "graded_at_utc": format_utc(grade.graded_at_utc),
        }
        for structure, grade in sorted(grades.items())
    ]
    return _hash(content)


def _read_masks(session: Session, wanted: Collection[int]) -> dict[int, str]:
    """Label version id -> hash of its mask."""
    rows = session.exec(
        select(col(LabelVersion.id), col(LabelVersion.mask_sha256)).where(
            col(LabelVersion.id).in_(wanted)
        )
    )
    return {row_id: mask for row_id, mask in rows if row_id is not None}


def _hash(content: Sequence[Mapping[str, object]]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_submitted(session: Session, assignment_id: int, reader_id: int) -> None:
    begun = [
        one.structure
        for one in list_unsubmitted(session, reader_id)
        if one.assignment_id == assignment_id
    ]
    if begun:
        raise RuleError(
            f"No edit waiting was expected before you sign, found {', '.join(begun)}; submit or "
            "discard it first."
        )


def _add(session: Session, row: ReadSignature) -> ReadSignature:
    session.add(row)
    session.flush()
    add_audit(
        session,
        at_utc=row.at_utc,
        actor=row.signer,
        action="sign read" if row.act is SignatureAct.SIGNED else "unlock read",
        subject=f"assignment {row.assignment_id}",
        signature=row.id,
        meaning=row.meaning,
        grades=row.grades,
        grades_sha256=row.grades_sha256,
    )
    return row
