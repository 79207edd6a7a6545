"""Imports: the dry run and the real run over many cases; one bad case never stops the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime
from itertools import islice

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import Han5kError
from han5k_review.importing.case_contents import CaseContent, CaseRefusal
from han5k_review.importing.case_outlines import CaseOutline
from han5k_review.importing.case_reading import CaseTask, read_case
from han5k_review.importing.case_rows import find_new_labels, write_case
from han5k_review.importing.case_rules import duplicate_error
from han5k_review.importing.ct_identity import find_shared_shapes
from han5k_review.importing.file_stamps import SETTLE_S
from han5k_review.importing.fingerprints import measure_catalogue
from han5k_review.importing.known_planes import read_full_claims
from han5k_review.importing.refusals import RefusalKind, find_kind
from han5k_review.importing.reports import CaseOutcome, CaseReport, ImportReport, Label
from han5k_review.importing.sources import CaseSource, Source
from han5k_review.importing.walks import Walk
from han5k_review.store.engine import transaction
from han5k_review.store.fault_logs import write_fault_log
from han5k_review.store.study import Study
from han5k_review.workforce import BROKEN

Progress = Callable[[CaseReport, int, int], None]
Found = CaseContent | CaseOutline
Finish = Callable[[CaseSource, CaseContent], tuple[CaseOutcome, tuple[Label, ...]]]
_AHEAD = 256
"""Cases handed to an executor before the first of them is back: more than any has workers."""


def plan_import(
    study: Study,
    catalogue: Catalogue,
    sources: Sequence[Source],
    *,
    deep: bool = False,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Say per case what `run_import` would do; writes nothing.

    Reads names and headers, hashes files, and compares CTs of one shape by their voxels; with
    `deep` reads all voxels. `progress` may raise to end it.
    """
    shapes = frozenset() if deep else find_shared_shapes(study, sources)
    claims = read_full_claims(study, executor, shapes=None if deep else shapes, write=False)
    walk = Walk(
        study=study,
        catalogue=catalogue,
        catalogue_sha256=measure_catalogue(catalogue),
        claims=claims,
        write=False,
        deep=deep,
        shared_shapes=shapes,
    )

    def plan_case(
        source: CaseSource, content: CaseContent
    ) -> tuple[CaseOutcome, tuple[Label, ...]]:
        known = walk.find_known(source)
        if known is None:
            walk.take_ct(source, content.image_sha256, content.planes_sha256)
        labels = find_new_labels(content, known)
        return _outcome(known is None, labels, content), labels

    return _report(walk, sources, plan_case, executor, progress)


