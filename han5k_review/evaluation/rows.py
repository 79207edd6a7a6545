"""Metric rows: every pair and every gap of a plan with its stored panel, or the reason for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.evaluation.choice import REFERENCE, UNDER_REVIEW, ChosenLabel, LabelChoice
from han5k_review.evaluation.plan import CasePlan, EvaluationPlan, plan_evaluation
from han5k_review.evaluation.stored_panels import (
    PairKey,
    StoredPanel,
    find_failures,
    find_stored_panels,
)
from han5k_review.metrics import Definition, Panel

NOT_MEASURED = "not measured yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMetrics:
    """One structure of one case: its panel, or the reason why there is none (never both).

    A pair carries the definition and tolerance it was or is to be measured at; `reference` or
    `prediction` is None when that side has no contour.
    """

    case: str
    patient: str
    structure: str
    reference: ChosenLabel | None
    prediction: ChosenLabel | None
    panel: Panel | None
    reason: str | None
    definition: Definition | None = None
    tolerance_mm: float | None = None
    software_version: str | None = None
    computed_at_utc: datetime | None = None


def list_metrics(session: Session, plan: EvaluationPlan) -> list[PairMetrics]:
    """One row per pair and per gap of the plan, case by case, in catalogue order."""
    stored = find_stored_panels(session, plan.pairs, plan.definition)
    unmeasured = [pair for pair in plan.pairs if PairKey.of(pair) not in stored]
    failures = find_failures(session, unmeasured, plan.definition)
    rows: list[PairMetrics] = []
    for case in plan.cases:
        for pair in case.pairs:
            key = PairKey.of(pair)
            found: StoredPanel | None = stored.get(key)
            rows.append(
                PairMetrics(
                    case=case.case,
                    patient=case.patient,
                    structure=pair.structure,
                    reference=pair.reference,
                    prediction=pair.prediction,
                    panel=found.panel if found else None,
                    reason=None if found else failures.get(key, NOT_MEASURED),
                    definition=plan.definition,
                    tolerance_mm=pair.tolerance_mm,
                    software_version=found.software_version if found else None,
                    computed_at_utc=found.computed_at_utc if found else None,
                )
            )
        rows.extend(_gap_rows(case))
    return rows


def list_case_metrics(
    session: Session,
    catalogue: Catalogue,
    case: str,
    *,
    reference: LabelChoice = REFERENCE,
    prediction: LabelChoice = UNDER_REVIEW,
    definition: Definition = Definition.SURFEL,
) -> Sequence[PairMetrics]:
    """The rows of one case; DataError when the study has no such case."""
    plan = plan_evaluation(
        session,
        catalogue,
        reference=reference,
        prediction=prediction,
        definition=definition,
        cases=(case,),
    )
    return list_metrics(session, plan)


def _gap_rows(case: CasePlan) -> list[PairMetrics]:
    return [
        PairMetrics(
            case=case.case,
            patient=case.patient,
            structure=gap.structure,
            reference=None,
            prediction=None,
            panel=None,
            reason=gap.reason,
        )
        for gap in case.gaps
    ]
