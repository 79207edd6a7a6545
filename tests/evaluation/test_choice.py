from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from han5k_review.errors import ConfigError
from han5k_review.evaluation import (
    ACCEPTED,
    LabelChoice,
    list_metrics,
    plan_evaluation,
    run_evaluation,
)
from han5k_review.evaluation.choice import find_labels
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import Metric
from han5k_review.store.study import Study
from han5k_review.store.tables import (
    Case,
    LabelVersion,
    ModelVersion,
    Reader,
    Revision,
    RevisionDecision,
)
from han5k_review.store.vocabulary import Decision, LabelSource, Role
from rigs.studies import add_label
from tests.evaluation.phantom_study import CATALOGUE, block, build_study


def add_revision(study: Study, session: Session, start_i: int, *words: Decision) -> int:
    """A revision of HN-001's brainstem with these decisions, oldest first; its label id."""
    case = session.exec(select(Case).where(Case.name == "HN-001")).one()
    reader = session.exec(select(Reader)).first() or Reader(
        name="anna", pseudonym="R1", role=Role.READER, password_hash="x"
    )
    session.add(reader)
    child = add_label(session, study, case, "BrainStem", block(start_i), LabelSource.REVISION)
    reviewed = session.exec(
        select(LabelVersion).where(
            LabelVersion.structure == "BrainStem",
            LabelVersion.case_id == case.id,
            col(LabelVersion.source) == LabelSource.PSEUDO,
        )
    ).one()
    revision = Revision(
        label_version_id=stored_id(child),
        reviewed_id=stored_id(reviewed),
        reader_id=stored_id(reader),
    )
    session.add(revision)
    session.flush()
    for word in words:
        session.add(
            RevisionDecision(
                revision_id=stored_id(revision), decision=word, decided_by_id=stored_id(reader)
            )
        )
        session.flush()
    return stored_id(child)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Study]:
    made = build_study(tmp_path / "study")
    yield made
    made.engine.dispose()


def test_only_a_revision_whose_newest_decision_accepts_it_counts(twins: Study) -> None:
    with transaction(twins.engine) as session:
        wanted = add_revision(twins, session, 2, Decision.REJECTED, Decision.ACCEPTED)
        add_revision(twins, session, 3, Decision.ACCEPTED, Decision.REJECTED)
        add_revision(twins, session, 4)
    with reading(twins.engine) as session:
        found = find_labels(session, ACCEPTED)
        assert [ref.label_version_id for ref in found.values()] == [wanted]
        plan = plan_evaluation(session, CATALOGUE, reference=ACCEPTED, structures=["BrainStem"])
    assert [pair.case for pair in plan.pairs] == ["HN-001"]
    assert {gap.reason for gap in plan.gaps} == {"no accepted contour"}


def test_two_model_versions_can_be_compared(twins: Study) -> None:
    with transaction(twins.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-002")).one()
        for number, start in ((1, 2), (2, 5)):
            session.add(
                ModelVersion(
                    id=number, name=f"m{number}", folder="f", checkpoint_sha256="0", labels={}
                )
            )
            session.flush()
            add_label(
                session,
                twins,
                case,
                "BrainStem",
                block(start),
                LabelSource.PREDICTION,
                model_version_id=number,
            )
    first, second = (
        LabelChoice(title=f"m{n}", sources=(LabelSource.PREDICTION,), model_version_id=n)
        for n in (1, 2)
    )
    with reading(twins.engine) as session:
        plan = plan_evaluation(session, CATALOGUE, reference=first, prediction=second)
    run_evaluation(twins, plan)
    with reading(twins.engine) as session:
        (row_found,) = list_metrics(session, plan)
    assert row_found.panel is not None
    assert row_found.panel.dice == pytest.approx(0.5)  # six layers, shifted by three


def test_the_newest_label_of_a_source_stands_for_it(twins: Study) -> None:
    with transaction(twins.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-003")).one()
        add_label(session, twins, case, "BrainStem", block(7), LabelSource.REFERENCE)
    with reading(twins.engine) as session:
        plan = plan_evaluation(session, CATALOGUE, cases=["HN-003"], structures=["BrainStem"])
    assert plan.pairs[0].reference.mask_sha256 == block(7).sha256


def test_two_runs_at_the_same_time_store_each_pair_once(twins: Study) -> None:
    with reading(twins.engine) as session:
        plan = plan_evaluation(session, CATALOGUE)
    with ThreadPoolExecutor(max_workers=2) as threads:
        reports = list(threads.map(lambda _: run_evaluation(twins, plan), range(2)))
    assert all(report.failed == () for report in reports)
    with reading(twins.engine) as session:
        rows = session.exec(select(Metric)).all()
    keys = {(row.reference_sha256, row.prediction_sha256) for row in rows}
    assert len(rows) == len(keys) == 6  # four brainstems, LenL and LenR the same in every case


def test_an_unknown_structure_is_refused(twins: Study) -> None:
    with reading(twins.engine) as session, pytest.raises(ConfigError, match="Spleen"):
        plan_evaluation(session, CATALOGUE, structures=["Spleen"])


def test_a_label_the_structure_table_does_not_know_is_a_gap(twins: Study) -> None:
    with transaction(twins.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-001")).one()
        for source in (LabelSource.PSEUDO, LabelSource.REFERENCE):
            add_label(session, twins, case, "Spleen", block(2), source)
    with reading(twins.engine) as session:
        plan = plan_evaluation(session, CATALOGUE, cases=["HN-001"])
    (gap,) = [gap for gap in plan.gaps if gap.structure == "Spleen"]
    assert "structure table" in gap.reason