def run_import(
    study: Study,
    catalogue: Catalogue,
    sources: Sequence[Source],
    *,
    actor: str,
    now: Callable[[], datetime],
    deep: bool = False,
    settle_s: float = SETTLE_S,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import the cases: files by content hash first, then one transaction per case.

    Can be killed at any moment and run again: whole cases are recognised and left alone, and a
    case of which only files exist is completed. `progress` gets each case as it is done, with its
    number and the total; it may raise to end the import, and what is stored stays. `executor` reads
    cases in parallel; the order of the report stays.

    Files whose stamp (size, times, number) is that of their last import are taken as unchanged;
    with `deep` they are hashed. A stamp is kept once a file was left alone for `settle_s` seconds.
    """
    walk = Walk(
        study=study,
        catalogue=catalogue,
        catalogue_sha256=measure_catalogue(catalogue),
        claims=read_full_claims(study, executor, write=True),
        write=True,
        deep=deep,
        settle_s=settle_s,
    )

    def import_case(
        source: CaseSource, content: CaseContent
    ) -> tuple[CaseOutcome, tuple[Label, ...]]:
        with transaction(study.engine) as session:
            is_new, labels = write_case(
                session, source, content, actor=actor, now_utc=now(), stored=walk.stored
            )
        if is_new:
            walk.take_ct(source, content.image_sha256, content.planes_sha256)
        return _outcome(is_new, labels, content), labels

    return _report(walk, sources, import_case, executor, progress)


def _report(
    walk: Walk,
    sources: Sequence[Source],
    finish: Finish,
    executor: Executor | None,
    progress: Progress | None,
) -> ImportReport:
    cases: list[CaseReport] = []
    for source, result in _read_all(walk, sources, executor):
        case = _finish(walk, source, result, finish)
        cases.append(case)
        if progress is not None:
            progress(case, len(cases), len(sources))
    return ImportReport(cases=tuple(cases), dry_run=not walk.write, deep=walk.deep)


def _read_all(
    walk: Walk, sources: Sequence[Source], executor: Executor | None
) -> Iterator[tuple[Source, Found | CaseRefusal]]:
    if executor is None:
        for source in sources:
            task = walk.prepare(source)
            yield source, task if isinstance(task, CaseRefusal) else read_case(task)
        return
    taken = frozenset(walk.claims.owners)
    waiting: deque[tuple[Source, Future[Found | CaseRefusal]]] = deque()
    ahead = iter(sources)
    try:
        while True:
            for source in islice(ahead, _AHEAD - len(waiting)):
                waiting.append((source, _submit(executor, walk.prepare(source), taken)))
            if not waiting:
                return
            source, future = waiting.popleft()
            yield source, _result(future)
    finally:
        for _, future in waiting:
            future.cancel()


def _submit(
    executor: Executor, task: CaseTask | CaseRefusal, taken: frozenset[str]
) -> Future[Found | CaseRefusal]:
    """Hand a task over, without the owners of CTs, which grow while the import runs.

    The hashes `taken` before tell a worker what not to store; whose a CT is, is asked again before
    it becomes a case.
    """
    future: Future[Found | CaseRefusal] = Future()
    if isinstance(task, CaseRefusal):
        future.set_result(task)
        return future
    try:
        return executor.submit(read_case, replace(task, owners={}, taken=taken))
    except BROKEN as error:
        future.set_exception(error)
        return future


def _result(future: Future[Found | CaseRefusal]) -> Found | CaseRefusal:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - `read_case` raises nothing: the executor failed
        return CaseRefusal(
            sentence=f"the process that read this case ended ({error}); give more memory or fewer "
            "processes and import again.",
            kind=RefusalKind.PROGRAM,
        )


def _finish(
    walk: Walk,
    source: Source,
    result: Found | CaseRefusal,
    finish: Finish,
) -> CaseReport:
    refusal, kind = "", None
    if isinstance(result, CaseRefusal):
        refusal, kind = _describe_refusal(walk, source, result), result.kind
    elif isinstance(source, CaseSource):
        try:
            outcome, labels = _conclude(walk, source, result, finish)
            return CaseReport(
                name=source.name,
                origin=source.origin,
                outcome=outcome,
                geometry=result.grid.describe(),
                matched=tuple(dict.fromkeys(label.structure for label in result.labels)),
                labels=labels,
                unmatched=result.unmatched,
                warnings=result.warnings,
                channels=result.channels,
                names=result.names,
                changed=result.changed if isinstance(result, CaseOutline) else None,
            )
        except Han5kError as error:
            refusal, kind = str(error), find_kind(error)
    return CaseReport(
        name=source.name,
        origin=source.origin,
        outcome=CaseOutcome.REFUSED,
        refusal=refusal,
        kind=kind,
        names=result.names,
    )


def _describe_refusal(walk: Walk, source: Source, refusal: CaseRefusal) -> str:
    owner = walk.claims.owners.get(refusal.twin_sha256)
    if owner is not None and isinstance(source, CaseSource):
        return str(duplicate_error(source, owner))
    if not refusal.fault:
        return refusal.sentence
    try:
        log = write_fault_log(refusal.fault, walk.study.root)
    except OSError as error:
        return f"{refusal.sentence}; its details could not be written: {error.strerror}."
    return f"{refusal.sentence}; the details are in {log}."


def _conclude(
    walk: Walk, source: CaseSource, result: Found, finish: Finish
) -> tuple[CaseOutcome, tuple[Label, ...]]:
    if isinstance(result, CaseOutline):
        return _plan_outline(walk, source, result)
    return (CaseOutcome.UNCHANGED, ()) if result.is_same else finish(source, result)


def _plan_outline(
    walk: Walk, source: CaseSource, outline: CaseOutline
) -> tuple[CaseOutcome, tuple[Label, ...]]:
    """As a deep plan would, but what changes in a known case is not known yet."""
    is_new = walk.find_known(source) is None
    if is_new:
        walk.take_ct(source, outline.planes_sha256)
    return (CaseOutcome.NEW if is_new else CaseOutcome.CHANGED), outline.labels


def _outcome(is_new: bool, labels: tuple[Label, ...], content: CaseContent) -> CaseOutcome:
    if is_new:
        return CaseOutcome.NEW
    has_new_dose = content.dose is not None and content.dose.is_new
    return CaseOutcome.CHANGED if labels or has_new_dose else CaseOutcome.UNCHANGED
