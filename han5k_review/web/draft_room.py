"""The draft room: what the draft routes share, and each act on a draft as one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session
from starlette.exceptions import HTTPException

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import Action, require
from han5k_review.errors import DataError
from han5k_review.review.drafts.draft_mask import DraftMask, MaskShelf
from han5k_review.review.drafts.journal import add_snapshot, needs_snapshot
from han5k_review.review.drafts.patches import PatchBatch, PatchReceipt, append_patches
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.grading import get_own_assignment
from han5k_review.review.row_numbers import RowNumbers, number_task
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Reader

_SHELF_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks about drafts, for which of their own assignments, within one session.

    `numbers` are those that the browser has for the rows of this assignment.
    """

    session: Session
    reader: Reader
    assignment: Assignment
    case: Case
    numbers: RowNumbers


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRoom:
    """The study, its rules of editing, and masks of drafts in memory.

    Whoever changes a draft holds its read (`change`): another web process, with masks of its own,
    waits there as well.
    """

    study: Study
    rules: EditRules
    shelf: MaskShelf = field(default_factory=lambda: MaskShelf(capacity_bytes=_SHELF_BYTES))

    @contextmanager
    def look(self, identity: ReaderIdentity, assignment_id: int) -> Iterator[Visitor]:
        """A visit that changes nothing."""
        require(identity, Action.GRADE)
        with reading(self.study.engine) as session:
            yield self._enter(session, identity, assignment_id)

    @contextmanager
    def change(self, identity: ReaderIdentity, assignment_id: int) -> Iterator[Visitor]:
        """A visit that is committed when it ends well."""
        require(identity, Action.GRADE)
        with transaction(self.study.engine) as session:
            session.get(Assignment, assignment_id, with_for_update=True)
            yield self._enter(session, identity, assignment_id)

    def append(
        self, identity: ReaderIdentity, assignment_id: int, structure: str, batch: PatchBatch
    ) -> tuple[PatchReceipt, DraftMask | None]:
        """Journal a batch; the receipt once it is on disk, and the draft mask if one is to be kept.

        The draft mask goes on the shelf, unless a snapshot of it is due first (`keep_snapshot`).
        """
        with self.change(identity, assignment_id) as visitor:
            visitor.session.expire_on_commit = False
            receipt = append_patches(
                visitor.session,
                self.study.labels,
                self.shelf,
                assignment=visitor.assignment,
                structure=structure,
                batch=batch,
                rules=self.rules,
                now=utc_now(),
            )
        draft_mask = receipt.draft_mask
        if draft_mask is None:
            return receipt, None
        if needs_snapshot(receipt.first_version, receipt.draft.version):
            return receipt, draft_mask
        self.shelf.put(stored_id(receipt.draft), draft_mask)
        return receipt, None

    def keep_snapshot(self, draft_id: int, draft_mask: DraftMask) -> None:
        """Store the mask of a draft as a place to replay from; runs after the answer."""
        try:
            sha256 = self.study.labels.put_mask(draft_mask.to_mask())
            with transaction(self.study.engine) as session:
                add_snapshot(
                    session,
                    draft_id=draft_id,
                    version=draft_mask.version,
                    mask_sha256=sha256,
                    now=utc_now(),
                )
        finally:
            self.shelf.put(draft_id, draft_mask)

    def _enter(self, session: Session, identity: ReaderIdentity, assignment_id: int) -> Visitor:
        reader = session.get(Reader, identity.reader_id)
        if reader is None:
            raise HTTPException(401, "Your account is gone; sign in with another one.")
        assignment = get_own_assignment(session, assignment_id, reader)
        case = session.get(Case, assignment.case_id)
        if case is None:
            raise DataError(
                f"The case of assignment {assignment_id} is gone; restore the database."
            )
        return Visitor(
            session=session,
            reader=reader,
            assignment=assignment,
            case=case,
            numbers=number_task(self.study.root, assignment_id),
        )
