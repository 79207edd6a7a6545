"""How the demo's readers grade: from what a contour is worth, with an own bias and own mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.cli.demo_calendar import Calendar
from han5k_review.cli.demo_review import REVISED, Truth
from han5k_review.evaluation import PairMetrics
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.labels import list_shown
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, LabelVersion, Reader
from han5k_review.store.vocabulary import GradeLevel, LabelSource
from han5k_review.study.scale import Scale

EYES: Mapping[str, tuple[float, float]] = {"anna": (-0.01, 0.95), "ben": (0.015, 0.7)}
"""Reader -> bias (below 0: stricter), and the share of planted errors that they find."""
_MINOR_BELOW, _MAJOR_BELOW, _NOISE = -0.03, -0.15, 0.05
_WRONG = -0.3
_SECONDS, _PAUSE_S, _FASTER = 8.0, 4.0, -0.12
_PLACES = ("cranial", "caudal", "medial", "lateral", "over", "under")
_WORDS = {
    "ParotidL": "Leaks towards the midline.",
    "MandibleL": "Ends a third too early.",
    "Larynx": "Reaches too far down.",
}
Worth = Mapping[tuple[str, str], float]
"""Case, structure -> Dice less what is usual for the structure; what is not measured is not in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What all steps of the lived-in demo need."""

    study: Study
    calendar: Calendar
    truth: Truth
    worth: Worth
    seed: int


def measure_worth(rows: Sequence[PairMetrics]) -> dict[tuple[str, str], float]:
    """What each contour is worth beside the others of its structure; known errors are far below."""
    dice: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.panel is not None and np.isfinite(row.panel.dice):
            dice.setdefault(row.structure, {})[row.case] = row.panel.dice
    found = {}
    for structure, by_case in dice.items():
        usual = float(np.median(list(by_case.values())))
        for case, value in by_case.items():
            found[case, structure] = _WRONG if structure in REVISED else value - usual
    return found


def find_level(worth: float) -> GradeLevel:
    """The level that a contour of this worth deserves."""
    if worth < _MAJOR_BELOW:
        return GradeLevel.MAJOR
    return GradeLevel.MINOR if worth < _MINOR_BELOW else GradeLevel.NO


@dataclass(slots=True, kw_only=True)
class DemoReader:
    """A reader with a bias (below 0: stricter), who finds this share of planted errors.

    Structures are graded in this `order`.
    """

    reader: Reader
    rng: np.random.Generator
    bias: float
    finds: float
    scale: Scale
    worth: Worth
    order: Sequence[str]
    _graded: int = field(default=0, init=False)

    def list_reads(self, session: Session) -> list[tuple[Assignment, Case]]:
        """All reads in the order of the list."""
        query = (
            select(Assignment, Case)
            .join(Case, col(Case.id) == Assignment.case_id)
            .where(Assignment.reader_id == self.reader.id)
            .order_by(col(Assignment.presentation_order))
        )
        return list(session.exec(query))

    def read(
        self, session: Session, row: Assignment, case: Case, at: datetime, most: int | None = None
    ) -> None:
        """Grade what the read shows (of a read that was broken off: the first `most`)."""
        shown = list_shown(session, row)
        for structure in [name for name in self.order if name in shown][:most]:
            label = shown[structure]
            level = self._judge(label, case)
            seconds = self._take(level)
            at += timedelta(seconds=seconds + _PAUSE_S)
            request = GradeRequest(
                request_id=f"demo-{row.id}-{structure}",
                structure=structure,
                label_version_id=stored_id(label),
                code=next(g.code for g in self.scale.grades if g.level is level),
                tags=self._tell(level),
                comment=_WORDS.get(structure, "") if level is GradeLevel.MAJOR else "",
                opened_at_utc=at - timedelta(seconds=seconds),
                active_seconds=seconds,
            )
            submit_grade(
                session,
                assignment_id=stored_id(row),
                reader=self.reader,
                scale=self.scale,
                request=request,
                now=at,
            )

    def _judge(self, label: LabelVersion, case: Case) -> GradeLevel:
        if label.source is LabelSource.PLANTED:
            return GradeLevel.MAJOR if self.rng.random() < self.finds else GradeLevel.NO
        usual = _WRONG if label.structure in REVISED else 0.0
        worth = self.worth.get((case.name, label.structure), usual)
        return find_level(worth + self.bias + float(self.rng.normal(0, _NOISE)))

    def _take(self, level: GradeLevel) -> float:
        """Active seconds: longer for what is wrong, shorter with practice."""
        self._graded += 1
        effort = {GradeLevel.NO: 1.0, GradeLevel.MINOR: 1.8, GradeLevel.MAJOR: 2.5}[level]
        pace = float(np.exp(self.rng.normal(0, 0.35)))
        return round(float(_SECONDS * effort * pace * self._graded**_FASTER), 1)

    def _tell(self, level: GradeLevel) -> tuple[str, ...]:
        count = {GradeLevel.NO: 0, GradeLevel.MINOR: 1, GradeLevel.MAJOR: 2}[level]
        return tuple(_PLACES[n] for n in sorted(self.rng.permutation(len(_PLACES))[:count]))
