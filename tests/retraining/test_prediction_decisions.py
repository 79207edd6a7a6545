"""Predicted contours wait for a person, who sees first what they would change, and may go back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.evaluation.choice import UNDER_REVIEW, find_labels
from han5k_review.evaluation.stored_panels import read_stamp
from han5k_review.metrics import Definition
from han5k_review.retraining.jobs.results import Entropy
from han5k_review.retraining.models.model_decisions import roll_back, take_out_of_use
from han5k_review.retraining.predictions.changes import (
    Change,
    describe_changes,
    find_change,
    read_changes,
)
from han5k_review.retraining.predictions.decisions import (
    list_first_predicted,
    measure_use,
    put_under_review,
    set_aside,
    withdraw,
)
from han5k_review.retraining.predictions.offered_structures import list_offered_structures
from han5k_review.retraining.predictions.prediction_record import (
    PredictionRequest,
    get_prediction,
    request_prediction,
)
from han5k_review.retraining.teaching.review_records import read_records
from han5k_review.review.label_sets import Viewpoint, find_label_set, view_case
from han5k_review.review.labels import list_earlier
from han5k_review.review.progress import measure_progress
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Audit, Case, Grade, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import (
    GradeLevel,
    LabelSource,
    ModelState,
)
from han5k_review.triage.doubts import find_entropies
from han5k_review.ui.cases.query import CaseWish, list_case_summaries
from rigs.phantom_study import add_grade, build_study
from tests.retraining.predicted_study import (
    CASE,
    NAMES,
    add_model,
    add_run,
    build_three,
    mask_of,
    predict,
    predict_three,
    under_review,
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Five heads, and a model of three structures in use."""
    study = build_study(tmp_path / "study")
    add_model(study)
    return study


def test_what_waits_is_seen_beside_what_is_under_review_but_by_no_reader(study: Study) -> None:
    predict_three(study)
    with reading(study.engine) as session:
        case_id = stored_id(session.exec(select(Case).where(Case.name == CASE)).one())
        waiting = find_label_set(session, case_id, "w", view_case())
        assert waiting is not None
        assert set(waiting.versions) == {"ParotidL", "ParotidR"}  # BrainStem came out empty
        assert (
            find_label_set(
                session,
                case_id,
                "w",
                Viewpoint(task=Assignment(case_id=case_id, reader_id=1, presentation_order=1)),
            )
            is None
        )
        assert list_first_predicted(session, 1) == {CASE: "ParotidL"}
    with transaction(study.engine) as session:
        put_under_review(session, 1, actor="lead", now=utc_now())
        assert find_label_set(session, case_id, "w", view_case()) is None


def test_numbers_kept_of_what_is_under_review_are_read_again_after_each_decision(
    study: Study,
) -> None:
    predict_three(study)
    seen = []
    for decide in (None, put_under_review, partial(withdraw, reason="worse")):
        with transaction(study.engine) as session:
            if decide is not None:
                decide(session, 1, actor="lead", now=utc_now())
            seen.append(read_stamp(session, UNDER_REVIEW.sources, Definition.SURFEL))
    assert len(set(seen)) == 3


def test_a_prediction_is_told_by_its_volume_beside_the_contour_under_review() -> None:
    assert find_change(4.0, None, same=False) is Change.NEW
    assert find_change(4.0, 0.0, same=False) is Change.NEW, "what was empty was nothing"
    assert find_change(0.0, 5.0, same=False) is Change.EMPTY
    assert find_change(2.0, 4.0, same=False) is Change.SMALLER
    assert find_change(8.0, 4.0, same=False) is Change.LARGER
    assert find_change(5.0, 4.0, same=False) is Change.SIMILAR
    assert find_change(4.0, 4.0, same=True) is Change.SAME


