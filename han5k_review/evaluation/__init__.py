"""Measuring a study: which pairs, by whom they are measured, what is stored, what it says.

In use:

    with reading(study.engine) as session:
        plan = plan_evaluation(session, catalogue)
    report = run_evaluation(study, plan)
    print(report.measured, "of", len(plan.pairs), "pairs measured,", report.failed, "failed")
"""

from han5k_review.evaluation.background import start_evaluation
from han5k_review.evaluation.choice import (
    ACCEPTED,
    IMPORTED,
    REFERENCE,
    UNDER_REVIEW,
    ChosenLabel,
    LabelChoice,
    get_choice,
    list_choices,
)
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
from han5k_review.evaluation.tolerances import Tolerances, ToleranceTable, read_tolerances
from han5k_review.evaluation.trend import TrendPoint, list_trend
from han5k_review.workforce import Workforce, open_executor, open_workforce

__all__ = [
    "ACCEPTED",
    "IMPORTED",
    "REFERENCE",
    "UNDER_REVIEW",
    "CasePlan",
    "ChosenLabel",
    "EvaluationPlan",
    "EvaluationProgress",
    "EvaluationReport",
    "Gap",
    "LabelChoice",
    "PairMetrics",
    "PlannedPair",
    "Spread",
    "StructureSummary",
    "ToleranceTable",
    "Tolerances",
    "TrendPoint",
    "Workforce",
    "build_summary",
    "get_choice",
    "list_case_metrics",
    "list_choices",
    "list_metrics",
    "list_trend",
    "open_executor",
    "open_workforce",
    "plan_evaluation",
    "read_tolerances",
    "run_evaluation",
    "start_evaluation",
]
