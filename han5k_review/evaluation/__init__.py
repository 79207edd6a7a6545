"""Measuring a study: which pairs, by whom they are measured, what is stored, what it says."""

from han5k_review.evaluation.choice import REFERENCE, REVISED, UNDER_REVIEW, LabelChoice, LabelRef
from han5k_review.evaluation.executors import open_executor
from han5k_review.evaluation.plan import (
    CasePlan,
    EvaluationPlan,
    Gap,
    PlannedPair,
    plan_evaluation,
)
from han5k_review.evaluation.rows import PairMetrics, list_case_metrics, list_metrics
from han5k_review.evaluation.run import EvaluationProgress, EvaluationReport, run_evaluation
from han5k_review.evaluation.summary import Spread, StructureSummary, build_summary

__all__ = [
    "REFERENCE",
    "REVISED",
    "UNDER_REVIEW",
    "CasePlan",
    "EvaluationPlan",
    "EvaluationProgress",
    "EvaluationReport",
    "Gap",
    "LabelChoice",
    "LabelRef",
    "PairMetrics",
    "PlannedPair",
    "Spread",
    "StructureSummary",
    "build_summary",
    "list_case_metrics",
    "list_metrics",
    "open_executor",
    "plan_evaluation",
    "run_evaluation",
]
