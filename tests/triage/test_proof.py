"""The proof: areas and minutes by hand, no claim from few grades, no score that knew the answer."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sqlmodel import col, select

from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader
from han5k_review.store.triage_tables import TriageRound
from han5k_review.store.vocabulary import GradeLevel, TriageKind
from han5k_review.triage.cohort import Unusual
from han5k_review.triage.evidence import EVIDENCE_TABLES, read_evidence
from han5k_review.triage.learned import Example, learn_scores
from han5k_review.triage.proof import Predicted, build_curves, list_predicted, measure_proof
from rigs.queries import noting_tables
from tests.triage.test_run import compute


def say(doubt: float, revised: bool, *, seconds: float = 60, patient: str = "p") -> Predicted:
    return Predicted(
        patient=patient, doubt=doubt, kind=TriageKind.GRADES, revised=revised, seconds=seconds
    )


def test_curves_of_four_contours_are_those_by_hand() -> None:
    """Scores 0.9 bad, 0.6 good, 0.5 bad, 0.1 good, a minute each."""
    curves = build_curves([say(0.5, True), say(0.9, True), say(0.1, False), say(0.6, False)])
    assert list(curves.found) == [0, 0.5, 0.5, 1, 1]
    assert list(curves.false_alarms) == [0, 0, 0.5, 0.5, 1]
    assert list(curves.coverage) == [1, 0.75, 0.5, 0.25, 0]
    assert list(curves.risk) == pytest.approx([0.5, 1 / 3, 0.5, 0, 0])
    assert list(curves.minutes) == [0, 1, 2, 3, 4]


def test_a_proof_needs_enough_of_both_kinds_and_then_equals_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    revised = rng.uniform(size=200) < 0.4
    doubts = np.clip(0.4 * revised + rng.uniform(0, 0.6, 200), 0, 1)
    contours = [
        say(float(d), bool(r), patient=f"p{n % 40}")
        for n, (d, r) in enumerate(zip(doubts, revised, strict=True))
    ]
    assert measure_proof(contours[:30], rng) is None
    proof = measure_proof(contours, rng)
    assert proof is not None
    assert proof.against.auc.value == pytest.approx(roc_auc_score(revised, doubts))
    assert proof.against.auc.interval is not None
    assert sum(one.contours for one in proof.bins) == 200
    assert all(one.low <= one.revised <= one.high for one in proof.bins)
    for band, x, y in (
        (proof.bands.roc, proof.curves.false_alarms, proof.curves.found),
        (proof.bands.risk, proof.curves.coverage[::-1], proof.curves.risk[::-1]),
    ):
        between = np.interp(band.x, x, y)[2:-2]  # scores are cut into levels: within one of them
        assert (band.low[2:-2] - 0.03 <= between).all()
        assert (between <= band.high[2:-2] + 0.03).all()
        assert 0.02 < (band.high - band.low)[5:-5].mean() < 0.4
    # A minute each: random order finds 90 % after 180 minutes.
    order = np.argsort(-doubts)
    needed = int(np.argmax(np.cumsum(revised[order]) >= 0.9 * revised.sum())) + 1
    assert proof.minutes_saved == pytest.approx(180 - needed)


def test_a_score_that_came_after_the_grade_proves_nothing(cohort: Study) -> None:
    compute(cohort)
    with reading(cohort.engine) as session:
        before = read_evidence(session)
    with transaction(cohort.engine) as session:
        made_at = session.exec(select(TriageRound.made_at_utc)).one()
        reader = session.exec(select(Reader)).one()
        case = session.exec(select(Case).order_by(col(Case.id))).first()
        assert case is not None
        place = Assignment(case_id=case.id, reader_id=reader.id, presentation_order=1)
        session.add(place)
        session.flush()
        labels = session.exec(select(LabelVersion).where(LabelVersion.case_id == case.id)).all()
        for label, minutes in zip(labels, (-5, 5, 10), strict=True):
            session.add(
                Grade(
                    assignment_id=place.id,
                    label_version_id=label.id,
                    structure=label.structure,
                    scale="han5k-3",
                    raw_code="2",
                    level=GradeLevel.MINOR,
                    graded_at_utc=made_at + timedelta(minutes=minutes),
                    active_seconds=9,
                    request_id=f"request-{label.id}",
                )
            )
    with reading(cohort.engine) as session, noting_tables(cohort.engine) as read:
        found = list_predicted(session)
        after = read_evidence(session)
    assert [(one.revised, one.seconds) for one in found] == [(True, 9), (True, 9)]
    assert (before.graded, after.graded, after.revised) == (0, 2, 2)
    assert before.stamp != after.stamp
    assert read <= {str(one.__tablename__) for one in EVIDENCE_TABLES}


def test_learned_scores_are_calibrated_and_never_saw_the_patient() -> None:
    """Each patient has a number of its own that gives its answer away: it must be of no use."""
    rng = np.random.default_rng(2)
    examples, revised = [], {}
    for patient in range(20):
        bad = patient % 2 == 0
        for place in range(10):
            signal, number = rng.normal(), 10 * patient + place
            features = np.array([signal, patient / 4])
            nothing = np.zeros(0)
            unusual = Unusual(
                features=features,
                places=nothing,
                overlap=0,
                overlaps_with=None,
                disagreement=0,
                groups=nothing,
            )
            examples.append(
                Example(
                    contour=number,
                    patient=f"{patient}",
                    structure="BrainStem",
                    unusual=unusual,
                    rules=0,
                )
            )
            revised[number] = bool(rng.uniform() < (0.9 if bad else 0.1))
    learned = learn_scores(examples, revised)
    assert learned.area < 0.6  # below a half: the more of a kind are left out, the fewer teach
    mean = np.mean(list(learned.probabilities.values()))
    assert mean == pytest.approx(np.mean(list(revised.values())), abs=0.05)
