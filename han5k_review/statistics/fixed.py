"""Fixed certificates: so many reads, decided before the first one, with so many failures allowed.

Looking earlier breaks them: released when the bound first passes, a structure at the limit of 90 %
is released falsely in one of five studies by 300 reads. Who wants to look uses `sequential`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scipy.special import bdtr, bdtrc, betaincinv

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import check_fraction

_MOST_READS = 100_000


class Verdict(StrEnum):
    """What a fixed certificate says."""

    EARLY = "too early"
    RELEASED = "released"
    REFUSED = "not released"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPlan:
    """`reads` with at most `failures` show, at this error rate, that more than `limit` pass."""

    limit: float
    error_rate: float
    reads: int
    failures: int


def find_fixed_plan(*, limit: float, error_rate: float, failures: int) -> FixedPlan:
    """The fewest reads that suffice with so many failures allowed (exact binomial).

    29 reads without a failure for 90 % at an error rate of 5 %, 59 for 95 %. DataError where
    some 100,000 reads do not suffice.
    """
    check_fraction("The share to be shown", limit)
    check_fraction("The error rate", error_rate)
    low, high = failures, failures + 1
    while bdtr(failures, high, 1 - limit) > error_rate:
        low, high = high, 2 * high
        if low > _MOST_READS:
            raise DataError(
                f"A plan of some {_MOST_READS:,} reads was expected for a share of {limit:g} "
                f"with {failures} failures; there is none. Choose a smaller share."
            )
    while high - low > 1:
        middle = (low + high) // 2
        if bdtr(failures, middle, 1 - limit) > error_rate:
            low = middle
        else:
            high = middle
    return FixedPlan(limit=limit, error_rate=error_rate, reads=high, failures=failures)


def find_powerful_plan(
    *, limit: float, error_rate: float, share: float, power: float = 0.8, most_failures: int = 200
) -> FixedPlan:
    """The smallest fixed plan that releases a structure of this share with this probability.

    DataError where no plan with so many failures does.
    """
    for failures in range(most_failures + 1):
        plan = find_fixed_plan(limit=limit, error_rate=error_rate, failures=failures)
        if measure_release_chance(plan, share) >= power:
            return plan
    raise DataError(
        f"A plan that releases {share:g} against {limit:g} in {100 * power:.0f} % of studies was "
        f"expected; none with up to {most_failures} failures does. Choose a smaller share to be "
        "shown."
    )


def measure_release_chance(plan: FixedPlan, share: float) -> float:
    """How likely a structure of which this share is acceptable passes the plan."""
    return float(bdtr(plan.failures, plan.reads, 1 - share))


def judge_fixed(plan: FixedPlan, *, reads: int, failures: int) -> Verdict:
    """The verdict: none before the planned reads are there.

    DataError for more reads than planned: only the first ones count, the caller leaves out the
    others.
    """
    if reads > plan.reads or not 0 <= failures <= reads:
        raise DataError(
            f"At most {plan.reads} reads of the fixed plan were expected, found {reads} with "
            f"{failures} failures. Count only the first {plan.reads}."
        )
    if reads < plan.reads:
        return Verdict.EARLY
    return Verdict.RELEASED if failures <= plan.failures else Verdict.REFUSED


def measure_lower_bound(acceptable: int, reads: int, error_rate: float) -> float:
    """Exact one-sided lower limit of the share; valid only when `reads` was fixed beforehand."""
    return float(betaincinv(acceptable, reads - acceptable + 1, error_rate)) if acceptable else 0.0


def measure_chance_of_any(plan: FixedPlan, structures: int) -> float:
    """Chance of at least one false release of independent structures that are all at the limit."""
    return float(1 - bdtrc(plan.failures, plan.reads, 1 - plan.limit) ** structures)
