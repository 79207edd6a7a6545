"""Gains: what a study's own grades and revisions say about an expert's minutes, and its cases."""

from __future__ import annotations

from collections import Counter

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.review.accepted import list_accepted
from han5k_review.review.results import list_contour_verdicts
from han5k_review.store.tables import LabelVersion, Revision
from han5k_review.store.vocabulary import TriageKind
from han5k_review.triage.doubts import find_scores
from han5k_review.triage.order import (
    Expected,
    PastReading,
    PastRevision,
    learn_expected,
    order_by_gain,
)
from han5k_review.triage.stored import find_round, list_works

_MOST_REDRAWN = 2.0


def learn_study_expected(session: Session, structures: list[str]) -> dict[str, Expected]:
    """Structure -> seconds and gain to expect, from active seconds and added paths so far."""
    verdicts = [one for one in list_contour_verdicts(session) if one.active_seconds > 0]
    names = dict(session.exec(select(col(LabelVersion.id), col(LabelVersion.structure))).all())
    readings = [
        PastReading(structure=names[one.contour], seconds=one.active_seconds) for one in verdicts
    ]
    rows = session.exec(
        select(Revision, col(LabelVersion.structure)).join(
            LabelVersion, col(LabelVersion.id) == Revision.label_version_id
        )
    )
    revisions = [
        PastRevision(
            structure=structure,
            added_path_mm=row.apl_mm,
            gain=min(row.vrd, _MOST_REDRAWN) / 2,
            seconds=row.active_seconds or None,
        )
        for row, structure in rows
        if row.apl_mm is not None
        and row.vrd is not None
        and np.isfinite((row.apl_mm, row.vrd)).all()
    ]
    return learn_expected(structures, readings, revisions)


def measure_case_gains(session: Session) -> dict[str, float]:
    """Case name -> expected gain per minute at its place in the list, by the newest scores.

    Contours that have an accepted contour give nothing more and cost nothing. RuleError until
    scores are probabilities that grades taught.
    """
    newest = find_round(session)
    if newest is None or newest.kind is not TriageKind.GRADES:
        raise RuleError(
            "Scores that grades taught were expected, found none; read a random list first, then "
            "run `han5k triage compute`."
        )
    scores = find_scores(session)
    accepted = list_accepted(session)
    done = {one.reviewed_id for one in accepted.values()}
    works = list_works(session)
    structures = sorted({one.structure for work in works for one in work.contours})
    column = {name: n for n, name in enumerate(structures)}
    chances = np.full((len(works), len(structures)), np.nan)
    for row, work in enumerate(works):
        for one in work.contours:
            if one.contour in scores and one.contour not in done:
                chances[row, column[one.structure]] = scores[one.contour].doubt
    revised = Counter(structure for (_, structure), one in accepted.items() if not one.is_unrevised)
    expected = learn_study_expected(session, structures)
    found = {work.case: 0.0 for work in works}
    for row, value in order_by_gain(chances, structures, expected, revised):
        found[works[row].case] = value
    return found
