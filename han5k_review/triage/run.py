"""A run of triage: measure what is not measured yet, in parallel, then score the whole cohort.

Each task is stored in its own transaction as soon as it is back; a run that was killed goes on from
there. Scores are made anew only when a contour, a measurement or a grade changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import StorageError
from han5k_review.review.results import list_contour_verdicts
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.triage_tables import TriageRound
from han5k_review.triage.cohort import CohortContour
from han5k_review.triage.doubts import find_disagreements, find_entropies
from han5k_review.triage.features import TRIAGE_VERSION
from han5k_review.triage.measuring import ContourMeasures
from han5k_review.triage.scoring import score_contours
from han5k_review.triage.stored import (
    find_measured,
    find_round,
    list_works,
    read_measures,
    store_measures,
    store_scores,
)
from han5k_review.triage.work import CaseAnswer, CaseFiles, CaseWork, measure_works
from han5k_review.workforce import Workforce

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageProgress:
    """Cases that need no more measuring, of all; `case` came last."""

    done: int
    total: int
    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageReport:
    """What a run did: cases = measured + known + failed + left. No `round_id`: no new scores."""

    cases: int
    measured: int
    known: int
    failed: tuple[tuple[str, str], ...]
    left: int
    round_id: int | None = None


def run_triage(
    study: Study,
    catalogue: Catalogue,
    *,
    workforce: Workforce,
    actor: str,
    cases: Collection[str] | None = None,
    progress: Callable[[TriageProgress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> TriageReport:
    """Measure all cases, or the named ones; then score everything that is measured.

    `cancel` is asked between tasks; a cancelled run makes no scores. StorageError when a worker
    dies. A case that cannot be measured is told with its reason and stops nothing.
    """
    with reading(study.engine) as session:
        works = list_works(session, cases)
        stored = find_measured(session)
    beside = {work.case: work.hash_beside(catalogue) for work in works}
    open_works = [work for work in works if beside[work.case] not in stored]
    known, measured, failed = len(works) - len(open_works), 0, []
    files = CaseFiles(labels=study.labels, volumes=study.volumes, catalogue=catalogue)
    size = workforce.cases_per_task(len(open_works))
    for task, answers in _measure(files, _deal(open_works, size), workforce, cancel):
        with transaction(study.engine) as session:
            for work, answer in zip(task, answers, strict=True):
                if answer.reason is not None:
                    failed.append((work.case, answer.reason))
                    continue
                sha256 = beside[work.case]
                store_measures(session, work, answer, beside_sha256=sha256, now=clock())
                measured += 1
        if progress is not None:
            done = known + measured + len(failed)
            progress(TriageProgress(done=done, total=len(works), case=task[-1].case))
    left = len(open_works) - measured - len(failed)
    number = None if left else score_study(study, catalogue, actor=actor, now=clock())
    return TriageReport(
        cases=len(works),
        measured=measured,
        known=known,
        failed=tuple(failed),
        left=left,
        round_id=number,
    )


def score_study(study: Study, catalogue: Catalogue, *, actor: str, now: datetime) -> int | None:
    """Score all measured contours under review; the new round, None where nothing changed."""
    with reading(study.engine) as session:
        contours = _list_contours(session, catalogue)
        revised = {one.contour: one.level > 0 for one in list_contour_verdicts(session)}
        newest = find_round(session)
        before = newest.content_sha256 if newest is not None else None
    if not contours:
        return None
    content = _hash_content(contours, revised)
    if content == before:
        return None
    scoring = score_contours(contours, revised)
    made = TriageRound(
        version=TRIAGE_VERSION,
        kind=scoring.kind,
        content_sha256=content,
        contours=len(scoring.scores),
        graded=scoring.graded,
        area=scoring.area,
        actor=actor,
        made_at_utc=now,
    )
    with transaction(study.engine) as session:
        store_scores(session, made, scoring.scores)
        add_audit(
            session,
            at_utc=now,
            actor=actor,
            action="score contours",
            subject=f"triage round {made.id}",
            kind=made.kind.value,
            contours=made.contours,
        )
        return made.id


def _list_contours(session: Session, catalogue: Catalogue) -> list[CohortContour]:
    works = list_works(session)
    beside = [work.hash_beside(catalogue) for work in works]
    measures: dict[int, ContourMeasures] = read_measures(session, beside)
    drawn, entropies = find_disagreements(session), find_entropies(session)
    return [
        CohortContour(
            contour=one.contour,
            case=work.case,
            patient=work.patient,
            measures=measures[one.contour],
            disagreement=_worst(drawn.get(one.contour), measures[one.contour].changed),
            entropy=entropies.get(one.contour),
        )
        for work in works
        for one in work.contours
        if one.contour in measures
    ]


def _worst(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _hash_content(contours: Sequence[CohortContour], revised: Mapping[int, bool]) -> str:
    digest = hashlib.sha256(TRIAGE_VERSION.encode())
    for one in contours:
        line = f"{one.contour} {one.disagreement} {revised.get(one.contour)}\n"
        if one.entropy is not None:
            line += f"{one.entropy}\n"
        digest.update(line.encode() + one.measures.values.tobytes())
    return digest.hexdigest()


Task = tuple[CaseWork, ...]
Answers = tuple[CaseAnswer, ...]


def _deal(works: Sequence[CaseWork], size: int) -> Iterator[Task]:
    rest = iter(works)
    while task := tuple(islice(rest, size)):
        yield task


def _measure(
    files: CaseFiles,
    tasks: Iterator[Task],
    workforce: Workforce,
    cancel: Callable[[], bool] | None,
) -> Iterator[tuple[Task, Answers]]:
    """Finished tasks in any order; after a cancel only those that are being measured."""
    work = partial(measure_works, files)
    executor: Executor | None = workforce.executor
    if executor is None:
        for task in tasks:
            if cancel is not None and cancel():
                return
            yield task, work(task)
        return
    waiting: dict[Future[Answers], Task] = {}
    more = True
    try:
        while more or waiting:
            if more and cancel is not None and cancel():
                more = False
                waiting = {f: task for f, task in waiting.items() if not f.cancel()}
            while more and len(waiting) < 2 * workforce.workers:
                task_or_none = next(tasks, None)
                if task_or_none is None:
                    more = False
                else:
                    waiting[executor.submit(work, task_or_none)] = task_or_none
            done, _ = wait(waiting, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), _take(future, workforce.broken)
    finally:
        for future in waiting:
            future.cancel()


def _take(future: Future[Answers], broken: tuple[type[Exception], ...]) -> Answers:
    signs: tuple[type[Exception], ...] = (CancelledError, *broken)
    try:
        return future.result()
    except signs as error:
        raise StorageError(
            "The measuring workers were expected to go on, one of them ended by itself (memory "
            "may have run out); what was measured is stored, start again with fewer processes."
        ) from error
