"""An evaluation in the background, in threads of a long-lived process.

When the process ends in between, what was measured is stored and the next start goes on from there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from han5k_review.background import Desk, Ending, Hand, Steps
from han5k_review.evaluation.plan import EvaluationPlan
from han5k_review.evaluation.run import EvaluationProgress, run_evaluation


def start_evaluation(desk: Desk, plan: EvaluationPlan, *, threads: int, actor: str) -> Hand:
    """Begin to measure the plan; RuleError while another evaluation of the study runs."""

    def measure(hand: Hand) -> Ending:
        def tell(step: EvaluationProgress) -> None:
            hand.steps = Steps(
                done=step.done, total=step.total, first_done=step.stored_before, failed=step.failed
            )

        with ThreadPoolExecutor(threads, thread_name_prefix="measuring") as executor:
            report = run_evaluation(
                desk.study,
                plan,
                executor=executor,
                progress=tell,
                cancel=hand.cancel.is_set,
                actor=actor,
                clock=desk.clock,
                in_flight=2 * threads,
            )
        hand.steps = Steps(
            done=report.planned - report.left_over,
            total=report.planned,
            first_done=report.already_stored,
            failed=len(report.failed),
        )
        return Ending(is_cancelled=report.is_cancelled)

    title = f"{plan.prediction.title} against {plan.reference.title}"
    return desk.start(title, measure, actor=actor)
