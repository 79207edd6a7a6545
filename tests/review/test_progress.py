"""Progress counts what is under review now: drawn anew, a structure waits again; withheld, not."""

from __future__ import annotations

from sqlmodel import Session

from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.progress import measure_progress
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import PredictionLabel, PredictionRun
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import LabelSource, PredictionState, Uncertainty
from rigs.studies import add_label
from tests.review.conftest import NOON, STRUCTURES, Bench, block


def counts(session: Session, bench: Bench) -> tuple[int, int]:
    found = measure_progress(session)[bench.assignment_id]
    return found.graded, found.total


def test_a_structure_that_was_drawn_anew_waits_again(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        for name in STRUCTURES[:2]:
            submit_grade(
                session,
                assignment_id=bench.assignment_id,
                reader=bench.anna,
                scale=bench.scale,
                request=GradeRequest(
                    request_id=name,
                    structure=name,
                    label_version_id=bench.versions[name],
                    code="no",
                ),
                now=NOON,
            )
        assert counts(session, bench) == (2, 3)
        add_label(session, bench.study, bench.case, STRUCTURES[0], block(3))
        assert counts(session, bench) == (1, 3)


def test_a_structure_that_only_a_waiting_prediction_drew_is_not_counted(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        model = ModelVersion(name="m", folder="m", checkpoint_sha256="0", labels={})
        session.add(model)
        session.flush()
        run = PredictionRun(
            state=PredictionState.DONE,
            model_id=stored_id(model),
            cases=["HN-001"],
            uncertainty=Uncertainty.SHIFTED,
            member_ids=[],
            actor="eve",
        )
        session.add(run)
        label = add_label(
            session, bench.study, bench.case, "Brain", block(2), LabelSource.PREDICTION
        )
        session.flush()
        session.add(
            PredictionLabel(prediction_id=stored_id(run), label_version_id=stored_id(label))
        )
        session.flush()
        assert counts(session, bench) == (0, 3)
