"""The tool desk: what the routes of MONAI Label share, and a read as another tool may have it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.study_key import KEY_NAME, read_or_create_key
from han5k_review.review.grading import get_own_assignment
from han5k_review.review.other_tools import check_other_tool
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.web.bearer import TokenDesk
from han5k_review.web.desk import Desk
from han5k_review.web.monailabel.image_ids import ImageId, ImageIds

PROGRAM = "MONAI Label"
"""What the audit trail calls the other tool: the protocol that it speaks; nobody knows more."""
WORKLIST = "worklist"
FLAT, OVERLAPPING = "contours_under_review", "contours_under_review_overlapping"
"""What "Run" offers. No blanks: clients write a blank in a path as a plus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDesk:
    """The study, how reads are named, and who tokens stand for."""

    study: Study
    ids: ImageIds
    tokens: TokenDesk

    def get_id(self, image: str) -> ImageId:
        """What an image id says; 404 for anything else."""
        found = self.ids.find(image)
        if found is None:
            raise HTTPException(404, "An image of your worklist was expected, found another one.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRead:
    """An own read that another tool may open."""

    assignment: Assignment
    case: Case
    reader: Reader


def build_tool_desk(desk: Desk) -> ToolDesk:
    """The tool desk of a study; its ids are signed with a key of their own."""
    secret = read_or_create_key(desk.study.root / KEY_NAME)
    key = hashlib.blake2b(secret, digest_size=32, person=b"image ids").digest()
    return ToolDesk(
        study=desk.study,
        ids=ImageIds(key=key),
        tokens=TokenDesk(study=desk.study, key=secret),
    )


def open_read(session: Session, assignment_id: int, identity: ReaderIdentity) -> OpenRead:
    """A read of this person; AccessError for others' and for those that are kept on our pages."""
    reader = session.get(Reader, identity.reader_id)
    if reader is None:
        raise HTTPException(401, "Your account is gone; sign in with another one.")
    return _open(session, get_own_assignment(session, assignment_id, reader), reader)


def open_by_ticket(session: Session, assignment_id: int) -> OpenRead:
    """The read of a signed id, whose reader must still be there; 401 otherwise."""
    assignment = session.get(Assignment, assignment_id)
    reader = None if assignment is None else session.get(Reader, assignment.reader_id)
    if assignment is None or reader is None or not reader.active:
        raise HTTPException(401, "The account of this image id is closed; ask the study lead.")
    return _open(session, assignment, reader)


def _open(session: Session, assignment: Assignment, reader: Reader) -> OpenRead:
    check_other_tool(session, assignment)
    return OpenRead(
        assignment=assignment, case=session.get_one(Case, assignment.case_id), reader=reader
    )


def get_address(request: Request) -> str:
    """Where a request comes from, as the guard settled it."""
    return "" if request.client is None else request.client.host
