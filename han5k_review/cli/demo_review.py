"""What happened in the demo study before it is opened: a model predicted, readers revised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, select

from han5k_review.anatomy.structure import StructureName
from han5k_review.cli.session import actor, progress_bar
from han5k_review.imaging.mask import StructureMask
from han5k_review.importing.study import default_tables
from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.models.shipped_model import adopt_shipped_model
from han5k_review.retraining.predictions.case_prediction import predict_cases
from han5k_review.retraining.predictions.prediction_record import (
    PredictionRequest,
    list_predictions,
)
from han5k_review.review.assignment import list_worklist
from han5k_review.review.decisions.revising import decide_revision, list_revisions
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.labels import list_under_review
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, Reader
from han5k_review.store.vocabulary import Decision, GradeLevel, Role
from han5k_review.study import (
    get_study_info,
    list_cases,
    read_study_scale,
)

# Two who read and two who may decide, so that each one's own work has a second person.
DEMO_ACCOUNTS = (
    ("anna", Role.READER),
    ("ben", Role.READER),
    ("ada", Role.ADJUDICATOR),
    ("lead", Role.LEAD),
)
ADJUDICATOR = "ada"
REVISED = (StructureName("ParotidL"), StructureName("MandibleL"))
"""What the demo's model predicts wrongly in every patient (benchmarks/demo_model.py)."""
REDRAWN = StructureName("ParotidR")
"""What both readers of the lived-in demo drew anew."""
_LOOK_S = 0.1
Truth = Mapping[str, Mapping[StructureName, StructureMask]]
"""Case -> structure -> what its CT was painted from, of training cases."""


def find_model_folder() -> Path:
    """Where the model that comes with the project lies."""
    return default_tables() / "demo_model"


def predict_with_model(study: Study, clock: Callable[[], datetime] = utc_now) -> None:
    """The model that comes with the project is in use, and its contours are under review."""
    model = adopt_shipped_model(
        study, find_model_folder(), actor=actor(), reason="the demo's model", now=clock()
    )
    with reading(study.engine) as session:
        names = [case.name for case in list_cases(session)]
        known = {name for row in list_predictions(session) for name in row.cases}
    todo = [name for name in names if name not in known]
    if not todo:
        return
    request = PredictionRequest(
        model_id=stored_id(model), cases=todo, device=choose_device(get_settings().device)
    )
    with progress_bar() as bar:
        task = bar.add_task("predicting contours with the demo's model", total=len(todo))

        def show(progress: Mapping[str, object]) -> None:
            bar.update(task, completed=int(str(progress.get("done", 0))))

        watch = Watch(poll_seconds=_LOOK_S, on_progress=show)
        predict_cases(study, request, actor=actor(), watch=watch, begin_round=True, clock=clock)


def add_revisions(study: Study, truth: Truth) -> None:
    """Of the empty demo: readers graded what is wrong as major and revised it; ada accepted."""
    readers = [name for name, role in DEMO_ACCOUNTS if role is Role.READER]
    with reading(study.engine) as session:
        if list_revisions(session):
            return
    for number, (case, masks) in enumerate(truth.items()):
        for structure in REVISED:
            with transaction(study.engine) as session:
                _revise(
                    session,
                    study,
                    case,
                    readers[number % len(readers)],
                    structure,
                    masks[structure],
                )


def _revise(
    session: Session,
    study: Study,
    case_name: str,
    reader_name: str,
    structure: StructureName,
    mask: StructureMask,
) -> None:
    reader, ada = (_get_reader(session, name) for name in (reader_name, ADJUDICATOR))
    case = session.exec(select(Case).where(Case.name == case_name)).one()
    label = list_under_review(session, stored_id(case)).get(structure)
    if label is None:
        return
    _grade_major(session, study, case, label, reader)
    accept_correction(session, study, label, mask, reader=reader, adjudicator=ada)


def accept_correction(
    session: Session,
    study: Study,
    label: LabelVersion,
    mask: StructureMask,
    *,
    reader: Reader,
    adjudicator: Reader,
) -> None:
    """A reader corrects the contour `label` to `mask`; an adjudicator accepts it at once."""
    revision = submit_revision(
        session,
        study.labels,
        case=session.get_one(Case, label.case_id),
        structure=label.structure,
        before=study.labels.get_mask(label.mask_sha256, mask.grid),
        after=mask,
        reader=reader,
        now=utc_now(),
    )
    decide_revision(
        session,
        revision_id=stored_id(revision),
        decision=Decision.ACCEPTED,
        reason="",
        adjudicator=adjudicator,
        now=utc_now(),
    )


def _grade_major(
    session: Session, study: Study, case: Case, label: LabelVersion, reader: Reader
) -> None:
    scale = read_study_scale(study, get_study_info(session))
    tasks = list_worklist(session, stored_id(reader))
    submit_grade(
        session,
        assignment_id=next(t.assignment_id for t in tasks if t.case == case.name),
        reader=reader,
        scale=scale,
        request=GradeRequest(
            request_id=f"demo-{case.name}-{label.structure}",
            structure=label.structure,
            label_version_id=stored_id(label),
            code=next(g.code for g in scale.grades if g.level is GradeLevel.MAJOR),
        ),
        now=utc_now(),
    )


def _get_reader(session: Session, name: str) -> Reader:
    return session.exec(select(Reader).where(Reader.name == name)).one()
