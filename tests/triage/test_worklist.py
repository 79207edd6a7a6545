"""Lists by doubt: the random arm has the probabilities that are stored, and estimates are true."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sqlmodel import col, select

from han5k_review.errors import RuleError
from han5k_review.review.assigning import Wish, plan_assignment
from han5k_review.statistics.audit import AuditDesign, AuditRead, measure_audited_share
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.store.triage_tables import TriageDraw
from han5k_review.store.vocabulary import DrawArm
from han5k_review.triage.worklist import (
    assign_by_doubt,
    draw_cases,
    plan_by_doubt,
    weigh_draw,
)
from rigs.studies import NOON
from tests.triage.conftest import CASES, SWAPPED
from tests.triage.test_run import compute

CASE_ROWS = [Case(id=n, name=f"c{n:02d}", patient=f"p{n}") for n in range(31)]
DOUBTS = {row.name: float(number) for number, row in enumerate(CASE_ROWS)}


def test_the_random_arm_is_drawn_with_the_probability_that_is_stored() -> None:
    """4,000 lists: how often each case was drawn at random, against its stratum's probability."""
    rng = np.random.default_rng(5)
    drawn: Counter[str] = Counter()
    said: dict[str, float] = {}
    for _ in range(4000):
        for one in draw_cases(CASE_ROWS, DOUBTS, most=12, random_share=0.4, rng=rng):
            if one.arm is DrawArm.RANDOM:
                drawn[one.case.name] += 1
                said[one.case.name] = one.probability or 0.0
    assert set(drawn) == set(DOUBTS)
    for name, count in drawn.items():
        assert count / 4000 == pytest.approx(said[name], abs=0.03)


def test_estimates_of_the_random_arm_are_those_of_the_cohort_and_those_of_all_reads_are_not() -> (
    None
):
    """1,000 lists of 61 cases, most failures doubtful: 24 of 61, whatever the list prefers."""
    rows = [Case(id=n, name=f"c{n:02d}", patient=f"p{n}") for n in range(61)]
    doubts = {row.name: float(number) for number, row in enumerate(rows)}
    failing = {row.name for row in rows if doubts[row.name] >= 41 or doubts[row.name] in (3, 9, 25)}
    failing |= {"c30"}
    truth = 1 - len(failing) / 61
    rng = np.random.default_rng(6)
    shares, naive, inside = [], [], 0
    for _ in range(1000):
        draws = draw_cases(rows, doubts, most=40, random_share=0.5, rng=rng)
        naive.append(np.mean([one.case.name not in failing for one in draws]))
        arm = [one for one in draws if one.arm is DrawArm.RANDOM]
        weights = [
            weigh_draw(
                TriageDraw(
                    stratum_cases=one.stratum_cases,
                    pool_cases=len(rows),
                    stratum_drawn=one.stratum_drawn,
                    drawn=len(arm),
                )
            )
            for one in arm
        ]
        reads = [
            AuditRead(failed=one.case.name in failing, weight=weight)
            for one, weight in zip(arm, weights, strict=True)
        ]
        found = measure_audited_share(reads, AuditDesign(largest_weight=max(weights)))
        assert found.value is not None
        assert found.interval is not None
        shares.append(found.value)
        inside += found.interval.low <= truth <= found.interval.high
    assert np.mean(shares) == pytest.approx(truth, abs=0.01)
    assert inside >= 950  # strata and a finite pool make the interval wider than it need be
    assert np.mean(naive) < truth - 0.1


def test_a_list_begins_with_the_most_doubtful_and_keeps_how_it_was_drawn(cohort: Study) -> None:
    with reading(cohort.engine) as session:
        plan = plan_assignment(session, session.exec(select(Reader)).one(), Wish())
        with pytest.raises(RuleError, match="triage compute"):
            plan_by_doubt(session, plan)
    compute(cohort)
    with transaction(cohort.engine) as session:
        reader = session.exec(select(Reader)).one()
        plan = plan_assignment(session, reader, Wish())
        ordered = plan_by_doubt(session, plan, most=6, random_share=0.5, seed=3)
        assert assign_by_doubt(session, reader=reader, plan=ordered, actor="lead", now=NOON) == 6
        again = plan_by_doubt(session, plan, most=6, random_share=0.5, seed=3)
        assert [one.case.name for one in again.draws] == [one.case.name for one in ordered.draws]
    with reading(cohort.engine) as session:
        rows = session.exec(
            select(col(Case.name), TriageDraw)
            .join(TriageDraw, col(TriageDraw.case_id) == col(Case.id))
            .join(Assignment, col(Assignment.case_id) == col(Case.id))
            .order_by(col(Assignment.presentation_order))
        ).all()
    arms = [draw.arm for _, draw in rows]
    assert (arms.count(DrawArm.RANDOM), arms.count(DrawArm.DOUBT)) == (3, 3)
    assert SWAPPED in {name for name, _ in rows}  # its three contours are the most unusual
    for _, draw in rows:
        assert CASES // 3 <= draw.stratum_cases <= CASES // 3 + 1
        assert (draw.stratum_drawn, draw.pool_cases) == (1, CASES)
        chance = 1 / draw.stratum_cases
        assert draw.probability == (chance if draw.arm is DrawArm.RANDOM else None)
