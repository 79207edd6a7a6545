"""Making a release: cases side by side, beside its place, and moved there when it is whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from han5k_review.errors import RuleError, StorageError
from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.case_contours import build_maker
from han5k_review.exports.release.case_work import (
    CaseMade,
    CaseWork,
    ContourWork,
    MapWork,
    WrittenFile,
    make_case,
    make_map,
    write_files,
)
from han5k_review.exports.release.checksums import SUMS_NAME, build_sums
from han5k_review.exports.release.datasheet import (
    build_datasheet,
    build_datasheet_json,
    build_images_readme,
    build_readme,
)
from han5k_review.exports.release.facts import ReleaseFacts, build_facts
from han5k_review.exports.release.label_values import (
    LabelValues,
    build_dataset_json,
    number_sets,
)
from han5k_review.exports.release.place import (
    check_place,
    estimate_bytes,
    move_in,
    open_beside,
)
from han5k_review.exports.release.plan import ReleaseLine, ReleasePlan
from han5k_review.exports.release.tables import build_tables
from han5k_review.exports.release.terms import ReleaseTerms, build_citation_file, read_terms
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.study import grid_of
from han5k_review.workforce import BROKEN

DATASET = "Dataset501_HaN5K"
_IN_FLIGHT = 16
_LOOK_SECONDS = 0.5  # how long a cancel can wait while no case comes back

W = TypeVar("W")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReport:
    """What was made: its folder, what is in it, and the SHA-256 of its SHA256SUMS."""

    folder: Path
    cases: int
    contours: int
    files: int
    nbytes: int
    fingerprint: str


class _CancelledError(Exception):
    """The maker wants no release any more."""


def make_release(
    study: Study,
    plan: ReleasePlan,
    out: Path,
    *,
    actor: str,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> ReleaseReport | None:
    """Write the planned release to the new or empty folder `out`; None when it was cancelled.

    The same state of the study gives the same bytes. RuleError for an empty release, StorageError
    for a folder with files, a disk too small, or a worker that died; then nothing is left.
    """
    if not plan.lines:
        raise RuleError(
            "At least one accepted or certified contour was expected for a release, found none; "
            "the dry run says why each is not."
        )
    terms = read_terms(study)
    check_place(out, estimate_bytes(plan))
    total = len(plan.cases) + len(plan.block.cases)
    with open_beside(out) as beside:
        try:
            steps = _Steps(executor=executor, progress=progress, cancel=cancel, total=total)
            files = _write(study, plan, terms, beside, steps)
        except _CancelledError:
            return None
        (sums,) = write_files(beside, [(SUMS_NAME, build_sums(files))])
        report = ReleaseReport(
            folder=out,
            cases=len(plan.cases),
            contours=len(plan.lines),
            files=len(files) + 1,
            nbytes=sum(one.nbytes for one in (*files, sums)),
            fingerprint=sums.sha256,
        )
        with transaction(study.engine) as session:
            add_audit(
                session,
                at_utc=clock(),
                actor=actor,
                action="release",
                subject=out.name,
                rule=plan.request.rule.value,
                contours=report.contours,
                cases=report.cases,
                fingerprint=report.fingerprint,
            )
            session.flush()
            move_in(beside, out)
    return report


@dataclass(slots=True, kw_only=True)
class _Steps:
    """Work that is done side by side, counted, and stopped when somebody asks."""

    executor: Executor | None
    progress: Progress | None
    cancel: Callable[[], bool] | None
    total: int
    done: int = 0

    def run(self, function: Callable[[W], CaseMade], works: Iterable[W]) -> list[CaseMade]:
        """What came of all works, by case."""
        found = []
        for made in self._results(function, iter(works)):
            found.append(made)
            self.done += 1
            if self.progress is not None:
                self.progress(self.done, self.total)
        return sorted(found, key=lambda one: one.case)

    def _results(self, function: Callable[[W], CaseMade], works: Iterator[W]) -> Iterator[CaseMade]:
        if self.executor is None:
            for work in works:
                self._look()
                yield function(work)
            return
        waiting: set[Future[CaseMade]] = set()
        try:
            while True:
                self._look()
                for work in islice(works, _IN_FLIGHT - len(waiting)):
                    waiting.add(self.executor.submit(function, work))
                if not waiting:
                    return
                done, waiting = wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED)
                yield from (future.result() for future in done)
        except BROKEN as error:
            raise StorageError(
                "The workers were expected to go on, one of them ended by itself (memory may have "
                "run out); nothing was released, start again with fewer processes."
            ) from error
        finally:
            for future in waiting:
                future.cancel()
            wait(waiting)  # nobody may write any more when the folder is deleted

    def _look(self) -> None:
        if self.cancel is not None and self.cancel():
            raise _CancelledError


def _write(
    study: Study, plan: ReleasePlan, terms: ReleaseTerms, folder: Path, steps: _Steps
) -> list[WrittenFile]:
    made = steps.run(make_case, _list_cases(study, plan, folder))
    files = [file for case in made for file in case.files]
    values = None
    if plan.block.cases:
        sets = frozenset[int]().union(*(case.sets for case in made))
        values = number_sets(plan.block.structures, sets)
        maps = steps.run(make_map, _list_maps(study, plan, folder, values))
        files += [file for case in maps for file in case.files]
    facts = build_facts(plan, made, values, DATASET)
    texts = list(_list_texts(plan, made, facts, terms))
    if values is not None:
        texts += _list_dataset(plan, values)
    return [*files, *write_files(folder, texts)]


def _list_cases(study: Study, plan: ReleasePlan, folder: Path) -> Iterator[CaseWork]:
    lines: dict[int, list[ReleaseLine]] = {}
    for line in plan.lines:
        lines.setdefault(line.chosen.case_id, []).append(line)
    mapped = set(plan.block.cases)
    for number, of_case in lines.items():
        case = plan.rows.cases[number]
        yield CaseWork(
            case=case.name,
            patient=case.patient,
            image_sha256=case.image_sha256,
            grid=grid_of(case),
            labels=study.labels,
            folder=folder,
            contours=tuple(_contour(plan, line) for line in of_case),
            forms=plan.request.forms,
            mapped=plan.block.structures if number in mapped else (),
        )


def _contour(plan: ReleasePlan, line: ReleaseLine) -> ContourWork:
    name, version = line.chosen.structure, line.version
    return ContourWork(
        structure=plan.rows.catalogue.get_structure(name),
        mask_sha256=version.mask_sha256,
        outside_name=plan.rows.catalogue.get_outside_name(name),
        maker=build_maker(version, line.model),
    )


def _list_maps(
    study: Study, plan: ReleasePlan, folder: Path, values: LabelValues
) -> Iterator[MapWork]:
    hashes = {
        (line.chosen.case_id, line.chosen.structure): line.version.mask_sha256
        for line in plan.lines
    }
    for number in plan.block.cases:
        case = plan.rows.cases[number]
        yield MapWork(
            case=case.name,
            image_sha256=case.image_sha256,
            grid=grid_of(case),
            labels=study.labels,
            volumes=study.volumes if plan.request.images else None,
            folder=folder,
            dataset=DATASET,
            mask_sha256s=tuple(hashes[number, name] for name in values.structures),
            values=values,
        )


def _list_texts(
    plan: ReleasePlan, made: Sequence[CaseMade], facts: ReleaseFacts, terms: ReleaseTerms
) -> Iterator[tuple[str, bytes]]:
    yield "README.md", build_readme(facts)
    yield "DATASHEET.md", build_datasheet(facts)
    yield "datasheet.json", build_datasheet_json(facts)
    yield "TERMS.md", terms.text.encode()
    for name, text in terms.licences.items():
        yield f"LICENSES/{name}", text.encode()
    citation = build_citation_file(
        terms,
        title=facts.title,
        version=facts.version,
        study=facts.study,
        authors=plan.request.authors,
    )
    yield "CITATION.cff", citation
    for name, content in build_tables(plan, made).items():
        yield f"tables/{name}", content


def _list_dataset(plan: ReleasePlan, values: LabelValues) -> Iterator[tuple[str, bytes]]:
    inside = {str(one.name): str(one.inside) for one in plan.rows.catalogue if one.inside}
    about = {
        "name": plan.request.title or plan.rows.facts.study,
        "description": RESEARCH_USE,
        "licence": "see TERMS.md of the release",
    }
    content = build_dataset_json(values, inside, len(plan.block.cases), about)
    yield f"nnunet/{DATASET}/dataset.json", (json.dumps(content, indent=1) + "\n").encode()
    yield f"nnunet/{DATASET}/imagesTr/README.txt", build_images_readme(plan.request.images)
