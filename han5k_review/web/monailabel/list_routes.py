"""What there is for a client of MONAI Label: the server, the next case, the own reads."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review import __version__
from han5k_review.accounts.may import TaskAct
from han5k_review.errors import RuleError
from han5k_review.imaging.nifti_labels import DISCLAIMER
from han5k_review.review.assignment import WorklistEntry
from han5k_review.review.labels import list_under_review
from han5k_review.review.other_tools import OpenReads, build_fingerprint, list_open_reads
from han5k_review.review.pauses import find_pause
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.tables import Case
from han5k_review.study import get_study_info
from han5k_review.web.answers import Answer
from han5k_review.web.bodies import Name
from han5k_review.web.contour_routes import as_file_name
from han5k_review.web.described import described
from han5k_review.web.desk import get_identity
from han5k_review.web.draft_answers import answer_json
from han5k_review.web.monailabel.answers import (
    DatastoreAnswer,
    InfoAnswer,
    ModelAnswer,
    ObjectAnswer,
    SampleAnswer,
    StatsAnswer,
    StoredAnswer,
    StrategyAnswer,
)
from han5k_review.web.monailabel.image_ids import name_read
from han5k_review.web.monailabel.tool_desk import (
    FLAT,
    OVERLAPPING,
    WORKLIST,
    ToolDesk,
    open_read,
)

FINAL, ORIGINAL = "final", "original"
_CT, _SEGMENTATION = ".nii.gz", ".seg.nrrd"
_MODELS = {
    FLAT: "The contours under review, as a label map; no model runs.",
    OVERLAPPING: "The contours under review with their overlaps, as .seg.nrrd; no model runs.",
}


def add_lists(router: APIRouter, desk: ToolDesk) -> None:
    """`GET /info/` and `/datastore/`, `POST /activelearning/<strategy>`."""

    @router.get(
        "/info/", **described(TaskAct.LOOK, "What MONAI Label shows first.", InfoAnswer, own=True)
    )
    def answer_info(request: Request) -> Response:
        with reading(desk.study.engine) as session:
            reads = list_open_reads(session, get_identity(request).reader_id)
            name = get_study_info(session).name
        return _answer(_describe_server(name, reads))

    @router.post(
        "/activelearning/{strategy}",
        **described(TaskAct.LOOK, "The next own case.", SampleAnswer, own=True, changes=True),
    )
    def post_next(request: Request, strategy: Name) -> Response:
        if strategy != WORKLIST:
            raise HTTPException(404, f"The strategy {WORKLIST} was expected, found another one.")
        identity = get_identity(request)
        with reading(desk.study.engine) as session:
            pause = find_pause(session, identity.reader_id)
            if pause is not None:
                raise RuleError(f"Reading is paused: {pause.reason.rstrip('.')}.")
            found = list_open_reads(session, identity.reader_id).find_next()
            if found is None:
                return _answer(SampleAnswer())
            case = open_read(session, found.assignment_id, identity).case
            contours = build_fingerprint(list_under_review(session, found.case_id))
        return _answer(
            SampleAnswer(
                id=desk.ids.sign(found.assignment_id, contours, utc_now()),
                name=name_ct(case),
                PatientID=case.name,
            )
        )

    @router.get(
        "/datastore/",
        **described(TaskAct.LOOK, "One's own reads, as images.", DatastoreAnswer, own=True),
    )
    def answer_datastore(
        request: Request, output: Literal["all", "stats"] | None = None
    ) -> Response:
        with reading(desk.study.engine) as session:
            reads = list_open_reads(session, get_identity(request).reader_id)
        if output == "all":
            objects = {name_read(one.assignment_id): _describe(one, reads) for one in reads.entries}
            return _answer(DatastoreAnswer(objects=objects))
        return _answer(DatastoreAnswer(**_count(reads).model_dump()))


def name_ct(case: Case) -> str:
    """The file name of a CT: 3D Slicer keeps files by name, so another CT has another one."""
    return as_file_name(f"{case.name}-{case.image_sha256[:8]}{_CT}")


def _describe_server(name: str, reads: OpenReads) -> InfoAnswer:
    labels = list(reads.structures)
    return InfoAnswer(
        name=name,
        description=DISCLAIMER,
        version=__version__,
        labels=labels,
        models={
            model: ModelAnswer(type="segmentation", labels=labels, dimension=3, description=words)
            for model, words in _MODELS.items()
        },
        trainers={},
        strategies={WORKLIST: StrategyAnswer(description="The next case of your worklist.")},
        scoring={},
        train_stats={},
        datastore=_count(reads),
    )


def _count(reads: OpenReads) -> StatsAnswer:
    left = sum(reads.is_left(one) for one in reads.entries)
    sent = sum(one.case_id in reads.sent for one in reads.entries)
    return StatsAnswer(
        total=len(reads.entries), completed=len(reads.entries) - left, label_tags={FINAL: sent}
    )


def _describe(entry: WorklistEntry, reads: OpenReads) -> ObjectAnswer:
    # `original` is not listed: the plugin would name its segments by their place in a list.
    stored = StoredAnswer(ext=_SEGMENTATION, info={})
    return ObjectAnswer(
        image=StoredAnswer(ext=_CT, info={"name": entry.case}),
        labels={FINAL: stored} if entry.case_id in reads.sent else {},
    )


def _answer(answer: Answer) -> Response:
    return answer_json(answer.model_dump(mode="json", exclude_none=True))
