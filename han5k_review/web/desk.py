"""The desk: what every route needs at hand, and who is asking for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import (
    Action,
    TaskAct,
    TaskState,
    Whose,
    list_allowed,
    require,
)
from han5k_review.errors import AccessError
from han5k_review.review.grading import check_place
from han5k_review.review.signatures import check_sees_sources
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case
from han5k_review.web.encoding import AnswerCache

IDENTITY = "han5k_identity"
WITHIN_SCOPE = "han5k_within_scope"
"""Set once a route has said which act it is, and the token of a program covers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The open study, how long browsers may keep slabs, and answers encoded before."""

    study: Study
    cache_control: Literal["immutable", "no-store"]
    answers: AnswerCache


def get_identity(request: Request) -> ReaderIdentity:
    """Who asks, as the guard found out; without a guard nobody is there (401).

    AccessError for a token where the route has not said which act it is (`web.described`).
    """
    identity = request.scope.get(IDENTITY)
    if not isinstance(identity, ReaderIdentity):
        raise HTTPException(401, "You are not signed in; sign in to go on.")
    if identity.scopes is not None and not request.scope.get(WITHIN_SCOPE):
        raise AccessError("No token is enough for this; sign in with a browser.")
    return identity


def get_readable_assignment(
    session: Session, assignment_id: int, identity: ReaderIdentity
) -> tuple[Assignment, Case]:
    """An assignment the person may look at: their own, or any for who may read every case.

    Others learn nothing about which assignments exist (AccessError); 404 for who may know.
    """
    assignment = session.get(Assignment, assignment_id)
    is_own = assignment is not None and assignment.reader_id == identity.reader_id
    whose = Whose.OWN if is_own else Whose.OTHERS
    if identity.role not in list_allowed(TaskAct.LOOK, whose, TaskState.OPEN):
        raise AccessError(f"Assignment {assignment_id} is not one of yours; open your worklist.")
    if assignment is not None:
        check_place(assignment, identity.role, whose)
    case = None if assignment is None else session.get(Case, assignment.case_id)
    if assignment is None or case is None:
        raise HTTPException(404, f"There is no assignment {assignment_id}.")
    if not is_own:
        check_sees_sources(session, identity.reader_id, assignment.case_id)
    return assignment, case


def get_readable_case(session: Session, case_id: int, identity: ReaderIdentity) -> Case:
    """A case, for people who may read every case and have no blinded read of it to sign."""
    require(identity, Action.READ_ANY_CASE)
    case = session.get(Case, case_id)
    if case is None:
        raise HTTPException(404, f"There is no case {case_id}.")
    check_sees_sources(session, identity.reader_id, case_id)
    return case


def read_task_image(desk: Desk, request: Request, assignment_id: int) -> str:
    """Hash of the CT of an assignment that this person may look at."""
    with reading(desk.study.engine) as session:
        _, case = get_readable_assignment(session, assignment_id, get_identity(request))
        return case.image_sha256


def read_case_image(desk: Desk, request: Request, case_id: int) -> str:
    """Hash of the CT of a case, for people who may read every case."""
    with reading(desk.study.engine) as session:
        return get_readable_case(session, case_id, get_identity(request)).image_sha256