def test_what_was_predicted_waits_and_says_what_it_would_change(study: Study) -> None:
    before = under_review(study)
    number = predict_three(study)
    assert under_review(study) == before, "nothing comes under review by itself"
    with reading(study.engine) as session:
        row = get_prediction(session, number)
        found = read_changes(row.found)
        assert row.new_labels == 2
    assert describe_changes(found) == (
        "2 contours would come under review: 1 much smaller (half or less), 1 much larger (twice "
        "or more). 1 contour came out empty and is left out: BrainStem."
    )


def test_what_was_predicted_keeps_how_unsure_the_network_was_and_an_empty_one_how_nearly(
    study: Study,
) -> None:
    told = {
        "BrainStem": Entropy(mean=0.9, highest=0.412),
        "ParotidL": Entropy(mean=0.31, highest=1.0),
    }
    number = predict(study, build_three(study), entropies=told)
    with reading(study.engine) as session:
        assert describe_changes(read_changes(get_prediction(session, number).found)).endswith(
            "left out: BrainStem (highest probability of a voxel 41%)."
        )
        labels = session.exec(select(LabelVersion)).all()
        own = {str(one.structure): one.id for one in labels if one.source is LabelSource.PREDICTION}
        assert set(own) == {"ParotidL", "ParotidR"}
        assert find_entropies(session) == {own["ParotidL"]: 0.31}, "nothing is made up"


def test_put_under_review_it_begins_a_round_and_withdrawn_the_round_before_is_back(
    study: Study,
) -> None:
    before = under_review(study)
    with reading(study.engine) as session:
        case_id = stored_id(session.exec(select(Case).where(Case.name == CASE)).one())
        versions = session.exec(select(LabelVersion)).all()
    number = predict_three(study)
    with transaction(study.engine) as session:
        put_under_review(session, number, actor="eve", now=utc_now())
    now = under_review(study)
    assert now["BrainStem"] == before["BrainStem"]
    assert {now[name][0] for name in ("ParotidL", "ParotidR")} == {LabelSource.PREDICTION}
    with transaction(study.engine) as session:
        assert list_earlier(session, case_id)["ParotidL"].id == before["ParotidL"][1]
        label = session.get_one(LabelVersion, now["ParotidL"][1])
        task = session.exec(select(Assignment).where(Assignment.case_id == case_id)).one()
        add_grade(session, task, label, GradeLevel.MAJOR)
        task_id = stored_id(task)
        assert measure_progress(session)[task_id].graded == 1
        use = measure_use(session, number)
        assert (use.contours, use.grades, use.revisions) == (2, 1, 0)
        with pytest.raises(RuleError, match="Please give a reason"):
            withdraw(session, number, actor="lead", reason=" ", now=utc_now())
        withdraw(session, number, actor="lead", reason="empty organs", now=utc_now())
    assert under_review(study) == before
    with reading(study.engine) as session:
        assert list_earlier(session, case_id) == {}
        chosen = find_labels(session, UNDER_REVIEW, [case_id])
        assert chosen[case_id, "ParotidL"].label_version_id == before["ParotidL"][1]
        record = read_records(session, NAMES)[case_id, "ParotidL"]
        assert record.under_review is not None
        assert record.under_review.label_version_id == before["ParotidL"][1]
        (summary,) = list_case_summaries(session, CaseWish(search=CASE), most=5)
        assert summary.pseudo_labels == len(NAMES)
        assert measure_progress(session)[task_id].graded == 0
        predicted = now["ParotidL"][1]
        graded = session.exec(select(Grade).where(Grade.label_version_id == predicted)).all()
        assert len(graded) == 1, "the record keeps what was said of the withdrawn contour"
        assert len(session.exec(select(LabelVersion)).all()) == len(versions) + 2
        acts = session.exec(select(Audit.action).where(Audit.actor == "lead")).all()
    assert "prediction withdrawn" in acts
    with transaction(study.engine) as session, pytest.raises(RuleError, match="it is withdrawn"):
        withdraw(session, number, actor="lead", reason="again", now=utc_now())


