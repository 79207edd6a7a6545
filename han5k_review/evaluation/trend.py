"""Trend: what each model version reached against the same references, in the order they came."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.evaluation.choice import IMPORTED, REFERENCE, LabelChoice, list_choices
from han5k_review.evaluation.plan import plan_evaluation
from han5k_review.evaluation.rows import list_metrics
from han5k_review.evaluation.summary import StructureSummary, build_summary
from han5k_review.evaluation.tolerances import STUDY_TOLERANCES, Tolerances
from han5k_review.metrics import Definition
from han5k_review.store.vocabulary import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One structure under one version: the summary of what is measured of it."""

    version: str
    summary: StructureSummary


def list_trend(
    session: Session,
    catalogue: Catalogue,
    *,
    reference: LabelChoice = REFERENCE,
    definition: Definition = Definition.SURFEL,
    tolerances: Tolerances = STUDY_TOLERANCES,
    cases: Collection[str] | None = None,
    structures: Collection[str] | None = None,
    split: Split | None = None,
) -> list[TrendPoint]:
    """Summaries of the imported pseudo-labels, then of every model version, oldest first.

    Reads what is stored and measures nothing; a version without measured pairs has no point.
    """
    models = [c for c in list_choices(session).values() if c.model_version_id is not None]
    points: list[TrendPoint] = []
    for choice in (IMPORTED, *models):
        if choice == reference:
            continue
        plan = plan_evaluation(
            session,
            catalogue,
            reference=reference,
            prediction=choice,
            definition=definition,
            tolerances=tolerances,
            cases=cases,
            structures=structures,
            split=split,
        )
        if plan.pairs:
            summaries = build_summary(list_metrics(session, plan))
            points += [TrendPoint(version=choice.title, summary=row) for row in summaries]
    return points
