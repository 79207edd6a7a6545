"""What a run would use, read from a stored study."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import ConfigError, RuleError
from han5k_review.retraining.runs.plan import RunPlan, RunRequest, find_fullest_group, plan_run
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.retraining.teaching.snapshot import Snapshot
from han5k_review.retraining.teaching.trust import TrustReason
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import LabelUncertainty
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, ModelVersion, Reader
from han5k_review.store.triage_tables import TriageRound, TriageScore
from han5k_review.store.vocabulary import (
    Decision,
    GradeLevel,
    LabelSource,
    ReferenceKind,
    Split,
    TriageKind,
    Uncertainty,
)
from rigs.phantom_study import (
    CATALOGUE,
    add_grade,
    add_head,
    add_label,
    add_reader,
    add_revision,
    build_study,
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return build_study(tmp_path / "study")


def plan(study: Study, **asked: object) -> RunPlan:
    request = RunRequest(**{"group": "2", **asked})  # type: ignore[arg-type]
    with reading(study.engine) as session:
        return plan_run(session, study, CATALOGUE, request)


def trusted(snapshot: Snapshot, case: str) -> set[str]:
    return {n for c in snapshot.cases if c.name == case for n in c.trusted}


def test_only_accepted_contours_of_training_cases_teach(study: Study) -> None:
    snapshot = plan(study).snapshot
    assert [c.name for c in snapshot.teaching] == ["HN-000", "HN-001", "HN-002"]
    assert trusted(snapshot, "HN-000") == {"BrainStem", "ParotidL"}
    assert trusted(snapshot, "HN-003") == set()
    assert snapshot.labels == {"BrainStem": 1, "ParotidL": 2}


def test_the_plan_says_of_each_structure_what_and_why(study: Study) -> None:
    rows = {s.structure: s for s in plan(study).structures}
    assert (rows["ParotidL"].trusted, rows["ParotidL"].untrusted) == (3, 0)
    assert rows["ParotidL"].reasons == {TrustReason.REVISION_ACCEPTED: 3}
    assert rows["ParotidR"].reasons == {TrustReason.NEEDS_REVISION: 3}
    assert not rows["ParotidR"].in_model
    assert rows["ParotidR"].references == {ReferenceKind.REFERENCE: 2}


def test_the_revision_teaches_with_the_childs_mask(study: Study) -> None:
    snapshot = plan(study).snapshot
    with reading(study.engine) as session:
        revised = session.exec(
            select(LabelVersion.mask_sha256).where(LabelVersion.source == LabelSource.REVISION)
        ).all()
    assert {c.trusted["ParotidL"] for c in snapshot.teaching} == set(revised)


def test_references_of_training_cases_teach_only_when_counted(study: Study) -> None:
    with transaction(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-000")).one()
        label = session.exec(
            select(LabelVersion).where(
                LabelVersion.case_id == case.id, LabelVersion.structure == "ParotidR"
            )
        ).one()
        mask = study.labels.get_mask(
            label.mask_sha256, study.volumes.get_index(case.image_sha256).grid
        )
        add_label(session, study, case, "ParotidR", mask, LabelSource.REFERENCE)
    assert "ParotidR" not in plan(study).snapshot.labels
    counted = plan(study, overrides={"count_references": True}).snapshot
    assert trusted(counted, "HN-000") == {"BrainStem", "ParotidL", "ParotidR"}


def test_a_newer_grade_and_a_newer_decision_count(study: Study) -> None:
    with transaction(study.engine) as session:
        first = session.exec(select(Grade).where(Grade.structure == "BrainStem")).first()
        assert first is not None
        session.add(
            Grade(
                assignment_id=first.assignment_id,
                label_version_id=first.label_version_id,
                structure="BrainStem",
                scale=first.scale,
                raw_code="minor",
                level=GradeLevel.MINOR,
                supersedes_id=first.id,
                request_id="amended",
            )
        )
        case = session.exec(select(Case).where(Case.name == "HN-001")).one()
        pseudo = session.exec(
            select(LabelVersion).where(
                LabelVersion.case_id == case.id,
                LabelVersion.structure == "ParotidR",
            )
        ).one()
        reader = session.exec(select(Reader)).one()
        grid = study.volumes.get_index(case.image_sha256).grid
        mask = study.labels.get_mask(pseudo.mask_sha256, grid)
        add_revision(session, study, case, pseudo, mask, reader, Decision.REJECTED)
    snapshot = plan(study).snapshot
    assert trusted(snapshot, "HN-000") == {"ParotidL"}
    assert trusted(snapshot, "HN-001") == {"BrainStem", "ParotidL"}


def test_readers_who_disagree_leave_a_contour_untrusted(study: Study) -> None:
    with transaction(study.engine) as session:
        grade = session.exec(select(Grade).where(Grade.structure == "BrainStem")).first()
        assert grade is not None
        label = session.get_one(LabelVersion, grade.label_version_id)
        second = add_reader(session, "otto")
        assignment = Assignment(
            case_id=label.case_id, reader_id=stored_id(second), presentation_order=0
        )
        session.add(assignment)
        session.flush()
        add_grade(session, assignment, label, GradeLevel.MAJOR)
    rows = {s.structure: s for s in plan(study).structures}
    assert rows["BrainStem"].reasons[TrustReason.READERS_DISAGREE] == 1


def test_the_manifest_is_the_same_for_the_same_study_and_not_for_another(study: Study) -> None:
    first, again = plan(study).snapshot, plan(study).snapshot
    assert first.manifest() == again.manifest()
    assert first.sha256 == again.sha256
    other = plan(study, overrides={"seed": 2}).snapshot
    assert other.sha256 != first.sha256


def test_a_study_without_trusted_contours_is_refused_with_the_way_out(tmp_path: Path) -> None:
    study = build_study(tmp_path / "bare", train=0)
    with transaction(study.engine) as session:
        add_head(session, study, 9, Split.TRAIN)
    (refusal,) = plan(study).refusals
    assert "No contour of label group 2 is trusted" in refusal
    with (
        pytest.raises(RuleError, match="No contour of label group 2"),
        transaction(study.engine) as session,
    ):
        request_run(
            session, study, CATALOGUE, RunRequest(group="2"), requested_by=None, now=utc_now()
        )


def test_empty_splits_are_refused(tmp_path: Path) -> None:
    no_test = build_study(tmp_path / "a", held_out=0)
    assert "No case is held out" in plan(no_test).refusals[0]
    no_train = build_study(tmp_path / "b", train=0)
    assert "No case is in the training split" in plan(no_train).refusals[0]


def test_a_patient_on_both_sides_is_refused(study: Study) -> None:
    with transaction(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-004")).one()
        case.patient = "P0"
        session.add(case)
    assert "Patients in training and held out at once: P0." in plan(study).refusals


def test_a_run_that_could_learn_nothing_new_is_refused(study: Study) -> None:
    with transaction(study.engine) as session:
        parent = ModelVersion(
            name="parent", group="2", folder="x", checkpoint_sha256="0", labels={"BrainStem": 1}
        )
        session.add(parent)
        session.flush()
        case, head = add_head(session, study, 20, Split.TRAIN)
        reader = session.exec(select(Reader)).one()
        assignment = Assignment(
            case_id=stored_id(case), reader_id=stored_id(reader), presentation_order=20
        )
        session.add(assignment)
        session.flush()
        mask = head.masks["BrainStem"]
        for name in ("HN-000", "HN-001", "HN-002", "HN-020"):
            graded = session.exec(select(Case).where(Case.name == name)).one()
            prediction = LabelVersion(
                case_id=stored_id(graded),
                structure="BrainStem",
                source=LabelSource.PREDICTION,
                mask_sha256=study.labels.put_mask(mask),
                voxels=1,
                volume_cc=1.0,
                model_version_id=parent.id,
            )
            session.add(prediction)
            session.flush()
            add_grade(session, assignment, prediction, GradeLevel.NO)
        model_id = parent.id
    assert any(
        "there is nothing to learn" in r for r in plan(study, parent_model_id=model_id).refusals
    )


def test_replay_keeps_what_no_revision_has_replaced_and_nothing_that_is_doubted(
    study: Study,
) -> None:
    with transaction(study.engine) as session:
        parent = ModelVersion(
            name="parent",
            group="2",
            folder="x",
            checkpoint_sha256="0",
            labels={"BrainStem": 1, "ParotidL": 2, "ParotidR": 3},
        )
        session.add(parent)
        session.flush()
        case, head = add_head(session, study, 21, Split.TRAIN)
        added = {n: add_label(session, study, case, n, m) for n, m in head.masks.items()}
        model_id, ids = parent.id, {n: stored_id(label) for n, label in added.items()}
    asked = {"parent_model_id": model_id, "overrides": {"replay": True, "revised_weight": 3}}
    snapshot = plan(study, **asked).snapshot
    # left parotids were revised; right ones were only graded for revision, and those never teach
    assert trusted(snapshot, "HN-021") == {"BrainStem", "ParotidR"}
    assert trusted(snapshot, "HN-000") == {"BrainStem", "ParotidL"}
    weights = {c.name: c.weight for c in snapshot.teaching}
    assert (weights["HN-021"], weights["HN-000"]) == (1, 3)
    with transaction(study.engine) as session:
        differs = {"method": Uncertainty.SHIFTED, "members": 3, "disagreement": 0.3}
        session.add(LabelUncertainty(label_version_id=ids["BrainStem"], **differs))  # type: ignore[arg-type]
    doubted = plan(study, **asked)
    assert trusted(doubted.snapshot, "HN-021") == {"ParotidR"}
    with transaction(study.engine) as session:
        numbers = {"content_sha256": "0", "contours": 1, "graded": 0}
        triage = TriageRound(version="1", kind=TriageKind.COHORT, actor="lead", **numbers)  # type: ignore[arg-type]
        session.add(triage)
        session.flush()
        session.add(
            TriageScore(
                round_id=stored_id(triage),
                label_version_id=ids["ParotidR"],
                doubt=0.9,
                is_doubtful=True,
                reasons=["a rule"],
            )
        )
    doubted = plan(study, **asked)
    assert trusted(doubted.snapshot, "HN-021") == set()
    rows = {s.structure: s.reasons for s in doubted.structures}
    assert rows["BrainStem"][TrustReason.DOUBTFUL] == 1


def test_unknown_groups_presets_settings_and_parents_are_refused(study: Study) -> None:
    assert "Label group 9 has no structures" in plan(study, group="9").refusals[0]
    for asked in (
        {"preset": "quick"},
        {"overrides": {"epoch": 3}},
        {"overrides": {"epochs": 0}},
        {"parent_model_id": 77},
    ):
        with pytest.raises(ConfigError):
            plan(study, **asked)


def test_the_group_is_chosen_by_what_would_teach_references_too_when_they_count(
    study: Study,
) -> None:
    other = [s.name for s in CATALOGUE if s.group == "1"][:3]
    with transaction(study.engine) as session:
        for case in session.exec(select(Case).where(Case.split == Split.TRAIN)).all():
            label = session.exec(select(LabelVersion).where(LabelVersion.case_id == case.id))
            grid = study.volumes.get_index(case.image_sha256).grid
            mask = study.labels.get_mask(label.all()[0].mask_sha256, grid)
            for name in other:
                add_label(session, study, case, name, mask, LabelSource.REFERENCE)
    with reading(study.engine) as session:
        assert find_fullest_group(session, CATALOGUE) == "2", "6 contours against none"
        counted = find_fullest_group(session, CATALOGUE, count_references=True)
    assert counted == "1", "9 references against 6 contours"
