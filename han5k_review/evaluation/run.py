"""Running an evaluation: batches to an executor, results to the database, until done or told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from han5k_review.errors import StorageError
from han5k_review.evaluation.pair import (
    Answer,
    BatchOutcome,
    BatchWork,
    PairBatch,
    join_answers,
    measure_batches,
)
from han5k_review.evaluation.plan import EvaluationPlan, Gap
from han5k_review.evaluation.stored_panels import PairKey, find_stored_keys, store_outcomes
from han5k_review.metrics import check_installed
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.workforce import BROKEN

_LOOK_SECONDS = 0.5  # how long a cancel can wait while no task comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationProgress:
    """How far an evaluation is: pairs that need no more work, of all pairs of the plan."""

    stored_before: int
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
    cases_per_task: int = 1,
    in_flight: int = 64,
    broken: tuple[type[Exception], ...] = BROKEN,
) -> EvaluationReport:
    """Measure the pairs of the plan that are not stored yet, one batch per case.

    `executor` runs tasks of `cases_per_task` batches (`open_workforce`, or any other executor);
    None measures in this process. Each task is stored in its own transaction as soon as it is
    back, so a kill loses what is in the workers and nothing else; the next run goes on from there.
    `cancel` is asked between tasks. StorageError when the database refuses or a worker dies, which
    an executor tells by one of the errors in `broken`; ConfigError when the definition needs a
    library that is not installed.
    """
    check_installed(plan.definition)
    pairs = plan.pairs
    with reading(study.engine) as session:
        stored = find_stored_keys(session, pairs, plan.definition)
    known = sum(PairKey.of(pair) in stored for pair in pairs)
    measured = 0
    failed: list[Gap] = []
    tasks = _tasks(_batches(study, plan, stored), cases_per_task)
    for results in _results(executor, tasks, cancel, in_flight, broken):
        with transaction(study.engine) as session:
            for batch in results:
                store_outcomes(session, batch, actor=actor, now=clock())
        for batch in results:
            reasons = [(o.pair.structure, o.reason) for o in batch.outcomes]
            gaps = [
                Gap(case=batch.case, structure=s, reason=r) for s, r in reasons if r is not None
            ]
            measured += len(batch.outcomes) - len(gaps)
            failed.extend(gaps)
        if progress is not None:
            progress(
                EvaluationProgress(
                    stored_before=known,
                    done=known + measured + len(failed),
                    total=len(pairs),
                    failed=len(failed),
                    case=results[-1].case,
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


Task = tuple[PairBatch, ...]
Answers = tuple[tuple[Answer, ...], ...]
Result = tuple[BatchOutcome, ...]


def _tasks(batches: Iterator[PairBatch], size: int) -> Iterator[Task]:
    while task := tuple(islice(batches, size)):
        yield task


def _results(
    executor: Executor | None,
    tasks: Iterator[Task],
    cancel: Callable[[], bool] | None,
    in_flight: int,
    broken: tuple[type[Exception], ...],
) -> Iterator[Result]:
    """Yield finished tasks, in any order; after a cancel only those already being measured."""

    def is_cancelled() -> bool:
        return cancel is not None and cancel()

    if executor is None:
        for task in tasks:
            if is_cancelled():
                return
            yield _join(task, measure_batches(_work(task)))
        return
    waiting: dict[Future[Answers], Task] = {}
    more = True
    try:
        while more or waiting:
            if more and is_cancelled():
                more = False
                waiting = {f: task for f, task in waiting.items() if not f.cancel()}
            while more and len(waiting) < in_flight:
                task_or_none = next(tasks, None)
                if task_or_none is None:
                    more = False
                else:
                    future = executor.submit(measure_batches, _work(task_or_none))
                    waiting[future] = task_or_none
            done, _ = wait(waiting, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield _join(waiting.pop(future), _take(future, broken))
    finally:
        for future in waiting:
            future.cancel()


def _work(task: Task) -> tuple[BatchWork, ...]:
    return tuple(batch.work for batch in task)


def _join(task: Task, answers: Answers) -> Result:
    return tuple(join_answers(*both) for both in zip(task, answers, strict=True))


def _take(future: Future[Answers], broken: tuple[type[Exception], ...]) -> Answers:
    signs: tuple[type[Exception], ...] = (CancelledError, *broken)
    try:
        return future.result()
    except signs as error:
        raise StorageError(
            "The measuring workers were expected to go on, one of them ended by itself (memory "
            "may have run out); what was measured is stored, start again with fewer processes."
        ) from error
