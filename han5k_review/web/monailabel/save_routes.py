"""Pushing a label from a client of MONAI Label."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import TaskAct
from han5k_review.errors import ConflictError, RuleError
from han5k_review.review.corrections import take_corrections
from han5k_review.review.labels import list_under_review
from han5k_review.review.other_tools import build_fingerprint
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Assignment
from han5k_review.web.bodies import Name
from han5k_review.web.described import described
from han5k_review.web.desk import get_identity
from han5k_review.web.draft_answers import answer_json
from han5k_review.web.monailabel.answers import SavedAnswer
from han5k_review.web.monailabel.forms import SentLabel, read_sent_label, with_form
from han5k_review.web.monailabel.image_ids import ImageId
from han5k_review.web.monailabel.list_routes import FINAL
from han5k_review.web.monailabel.saving import SentPlan, plan_sent_label
from han5k_review.web.monailabel.tool_desk import PROGRAM, ToolDesk, open_read

_SAYS = "A revision of each structure that a label changes; they wait for an adjudicator."
_LEVELS = "Nothing of another tool's reviewer: always refused."


def add_saving(router: APIRouter, desk: ToolDesk) -> None:
    """`PUT /datastore/label` and `/datastore/updatelabelinfo`."""

    @router.put(
        "/datastore/label",
        **with_form(described(TaskAct.CHANGE, _SAYS, SavedAnswer, own=True, changes=True), "label"),
    )
    def put_label(
        request: Request,
        image: Name,
        label: Annotated[SentLabel, Depends(read_sent_label)],
        tag: Name = FINAL,
    ) -> Response:
        if tag != FINAL:
            raise HTTPException(422, f"The tag {FINAL} was expected, found another one.")
        opened = desk.get_id(image)
        plan = _save(desk, get_identity(request), opened, label)
        saved = SavedAnswer(
            image=image,
            label=image,
            revised=[one.structure for one in plan.corrections],
            unchanged=list(plan.unchanged),
            left_empty=list(plan.left_empty),
            notes=list(plan.notes),
        )
        return answer_json(saved.model_dump(mode="json"))

    @router.put(
        "/datastore/updatelabelinfo",
        **described(TaskAct.CHANGE, _LEVELS, None, own=True, changes=True),
    )
    def put_label_info(request: Request) -> Response:
        raise RuleError(
            "A grade on this server's own page was expected, found a level or a comment of MONAI "
            "Label's reviewer; these are not kept, open the case from your worklist."
        )


def _save(desk: ToolDesk, identity: ReaderIdentity, opened: ImageId, label: SentLabel) -> SentPlan:
    """Take what changed. What was planned stands: the contours are held to the id's once more."""
    if not opened.contours:
        raise HTTPException(
            422, "The id that the next case came with was expected, as it tells what was opened."
        )
    with reading(desk.study.engine) as session:
        found = open_read(session, opened.assignment_id, identity)
        _check_same(opened, build_fingerprint(list_under_review(session, found.assignment.case_id)))
        plan = plan_sent_label(session, desk.study, found, label)
    if not plan.corrections:
        return plan
    with transaction(desk.study.engine) as session:
        session.get(Assignment, opened.assignment_id, with_for_update=True)
        found = open_read(session, opened.assignment_id, identity)
        _check_same(opened, build_fingerprint(list_under_review(session, found.assignment.case_id)))
        take_corrections(
            session,
            desk.study.labels,
            case=found.case,
            corrections=plan.corrections,
            reader=found.reader,
            now=utc_now(),
            program=PROGRAM,
        )
    return plan


def _check_same(opened: ImageId, present: str) -> None:
    if opened.contours != present:
        raise ConflictError(
            "The contours that were opened were expected under review, others are now; keep your "
            "segmentation as a file, take the case again, and go on from there."
        )
