"""An import's record: asked for, moved, cancelled, resumed; every change leaves an audit row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from han5k_review.errors import DataError, RuleError
from han5k_review.importing.tree_sources import TreeChoice
from han5k_review.retraining.jobs.folders import JobFolder, clear_outcome
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import ImportState

_ENDED = (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)
_MOVES: Mapping[ImportState, frozenset[ImportState]] = {
    ImportState.QUEUED: frozenset({ImportState.IMPORTING, ImportState.CANCELLED}),
    ImportState.IMPORTING: frozenset(_ENDED),
    ImportState.FAILED: frozenset({ImportState.QUEUED}),
    ImportState.CANCELLED: frozenset({ImportState.QUEUED}),
}
UNFINISHED = frozenset({ImportState.QUEUED, ImportState.IMPORTING})
"""States in which an import waits or works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOrder:
    """What a person asks for: a folder, and how it becomes cases."""

    root: Path
    choice: TreeChoice = field(default_factory=TreeChoice)
    dry_run: bool = False
    processes: int = 1


def request_import(
    session: Session, order: IntakeOrder, *, actor: str, now: datetime
) -> TreeImport:
    """Put a folder in the queue; RuleError while another import waits or works.

    ConfigError for a choice that cannot be.
    """
    order.choice.sets.check(order.choice.contours)
    other = next((row for row in list_imports(session) if row.state in UNFINISHED), None)
    if other is not None:
        raise RuleError(
            f"One import at a time was expected, import {other.id} is {other.state}; wait for it "
            "or cancel it."
        )
    row = TreeImport(
        state=ImportState.QUEUED,
        root=str(order.root),
        contours=order.choice.contours,
        naming=order.choice.naming.value,
        split=order.choice.split,
        dry_run=order.dry_run,
        in_place=order.choice.in_place,
        structure_sets=order.choice.sets.rule.value,
        set_label=order.choice.sets.label,
        reference_label=order.choice.sets.reference_label,
        doses=order.choice.doses,
        processes=order.processes,
        actor=actor,
        created_at_utc=now,
    )
    session.add(row)
    session.flush()
    _note(session, row, "requested", actor=actor, now=now)
    return row


def get_import(session: Session, import_id: int) -> TreeImport:
    """The import; DataError when there is none."""
    row = session.get(TreeImport, import_id)
    if row is None:
        raise DataError(f"An import {import_id} was expected, found none.")
    return row


def list_imports(session: Session) -> Sequence[TreeImport]:
    """All imports, newest first."""
    return session.exec(select(TreeImport).order_by(col(TreeImport.id).desc())).all()


def move_import(
    session: Session,
    row: TreeImport,
    state: ImportState,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
) -> None:
    """Change the state; RuleError when the present one does not lead there."""
    if state not in _MOVES.get(row.state, frozenset()):
        raise RuleError(f"An import that is {row.state} cannot become {state}.")
    row.state = state
    if state in _ENDED:
        row.worker, row.finished_at_utc = None, now
    row.error = reason or None
    session.add(row)
    _note(session, row, state.value, actor=actor, now=now, reason=reason)


def cancel_import(session: Session, import_id: int, *, actor: str, now: datetime) -> TreeImport:
    """Stop it: at once in the queue, after the case in hand when it works; RuleError afterwards."""
    row = get_import(session, import_id)
    if row.state is ImportState.IMPORTING:
        row.cancel_requested = True
        session.add(row)
        return row
    move_import(session, row, ImportState.CANCELLED, actor=actor, now=now)
    return row


def resume_import(
    session: Session, study: Study, import_id: int, *, actor: str, now: datetime
) -> TreeImport:
    """Queue one that failed or was cancelled again; RuleError while another one is at work."""
    row = get_import(session, import_id)
    others = [one for one in list_imports(session) if one.state in UNFINISHED]
    if others:
        raise RuleError(f"One import at a time was expected, import {others[0].id} is at work.")
    clear_outcome(import_folder(study, import_id))
    row.cancel_requested, row.progress, row.found, row.finished_at_utc = False, {}, None, None
    move_import(session, row, ImportState.QUEUED, actor=actor, now=now)
    return row


def import_folder(study: Study, import_id: int) -> JobFolder:
    """Where its process works, and where its report lies."""
    return JobFolder(path=study.runs / f"tree-import-{import_id}")


def _note(
    session: Session, row: TreeImport, what: str, *, actor: str, now: datetime, reason: str = ""
) -> None:
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"tree import {what}",
        subject=f"tree import {stored_id(row)}",
        reason=reason,
    )
