"""A run of triage: measures once, scores, goes on after a stop, and says why."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlmodel import col, func, select

from han5k_review.errors import RuleError
from han5k_review.review.assigning import CasePool, Wish, plan_assignment
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import (
    PredictionDecision,
    PredictionLabel,
    PredictionRun,
)
from han5k_review.store.study import Study
from han5k_review.store.tables import (
    Assignment,
    Audit,
    Case,
    Grade,
    LabelVersion,
    ModelVersion,
    Reader,
)
from han5k_review.store.triage_tables import TriageMeasure, TriageRound
from han5k_review.store.vocabulary import (
    DrawArm,
    GradeLevel,
    PredictionAct,
    PredictionState,
    TriageKind,
    Uncertainty,
)
from han5k_review.study import read_study_catalogue
from han5k_review.triage.doubts import find_scores, list_doubts
from han5k_review.triage.run import TriageReport, run_triage
from han5k_review.triage.stored import find_round
from han5k_review.triage.worklist import ListOrder, assign_by_doubt, plan_by_doubt
from han5k_review.workforce import Workforce
from rigs.studies import add_reader
from tests.triage.conftest import CASES, SWAPPED, TRUNCATED

ALONE = Workforce(executor=None, workers=1)


def compute(study: Study, stop_after: int | None = None) -> TriageReport:
    @dataclass
    class Watch:
        seen: list[str] = field(default_factory=list)

    watch = Watch()
    return run_triage(
        study,
        read_study_catalogue(study),
        workforce=ALONE,
        actor="test",
        progress=lambda p: watch.seen.append(p.case),
        cancel=lambda: stop_after is not None and len(watch.seen) >= stop_after,
    )


def contour_of(study: Study, case: str, structure: str) -> int:
    with reading(study.engine) as session:
        query = (
            select(func.max(LabelVersion.id))
            .join(Case, col(Case.id) == LabelVersion.case_id)
            .where(Case.name == case, LabelVersion.structure == structure)
        )
        return int(session.exec(query).one() or 0)


def test_a_stopped_run_goes_on_and_a_finished_one_has_nothing_to_do(cohort: Study) -> None:
    first = compute(cohort, stop_after=5)
    assert (first.measured, first.left, first.round_id) == (5, CASES - 5, None)
    second = compute(cohort)
    assert (second.measured, second.known, second.left) == (CASES - 5, 5, 0)
    third = compute(cohort)
    assert (third.measured, third.known, third.round_id) == (0, CASES, None)
    with reading(cohort.engine) as session:
        assert session.exec(select(func.count(col(TriageMeasure.id)))).one() == 3 * CASES
        assert session.exec(select(func.count(col(TriageRound.id)))).one() == 1


def test_planted_errors_come_first_with_their_reason_in_words(cohort: Study) -> None:
    compute(cohort)
    truncated = contour_of(cohort, TRUNCATED, "BrainStem")
    swapped = {contour_of(cohort, SWAPPED, name) for name in ("ParotidL", "ParotidR")}
    with reading(cohort.engine) as session:
        scores = find_scores(session)
        said = list_doubts(session, list(scores))
    worst = sorted(scores, key=lambda contour: -scores[contour].doubt)[:3]
    assert set(worst) == {truncated, *swapped}
    assert any("standard deviations" in reason for reason in said[truncated])
    for contour in swapped:
        assert said[contour][0].startswith("Left and right may be swapped")


def test_a_damaged_case_is_told_and_stops_nothing(cohort: Study) -> None:
    with reading(cohort.engine) as session:
        row = session.exec(select(LabelVersion).order_by(col(LabelVersion.id))).first()
        assert row is not None
        cohort.labels.path(row.mask_sha256).write_bytes(b"nothing")
    report = compute(cohort)
    assert [name for name, _ in report.failed] == ["case-00"]
    assert "restore" in report.failed[0][1]
    assert report.measured == CASES - 1
    assert report.round_id is not None


def predict_all(study: Study, entropies: dict[int, float]) -> None:
    """All contours are those of one prediction, put under review, with these entropies."""
    with transaction(study.engine) as session:
        model = ModelVersion(name="m", folder="m", checkpoint_sha256="0", labels={})
        session.add(model)
        session.flush()
        run = PredictionRun(
            state=PredictionState.DONE,
            model_id=stored_id(model),
            cases=[],
            uncertainty=Uncertainty.OFF,
            member_ids=[],
            actor="eve",
        )
        session.add(run)
        session.flush()
        number = stored_id(run)
        for label in session.exec(select(LabelVersion)).all():
            entropy = entropies.get(stored_id(label))
            session.add(
                PredictionLabel(
                    prediction_id=number, label_version_id=stored_id(label), entropy=entropy
                )
            )
        decided = PredictionDecision(
            prediction_id=number, act=PredictionAct.PUT_UNDER_REVIEW, actor="eve"
        )
        session.add(decided)
        session.flush()


def test_where_the_network_was_unsure_is_said_and_counts_and_nothing_is_said_without(
    cohort: Study,
) -> None:
    compute(cohort)
    unsure = contour_of(cohort, "case-05", "ParotidR")
    with reading(cohort.engine) as session:
        before = find_scores(session)
        rights = session.exec(
            select(LabelVersion.id).where(LabelVersion.structure == "ParotidR")
        ).all()
    usual = {int(label or 0): 0.3 + 0.01 * place for place, label in enumerate(rights)}
    predict_all(cohort, {**usual, unsure: 0.9})
    assert compute(cohort).round_id is not None, "an entropy makes a new round"
    with reading(cohort.engine) as session:
        after = find_scores(session)
    assert "The network was more unsure at its border than in other patients: " in " ".join(
        after[unsure].reasons
    )
    assert after[unsure].doubt > before[unsure].doubt
    stems = contour_of(cohort, "case-05", "BrainStem")
    assert after[stems].reasons == before[stems].reasons, "it came without an entropy"


def grade_all(study: Study) -> None:
    """All left parotids, and half of the right ones, are to be revised; no brainstem is."""
    with transaction(study.engine) as session:
        reader = session.exec(select(Reader).where(Reader.name == "anna")).one()
        for case in session.exec(select(Case)).all():
            place = Assignment(case_id=case.id, reader_id=reader.id, presentation_order=case.id)
            session.add(place)
            session.flush()
            labels = session.exec(select(LabelVersion).where(LabelVersion.case_id == case.id))
            for label in labels.all():
                revised = label.structure == "ParotidL" or (
                    label.structure == "ParotidR" and place.presentation_order <= CASES // 2
                )
                session.add(
                    Grade(
                        assignment_id=place.id,
                        label_version_id=label.id,
                        structure=label.structure,
                        scale="han5k-3",
                        raw_code="2" if revised else "1",
                        level=GradeLevel.MINOR if revised else GradeLevel.NO,
                        graded_at_utc=utc_now(),
                        request_id=f"request-{label.id}",
                    )
                )


def test_enough_grades_turn_ranks_into_probabilities_and_allow_lists_by_gain(cohort: Study) -> None:
    """With twenty grades of each kind a score is the chance of a revision, not only a rank; values
    of a list by gain fall along it, its random arm aside."""
    compute(cohort)
    with transaction(cohort.engine) as session:
        plan = plan_assignment(session, add_reader(session, "ben"), Wish(pool=CasePool.NOT_MINE))
        with pytest.raises(RuleError, match="grades taught were expected"):
            plan_by_doubt(session, plan, order=ListOrder.GAIN)
    grade_all(cohort)
    assert compute(cohort).round_id is not None
    with reading(cohort.engine) as session:
        newest = find_round(session)
        assert newest is not None
        assert (newest.kind, newest.graded) == (TriageKind.GRADES, 3 * CASES)
        chances = [one.doubt for one in find_scores(session).values()]
    assert all(0 <= chance <= 1 for chance in chances)
    assert sum(chances) == pytest.approx(CASES * 1.5, rel=0.2)  # as many as were revised
    with transaction(cohort.engine) as session:
        ben = session.exec(select(Reader).where(Reader.name == "ben")).one()
        pool = plan_assignment(session, ben, Wish(pool=CasePool.NOT_MINE))
        ordered = plan_by_doubt(session, pool, most=9, random_share=1 / 3, order=ListOrder.GAIN)
        assert assign_by_doubt(session, reader=ben, plan=ordered, actor="lead", now=utc_now()) == 9
    values = [one.doubt for one in ordered.draws if one.arm is DrawArm.DOUBT]
    assert len(values) == 6
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0
    with reading(cohort.engine) as session:
        assert session.exec(select(Audit).where(Audit.action == "order by gain")).one()
