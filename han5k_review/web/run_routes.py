"""Run routes: start a training run, and watch it; what the page Retraining does, for a program."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, require
from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConflictError, RuleError
from han5k_review.retraining.jobs.machine import choose_device, look_at_machine
from han5k_review.retraining.presets import PRESETS
from han5k_review.retraining.runs.plan import RunRequest, find_fullest_group
from han5k_review.retraining.runs.run_commands import find_requested, request_run
from han5k_review.retraining.runs.run_views import find_usual_parent, list_runs
from han5k_review.settings import Settings
from han5k_review.store.columns import format_utc, utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.tables import ModelVersion, Reader
from han5k_review.study import read_study_catalogue
from han5k_review.web.answers import RunAnswer, RunsAnswer
from han5k_review.web.bodies import Body, Key, Name, RowId, bounded
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, get_identity
from han5k_review.web.draft_answers import answer_json

_MAY = Action.RETRAIN


class RunBody(Body):
    """A run that somebody wants. Without `group` the one with most trusted contours is taken.

    Without `parent_model` it continues the group's model in use, with `from_scratch` no model. A
    request that is sent again with its `request_id` starts no second run.
    """

    request_id: Key | None = None
    preset: Literal[*PRESETS] = "smoke"  # type: ignore[valid-type]
    group: Name | None = None
    parent_model: RowId | None = None
    from_scratch: bool = False
    count_references: bool = False


def build_run_router(desk: Desk, settings: Settings) -> APIRouter:
    """`GET /runs`, `GET /runs/{id}` and `POST /runs`."""
    router = APIRouter()

    @router.get("/runs", **described(_MAY, "The training runs, newest first.", RunsAnswer))
    def answer_runs(request: Request) -> Response:
        require(get_identity(request), _MAY)
        with reading(desk.study.engine) as session:
            answer = RunsAnswer(runs=[_describe(run) for run in list_runs(session)])
        return answer_json(answer.model_dump(mode="json"))

    @router.get("/runs/{run_id}", **described(_MAY, "A training run.", RunAnswer))
    def answer_run(request: Request, run_id: RowId) -> Response:
        require(get_identity(request), _MAY)
        with reading(desk.study.engine) as session:
            run = session.get(RetrainRun, run_id)
            if run is None:
                raise HTTPException(404, f"There is no run {run_id}.")
            return _answer(run)

    @router.post(
        "/runs",
        **described(
            _MAY, "Start a training run.", RunAnswer, status=201, changes=True, repeats=True
        ),
    )
    def post_run(
        request: Request, body: Annotated[RunBody, Depends(bounded(RunBody, _MAY))]
    ) -> Response:
        identity = get_identity(request)
        machine = look_at_machine() if settings.launcher == "local" else None
        catalogue = read_study_catalogue(desk.study)
        with transaction(desk.study.engine) as session:
            reader = session.get(Reader, identity.reader_id)
            if reader is None:
                raise HTTPException(401, "Your account is gone; sign in with another one.")
            known = _find_known(session, body, reader)
            if known is not None:
                return _answer(known)
            run = request_run(
                session,
                desk.study,
                catalogue,
                _build_request(session, catalogue, settings, body),
                requested_by=reader,
                now=utc_now(),
                machine=machine,
            )
            return _answer(run, 201)

    return router


def _find_known(session: Session, body: RunBody, reader: Reader) -> RetrainRun | None:
    if body.request_id is None:
        return None
    run = find_requested(session, body.request_id, reader)
    if run is not None and (run.preset, run.group) != (body.preset, body.group or run.group):
        raise ConflictError(
            f"A new request id was expected for another run, found {body.request_id!r} of run "
            f"{run.id}, which is {run.preset} of group {run.group}."
        )
    return run


def _build_request(
    session: Session, catalogue: Catalogue, settings: Settings, body: RunBody
) -> RunRequest:
    groups = sorted({structure.group for structure in catalogue})
    counts = body.count_references
    group = body.group or find_fullest_group(session, catalogue, count_references=counts)
    if group not in groups:
        raise RuleError(f"A label group was expected ({', '.join(groups)}), found {group!r}.")
    if body.from_scratch and body.parent_model is not None:
        raise RuleError("Either parent_model or from_scratch was expected, found both.")
    continued = None if body.from_scratch else find_usual_parent(session, group)
    if body.parent_model is not None:
        continued = session.get(ModelVersion, body.parent_model)
        if continued is None or continued.group != group:
            raise RuleError(f"A model of group {group} was expected, found {body.parent_model}.")
    overrides: dict[str, Any] = {"threads": settings.torch_threads}
    if counts:
        overrides["count_references"] = True
    return RunRequest(
        group=group,
        preset=body.preset,
        overrides=overrides,
        parent_model_id=None if continued is None else continued.id,
        device=choose_device(settings.device),
        request_id=body.request_id,
    )


def _answer(run: RetrainRun, status: int = 200) -> Response:
    return answer_json(_describe(run).model_dump(mode="json"), status)


def _describe(run: RetrainRun) -> RunAnswer:
    return RunAnswer(
        run=stored_id(run),
        state=run.state.value,
        preset=run.preset,
        group=run.group,
        attempt=run.attempt,
        parent_model=run.parent_model_id,
        result_model=run.result_model_id,
        error=run.error,
        created_at_utc=format_utc(run.created_at_utc),
    )
