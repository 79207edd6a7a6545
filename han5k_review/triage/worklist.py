"""Worklists by triage: most doubtful first, or most gain a minute first; with a random arm.

Cases with a high score are read more often, so the share of bad contours among the reads is not
that of the cohort. Therefore a part of the list is drawn at random: cases are sorted by their
doubt into three strata of equal size, and each stratum gives its share of the random arm. What was
drawn from how many is stored before the first read, so that estimates can be weighted
(`statistics.audit`). Random cases stand among the others; a reader cannot tell them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from sqlmodel import Session

from han5k_review.errors import RuleError
from han5k_review.review.assigning import AssignmentPlan, assign_cases
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case, Reader
from han5k_review.store.triage_tables import TriageDraw
from han5k_review.store.vocabulary import DrawArm, TriageKind
from han5k_review.triage.doubts import find_scores
from han5k_review.triage.gains import measure_case_gains
from han5k_review.triage.stored import find_round, list_works

STRATA = 3
RANDOM_SHARE = 0.2


class ListOrder(StrEnum):
    """What puts a case first: how many contours will be revised, or the gain per minute."""

    DOUBT = "doubt"
    GAIN = "gain"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDraw:
    """A case of a list: why it is there, and from how many it was drawn."""

    case: Case
    doubt: float
    arm: DrawArm
    stratum: int
    stratum_cases: int
    stratum_drawn: int

    @property
    def probability(self) -> float | None:
        """With which a case of its stratum was drawn; None where its doubt chose it."""
        return self.stratum_drawn / self.stratum_cases if self.arm is DrawArm.RANDOM else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedPlan:
    """Cases in the order of the list, how many could have come, and the round that scored them."""

    draws: tuple[CaseDraw, ...]
    pool: int
    round_id: int
    seed: int
    order: ListOrder = ListOrder.DOUBT


def weigh_draw(draw: TriageDraw) -> float:
    """Share of the stratum in the pool over its share in the draw."""
    return (draw.stratum_cases / draw.pool_cases) / (draw.stratum_drawn / draw.drawn)


def measure_case_doubts(session: Session) -> dict[str, float]:
    """Case name -> how many of its contours will have to be revised, by the newest scores.

    Probabilities are summed. Where scores are ranks, doubtful contours are counted, and the mean
    rank (0 to 1) decides between cases that have as many.
    """
    newest = find_round(session)
    scores = find_scores(session)
    found = {}
    for work in list_works(session):
        of_case = [scores[one.contour] for one in work.contours if one.contour in scores]
        total = math.fsum(score.doubt for score in of_case)
        if newest is not None and newest.kind is TriageKind.COHORT:
            total = sum(score.is_doubtful for score in of_case) + total / max(len(of_case), 1)
        found[work.case] = total
    return found


def plan_by_doubt(
    session: Session,
    plan: AssignmentPlan,
    *,
    most: int | None = None,
    random_share: float = RANDOM_SHARE,
    seed: int = 0,
    order: ListOrder = ListOrder.DOUBT,
) -> OrderedPlan:
    """Order the cases of a plan (with no `most` of its own) by triage, with a random arm.

    RuleError before the first scores (by gain: before grades taught them), and for a share outside
    0 to 1. Nothing is written.
    """
    newest = find_round(session)
    if newest is None:
        raise RuleError(
            "Scores of triage were expected, found none; run `han5k triage compute` first."
        )
    if not 0 <= random_share <= 1:
        raise RuleError(f"A random share from 0 to 1 was expected, found {random_share:g}.")
    measure = measure_case_gains if order is ListOrder.GAIN else measure_case_doubts
    doubts = measure(session)
    draws = draw_cases(
        plan.cases,
        {case.name: doubts.get(case.name, 0.0) for case in plan.cases},
        most=len(plan.cases) if most is None else min(most, len(plan.cases)),
        random_share=random_share,
        rng=np.random.default_rng(seed),
    )
    return OrderedPlan(
        draws=tuple(draws),
        pool=len(plan.cases),
        round_id=stored_id(newest),
        seed=seed,
        order=order,
    )


def draw_cases(
    cases: Sequence[Case],
    doubts: Mapping[str, float],
    *,
    most: int,
    random_share: float,
    rng: np.random.Generator,
) -> list[CaseDraw]:
    """`most` cases: `random_share` of them at random by stratum, the others by doubt; mixed."""
    ordered = sorted(cases, key=lambda case: (-doubts[case.name], case.name))
    strata = [part.tolist() for part in np.array_split(np.arange(len(ordered)), STRATA)]
    counts = _share_out(round(random_share * most), [len(part) for part in strata])
    stratum_of = {place: n for n, part in enumerate(strata) for place in part}
    drawn = {
        int(place)
        for part, count in zip(strata, counts, strict=True)
        for place in (rng.choice(part, count, replace=False) if count else ())
    }
    doubtful = [place for place in range(len(ordered)) if place not in drawn][: most - len(drawn)]

    def make(place: int, arm: DrawArm) -> CaseDraw:
        n = stratum_of[place]
        return CaseDraw(
            case=ordered[place],
            doubt=doubts[ordered[place].name],
            arm=arm,
            stratum=n,
            stratum_cases=len(strata[n]),
            stratum_drawn=counts[n],
        )

    chosen = [make(place, DrawArm.DOUBT) for place in doubtful]
    # The random arm at even distances and in random order: wherever a reader stops, both were read.
    for number, place in enumerate(rng.permutation(sorted(drawn))):
        at = round((number + rng.uniform()) * most / len(drawn))
        chosen.insert(min(at, len(chosen)), make(int(place), DrawArm.RANDOM))
    return chosen


def _share_out(total: int, sizes: Sequence[int]) -> list[int]:
    """`total` over strata in proportion to their sizes, one for each stratum at least."""
    cases = sum(sizes)
    if not total or not cases:
        return [0] * len(sizes)
    filled = sum(size > 0 for size in sizes)
    wanted = min(max(total, filled), cases)
    counts = [min(1, size) for size in sizes]
    while sum(counts) < wanted:
        short = [
            wanted * size / cases - n if n < size else -math.inf
            for size, n in zip(sizes, counts, strict=True)
        ]
        counts[int(np.argmax(short))] += 1
    return counts


def assign_by_doubt(
    session: Session, *, reader: Reader, plan: OrderedPlan, actor: str, now: datetime
) -> int:
    """Put the planned cases on a reader's list, and keep how each was drawn. How many are new."""
    drawn = sum(one.arm is DrawArm.RANDOM for one in plan.draws)
    added = assign_cases(
        session, reader=reader, cases=[one.case for one in plan.draws], actor=actor, now=now
    )
    for one in plan.draws:
        session.add(
            TriageDraw(
                round_id=plan.round_id,
                reader_id=stored_id(reader),
                case_id=stored_id(one.case),
                arm=one.arm,
                doubt=one.doubt,
                stratum=one.stratum,
                stratum_cases=one.stratum_cases,
                stratum_drawn=one.stratum_drawn,
                pool_cases=plan.pool,
                drawn=drawn,
                probability=one.probability,
                seed=plan.seed,
                drawn_at_utc=now,
            )
        )
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"order by {plan.order}",
        subject=f"reader {reader.pseudonym}",
        round=plan.round_id,
        cases=len(plan.draws),
        random=drawn,
        seed=plan.seed,
    )
    return added
