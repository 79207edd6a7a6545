"""Running an evaluation: batches to an executor, results to the database, until done or told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime

from han5k_review.errors import StorageError
from han5k_review.evaluation.pair import BatchOutcome, PairBatch, measure_batch
from han5k_review.evaluation.plan import EvaluationPlan, Gap
from han5k_review.evaluation.records import PairKey, find_stored_keys, store_outcomes
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationProgress:
    """How far an evaluation is: pairs that need no more work, of all pairs of the plan."""

    done: int
    total: int
    failed: int
    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """What an evaluation did. `planned` = measured + already_stored + failed + left_over.

    `failed` are pairs that could not be measured, `gaps` structures with one side missing: each
    with its reason. `left_over` pairs wait for the next run, after a cancel.
    """

    planned: int
    measured: int
    already_stored: int
    failed: tuple[Gap, ...]
    gaps: tuple[Gap, ...]
    left_over: int

    @property
    def is_cancelled(self) -> bool:
        """True when the run was told to stop before it was through."""
        return self.left_over > 0


def run_evaluation(
    study: Study,
    plan: EvaluationPlan,
    *,
    executor: Executor | None = None,
    progress: Callable[[EvaluationProgress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    actor: str = "evaluation",
    clock: Callable[[], datetime] = utc_now,
    in_flight: int = 64,
) -> EvaluationReport:
    """Measure the pairs of the plan that are not stored yet, one batch per case.

    `executor` runs the batches (`open_executor`, or any other); None measures in this process.
    Each batch is stored in its own transaction as soon as it is back, so a kill loses what is in
    the workers and nothing else; the next run goes on from there. `cancel` is asked between
    batches. StorageError when the database refuses or a worker process dies.
    """
    pairs = plan.pairs
    with reading(study.engine) as session:
        stored = find_stored_keys(session, pairs, plan.definition)
    known = sum(PairKey.of(pair) in stored for pair in pairs)
    measured = 0
    failed: list[Gap] = []
    for batch in _results(executor, _batches(study, plan, stored), cancel, in_flight):
        with transaction(study.engine) as session:
            store_outcomes(session, batch, actor=actor, now=clock())
        for outcome in batch.outcomes:
            if outcome.reason is None:
                measured += 1
            else:
                failed.append(
                    Gap(case=batch.case, structure=outcome.pair.structure, reason=outcome.reason)
                )
        if progress is not None:
            progress(
                EvaluationProgress(
                    done=known + measured + len(failed),
                    total=len(pairs),
                    failed=len(failed),
                    case=batch.case,
                )
            )
    return EvaluationReport(
        planned=len(pairs),
        measured=measured,
        already_stored=known,
        failed=tuple(sorted(failed, key=lambda gap: gap.case)),
        gaps=plan.gaps,
        left_over=len(pairs) - known - measured - len(failed),
    )


def _batches(study: Study, plan: EvaluationPlan, stored: set[PairKey]) -> Iterator[PairBatch]:
    for case in plan.cases:
        open_pairs = tuple(pair for pair in case.pairs if PairKey.of(pair) not in stored)
        if open_pairs:
            yield PairBatch(
                case=case.case,
                grid=case.grid,
                labels=study.labels,
                definition=plan.definition,
                pairs=open_pairs,
            )


def _results(
    executor: Executor | None,
    batches: Iterator[PairBatch],
    cancel: Callable[[], bool] | None,
    in_flight: int,
) -> Iterator[BatchOutcome]:
    """Yield finished batches, in any order; after a cancel only those already being measured."""

    def is_cancelled() -> bool:
        return cancel is not None and cancel()

    if executor is None:
        for batch in batches:
            if is_cancelled():
                return
            yield measure_batch(batch)
        return
    waiting: set[Future[BatchOutcome]] = set()
    more = True
    try:
        while more or waiting:
            if more and is_cancelled():
                more = False
                waiting = {future for future in waiting if not future.cancel()}
            while more and len(waiting) < in_flight:
                batch_or_none = next(batches, None)
                if batch_or_none is None:
                    more = False
                else:
                    waiting.add(executor.submit(measure_batch, batch_or_none))
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool as error:
        raise StorageError(
            "The measuring processes were expected to go on, one of them ended by itself (memory "
            "may have run out); what was measured is stored, start again with fewer processes."
        ) from error
    finally:
        for future in waiting:
            future.cancel()
