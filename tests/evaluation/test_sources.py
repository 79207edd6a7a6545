"""Any two label sources, filters, and the trend over model versions."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from han5k_review.errors import ConfigError
from han5k_review.evaluation import (
    ACCEPTED,
    UNDER_REVIEW,
    get_choice,
    list_choices,
    list_metrics,
    list_trend,
    plan_evaluation,
    run_evaluation,
)
from han5k_review.evaluation.frames import build_trend_frame
from han5k_review.evaluation.stored_panels import read_stamp
from han5k_review.metrics import Definition
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, ModelVersion, Reader
from han5k_review.store.vocabulary import LabelSource, Role, Split
from rigs.studies import add_label
from tests.evaluation.phantom_study import CATALOGUE, block


def add_model(session: Session, study: Study, name: str, shift: int) -> None:
    """A model that predicts the brain stem of two cases, `shift` voxels beside the reference."""
    model = ModelVersion(name=name, folder=name, checkpoint_sha256=name * 8, labels={})
    session.add(model)
    session.flush()
    for case in session.exec(select(Case).order_by(Case.name).limit(2)).all():
        add_label(
            session,
            study,
            case,
            "BrainStem",
            block(2 + shift),
            LabelSource.PREDICTION,
            model_version_id=model.id,
        )


@pytest.fixture
def modelled(study: Study) -> Study:
    with transaction(study.engine) as session:
        add_model(session, study, "first", 3)
        add_model(session, study, "second", 1)
    return study


def test_every_side_has_a_name_and_a_wrong_name_lists_them(modelled: Study) -> None:
    with reading(modelled.engine) as session:
        assert list(list_choices(session)) == [
            "ai",
            "pseudo",
            "reference",
            "accepted",
            "model:first",
            "model:second",
        ]
        with pytest.raises(ConfigError, match="model:first, model:second"):
            get_choice(session, "model:third")


@pytest.mark.parametrize(
    ("reference", "prediction", "dice"),
    [
        ("reference", "ai", 5 / 6),  # the newest: the second model's
        ("reference", "model:first", 3 / 6),
        ("reference", "pseudo", 1.0),
        ("model:first", "model:second", 4 / 6),
        ("pseudo", "reference", 1.0),
    ],
)
def test_any_two_sources_are_compared(
    modelled: Study, reference: str, prediction: str, dice: float
) -> None:
    with reading(modelled.engine) as session:
        plan = plan_evaluation(
            session,
            CATALOGUE,
            reference=get_choice(session, reference),
            prediction=get_choice(session, prediction),
            cases=["HN-001"],
            structures=["BrainStem"],
        )
    assert run_evaluation(modelled, plan).measured == 1
    with reading(modelled.engine) as session:
        (row,) = list_metrics(session, plan)
    assert row.panel is not None
    assert row.panel.dice == pytest.approx(dice)


def test_one_source_on_both_sides_is_refused(study: Study) -> None:
    with reading(study.engine) as session, pytest.raises(ConfigError, match="on both sides"):
        plan_evaluation(session, CATALOGUE, reference=UNDER_REVIEW)


def test_a_split_keeps_its_cases(study: Study) -> None:
    with transaction(study.engine) as session:
        held = session.exec(select(Case).where(Case.name == "HN-002")).one()
        held.split = Split.HELD_OUT
    with reading(study.engine) as session:
        plan = plan_evaluation(session, CATALOGUE, split=Split.HELD_OUT)
        rest = plan_evaluation(session, CATALOGUE, split=Split.TRAIN)
    assert [case.case for case in plan.cases] == ["HN-002"]
    assert len(rest.cases) == 3


def test_the_trend_shows_each_version_once_it_is_measured(modelled: Study) -> None:
    with reading(modelled.engine) as session:
        assert list_trend(session, CATALOGUE) == []
        plans = [
            plan_evaluation(session, CATALOGUE, prediction=get_choice(session, name))
            for name in ("pseudo", "model:second", "model:first")
        ]
    for plan in plans:
        run_evaluation(modelled, plan)
    with reading(modelled.engine) as session:
        points = list_trend(session, CATALOGUE, structures=["BrainStem"])
    medians = [(point.version, point.summary.dice.median) for point in points]
    assert [version for version, _ in medians] == [
        "imported pseudo-label",
        "model first",
        "model second",
    ]
    assert [median for _, median in medians] == pytest.approx([0.75, 0.5, 5 / 6])
    frame = build_trend_frame(points)
    assert list(frame["measured"]) == [4, 2, 2]


def test_the_stamp_moves_with_its_own_numbers_labels_and_failures(study: Study) -> None:
    def stamp(
        source: LabelSource = LabelSource.PSEUDO, definition: Definition = Definition.SURFEL
    ) -> tuple[int, ...]:
        with reading(study.engine) as session:
            return read_stamp(session, (source, LabelSource.REFERENCE), definition)

    seen = [stamp()]
    with reading(study.engine) as session:
        plan = plan_evaluation(session, CATALOGUE)
    path = study.labels.path(plan.pairs[0].reference.mask_sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    assert run_evaluation(study, plan).failed
    seen.append(stamp())
    with transaction(study.engine) as session:
        add_model(session, study, "first", 3)
    seen.append(stamp())
    assert len(set(seen)) == 3
    assert stamp() == seen[-1]

    revised, mesh = stamp(LabelSource.REVISION), stamp(definition=Definition.MESH)
    with transaction(study.engine) as session:
        case = session.get_one(Case, 1)
        add_label(session, study, case, "BrainStem", block(5), LabelSource.REVISION)
    assert stamp() == seen[-1]  # readers revise: numbers of imported contours stay as they are
    assert stamp(LabelSource.REVISION) != revised
    path.write_bytes(whole)
    assert run_evaluation(study, plan).failed == ()
    assert stamp() != seen[-1]
    assert stamp(definition=Definition.MESH) == mesh


def test_the_stamp_of_accepted_contours_moves_with_locks(study: Study) -> None:
    def stamp(*sources: LabelSource) -> tuple[int, ...]:
        with reading(study.engine) as session:
            return read_stamp(session, sources, Definition.SURFEL)

    before, imported = stamp(*ACCEPTED.sources), stamp(LabelSource.PSEUDO)
    with transaction(study.engine) as session:
        judge = Reader(name="ben", pseudonym="R2", role=Role.ADJUDICATOR, password_hash="x")
        session.add(judge)
        session.flush()
        lock_structure(session, label_version_id=1, by=judge, now=utc_now())
    assert stamp(*ACCEPTED.sources) != before
    assert stamp(LabelSource.PSEUDO) == imported
