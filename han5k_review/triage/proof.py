"""Proof: how well scores predicted the grades that came after them.

Each graded contour counts with the newest score that it had before its first grade; a score that
was made afterwards could know the answer, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from han5k_review.review.results import list_contour_verdicts, select_contour_verdicts
from han5k_review.statistics.against_metrics import (
    MetricAgainstGrade,
    measure_values_against_grades,
)
from han5k_review.statistics.audit import AuditDesign, AuditRead, measure_audited_share
from han5k_review.statistics.bootstrap import RESAMPLES
from han5k_review.statistics.estimates import Estimate, undefined
from han5k_review.store.tables import Case
from han5k_review.store.triage_tables import TriageDraw, TriageRound, TriageScore
from han5k_review.store.vocabulary import DrawArm, TriageKind
from han5k_review.triage.bands import Bands, measure_bands, measure_share_band
from han5k_review.triage.stored import list_works
from han5k_review.triage.worklist import weigh_draw

FEWEST = 20
"""Contours with a score before their grade, of each kind, below which nothing is claimed."""
_BINS = 5
# A page that opens at full size: 20,000 contours have all resamples, a whole cohort has 200.
_CELLS, _FEWEST_RESAMPLES = 20_000_000, 200
_MAJOR = 2
_SHARE_FOUND = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A graded contour, the score it had before, and what readers then said.

    `seconds` are the active seconds of its grades; `kind` says whether the score is a probability.
    """

    patient: str
    doubt: float
    kind: TriageKind
    revised: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin:
    """Contours of similar score: the mean score, and the share that readers wanted revised with its
    95 % limits over patients."""

    expected: float
    revised: float
    low: float
    high: float
    contours: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves:
    """Curves in the order of falling score.

    `false_alarms` and `found` (0 to 1) are the ROC curve; `coverage` is the share accepted unread
    from the lowest score on, `risk` the share of those that should have been revised;
    `minutes` of reading until `found_by_then` of all errors are found, beside `minutes_whole` for
    all contours (random order finds errors in proportion to minutes).
    """

    false_alarms: NDArray[np.float64]
    found: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    minutes: NDArray[np.float64]
    found_by_then: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All of it; `minutes_saved` to find 90 % of the errors, of `minutes_random` in random order
    (None: no times were measured)."""

    contours: int
    revised: int
    against: MetricAgainstGrade
    bins: tuple[CalibrationBin, ...]
    curves: Curves
    bands: Bands
    minutes_saved: float | None
    minutes_random: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomArm:
    """What the random arm says of the whole cohort: cases drawn and read, and the share of cases
    without any contour that needs a major revision."""

    drawn: int
    read: int
    acceptable: Estimate


def list_predicted(session: Session) -> list[Predicted]:
    """Graded contours under review with the newest score they had before their first grade."""
    verdict = select_contour_verdicts().subquery()
    query = (
        sa.select(
            col(TriageScore.label_version_id),
            col(TriageScore.round_id),
            col(TriageScore.doubt),
            verdict.c.patient,
            verdict.c.level,
            verdict.c.active_seconds,
        )
        .select_from(verdict)
        .join(TriageScore, col(TriageScore.label_version_id) == verdict.c.contour)
        .join(TriageRound, col(TriageRound.id) == TriageScore.round_id)
        .where(col(TriageRound.made_at_utc) < verdict.c.graded_at_utc)
        .order_by(col(TriageScore.round_id), col(TriageScore.label_version_id))
    )
    # Rows of the connection: those of a session take twice as long, and a cohort has 164,000.
    newest = {row[0]: row for row in session.connection().execute(query)}
    kinds = {one.id: one.kind for one in session.exec(select(TriageRound))}
    return [
        Predicted(
            patient=patient,
            doubt=doubt,
            kind=kinds[round_id],
            revised=level > 0,
            seconds=seconds,
        )
        for _, round_id, doubt, patient, level, seconds in newest.values()
    ]


def measure_proof(predicted: Sequence[Predicted], rng: np.random.Generator) -> Proof | None:
    """The proof; None with fewer than `FEWEST` contours of either kind."""
    revised = sum(one.revised for one in predicted)
    if min(revised, len(predicted) - revised) < FEWEST:
        return None
    # Names as their places in alphabetical order: numbers sort sooner, to the same resamples.
    places = {name: n for n, name in enumerate(sorted({one.patient for one in predicted}))}
    patients = np.array([places[one.patient] for one in predicted])
    doubts = np.array([one.doubt for one in predicted])
    is_revised = np.array([one.revised for one in predicted])
    against = measure_values_against_grades(
        patients,
        doubts,
        is_revised.astype(np.float64),
        ~is_revised,
        higher_is_better=False,
        generator=rng,
        resamples=max(_FEWEST_RESAMPLES, min(RESAMPLES, _CELLS // len(predicted))),
    )
    learned = np.array([one.kind is TriageKind.GRADES for one in predicted])
    curves = build_curves(predicted)
    return Proof(
        contours=len(predicted),
        revised=revised,
        against=against,
        bins=_build_bins(patients[learned], doubts[learned], is_revised[learned], rng),
        curves=curves,
        bands=measure_bands(patients, doubts, is_revised, rng),
        minutes_saved=_measure_saving(curves),
        minutes_random=_SHARE_FOUND * float(curves.minutes[-1]) or None,
    )


def build_curves(predicted: Sequence[Predicted]) -> Curves:
    """All curves; contours of equal score are taken together."""
    doubts = np.array([one.doubt for one in predicted])
    revised = np.array([one.revised for one in predicted], dtype=np.float64)
    seconds = np.array([one.seconds for one in predicted])
    order = np.argsort(-doubts, kind="stable")
    last = np.flatnonzero(np.append(np.diff(doubts[order]) != 0, True))
    bad = np.concatenate([[0.0], np.cumsum(revised[order])[last]])
    read = np.concatenate([[0.0], last + 1.0])
    spent = np.concatenate([[0.0], np.cumsum(seconds[order])[last]]) / 60
    size, errors = len(predicted), revised.sum()
    left = size - read
    with np.errstate(invalid="ignore", divide="ignore"):
        risk = np.where(left > 0, (errors - bad) / left, 0.0)
    return Curves(
        false_alarms=(read - bad) / max(size - errors, 1),
        found=bad / max(errors, 1),
        coverage=left / size,
        risk=risk,
        minutes=spent,
        found_by_then=bad / max(errors, 1),
    )


def _build_bins(
    patients: NDArray[np.int_],
    doubts: NDArray[np.float64],
    revised: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[CalibrationBin, ...]:
    """Fifths by score; only probabilities can be calibrated."""
    parts = [p for p in np.array_split(np.argsort(doubts, kind="stable"), _BINS) if len(p)]
    return tuple(_build_bin(patients[p], doubts[p], revised[p], rng) for p in parts)


def _build_bin(
    patients: NDArray[np.int_],
    doubts: NDArray[np.float64],
    revised: NDArray[np.bool_],
    rng: np.random.Generator,
) -> CalibrationBin:
    low, high = measure_share_band(patients, revised, rng)
    return CalibrationBin(
        expected=float(np.mean(doubts)),
        revised=float(np.mean(revised)),
        low=low,
        high=high,
        contours=len(doubts),
    )


def _measure_saving(curves: Curves, share: float = _SHARE_FOUND) -> float | None:
    """Minutes less than in random order until this share of the errors is found."""
    whole = float(curves.minutes[-1])
    if not whole:
        return None
    place = int(np.argmax(curves.found_by_then >= share))
    return share * whole - float(curves.minutes[place])


def measure_random_arm(session: Session) -> RandomArm:
    """The share of cases without a contour that needs a major revision, by the random arm alone.

    A case counts once all its contours are graded, with the weight of its stratum in the draw that
    put it on a list; where several draws did, in the last one.
    """
    rows = session.exec(
        select(TriageDraw, col(Case.name))
        .join(Case, col(Case.id) == TriageDraw.case_id)
        .where(TriageDraw.arm == DrawArm.RANDOM)
        .order_by(col(TriageDraw.id))
    )
    weights = {name: weigh_draw(draw) for draw, name in rows}
    if not weights:
        return RandomArm(drawn=0, read=0, acceptable=undefined("Nothing was drawn at random yet."))
    levels = {one.contour: one.level for one in list_contour_verdicts(session)}
    reads = []
    for work in list_works(session, list(weights)):
        found = [levels.get(one.contour) for one in work.contours]
        known = [level for level in found if level is not None]
        if len(known) == len(found):
            reads.append(AuditRead(failed=max(known) >= _MAJOR, weight=weights[work.case]))
    largest = max(weights.values())
    acceptable = measure_audited_share(reads, AuditDesign(largest_weight=largest))
    return RandomArm(drawn=len(weights), read=len(reads), acceptable=acceptable)