def test_predicted_again_after_it_was_withdrawn_the_same_contours_can_be_reviewed(
    study: Study,
) -> None:
    masks = build_three(study)
    first = predict(study, masks)
    with transaction(study.engine) as session:
        put_under_review(session, first, actor="eve", now=utc_now())
        withdraw(session, first, actor="eve", reason="too early", now=utc_now())
    second = predict(study, masks)
    with transaction(study.engine) as session:
        put_under_review(session, second, actor="eve", now=utc_now())
    assert under_review(study)["ParotidL"][0] is LabelSource.PREDICTION
    third = predict(study, masks)
    with transaction(study.engine) as session:
        assert read_changes(get_prediction(session, third).found)["ParotidL"].same == 1
        with pytest.raises(RuleError, match="predicted no contour"):
            put_under_review(session, third, actor="eve", now=utc_now())


def test_what_was_set_aside_or_is_older_than_the_contours_there_never_comes_under_review(
    study: Study,
) -> None:
    first = predict_three(study)
    second = predict_three(study)
    with transaction(study.engine) as session:
        put_under_review(session, second, actor="eve", now=utc_now())
        with pytest.raises(RuleError, match="is older than 2 contours that are under review now"):
            put_under_review(session, first, actor="eve", now=utc_now())
        set_aside(session, first, actor="eve", reason="", now=utc_now())
        with pytest.raises(RuleError, match="is set aside"):
            put_under_review(session, first, actor="eve", now=utc_now())


def test_only_structures_that_passed_the_gate_are_predicted_unless_they_are_named(
    study: Study,
) -> None:
    with transaction(study.engine) as session:
        imported = session.get_one(ModelVersion, 1)
        assert list_offered_structures(session, imported).usual == NAMES, (
            "no gate judged an imported one"
        )
        model = add_run(session, {"BrainStem": (0.8, 0.9), "ParotidL": (0.8, 0.5)})
        offered = list_offered_structures(session, model)
        assert (offered.passed, offered.failed, offered.undecided) == (
            ("BrainStem",),
            ("ParotidL",),
            ("ParotidR",),
        )
        asked = PredictionRequest(model_id=1, cases=[CASE])
        row = request_prediction(session, asked, actor="eve", now=utc_now())
        assert row.structures == ["BrainStem"]
    with transaction(study.engine) as session:
        named = PredictionRequest(model_id=1, cases=["HN-000"], structures=["ParotidL"])
        assert request_prediction(session, named, actor="eve", now=utc_now()).structures == [
            "ParotidL"
        ]
        wrong = PredictionRequest(model_id=1, cases=["HN-001"], structures=["Lung"])
        with pytest.raises(RuleError, match="Structures that from elsewhere predicts"):
            request_prediction(session, wrong, actor="eve", now=utc_now())


def test_only_what_was_asked_for_is_kept_of_a_prediction(study: Study) -> None:
    with reading(study.engine) as session:
        left = mask_of(session, study, "ParotidL")
    number = predict(study, {"ParotidR": left, "ParotidL": left}, names=("ParotidR",))
    with reading(study.engine) as session:
        assert set(read_changes(get_prediction(session, number).found)) == {"ParotidR"}


def test_a_first_model_can_be_taken_out_of_use_and_put_back(study: Study) -> None:
    with transaction(study.engine) as session:
        with pytest.raises(RuleError, match="Please give a reason"):
            take_out_of_use(session, 1, actor="lead", reason="", now=utc_now())
        model = take_out_of_use(session, 1, actor="lead", reason="predicts nothing", now=utc_now())
        assert model.state == ModelState.RETIRED
        with pytest.raises(RuleError, match="A model in use was expected"):
            take_out_of_use(session, 1, actor="lead", reason="again", now=utc_now())
        assert roll_back(session, 1, actor="lead", reason="after all", now=utc_now()).state == (
            ModelState.PROMOTED
        )
