"""The process of an import that a page started: `python -m han5k_review.cli.import_process DIR`."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from han5k_review.errors import Han5kError
from han5k_review.importing.confirmed_names import read_clinic_catalogue
from han5k_review.importing.name_list import NameState, build_name_rows, write_name_table
from han5k_review.importing.report_files import write_report
from han5k_review.importing.reports import CaseOutcome, CaseReport
from han5k_review.importing.structure_set_choice import SetChoice, SetRule
from han5k_review.importing.tree_imports import (
    TreeOrder,
    find_tree_sources,
    import_tree,
    unpacked_order,
)
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome, JobResult, TreeImportResult
from han5k_review.retraining.jobs.tasks import TreeImportJob
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import open_study
from han5k_review.study import read_study_catalogue
from han5k_review.workforce import open_workforce

_EVERY_S = 0.5


class _StoppedError(Exception):
    """Somebody asked the import to stop; what is stored stays."""


@dataclass(slots=True, kw_only=True)
class _Teller:
    """Says in the job's folder how far the import is, and ends it when it is asked to."""

    folder: JobFolder
    began_s: float = field(default_factory=time.monotonic)
    told_s: float = 0.0
    refused: int = 0

    def tell_files(self, files: int) -> None:
        self._tell({"stage": "searching", "files": files})

    def tell_case(self, case: CaseReport, done: int, total: int) -> None:
        self.refused += case.outcome is CaseOutcome.REFUSED
        seconds = time.monotonic() - self.began_s
        left = seconds / done * (total - done)
        values = {"stage": "cases", "done": done, "total": total, "refused": self.refused}
        self._tell({**values, "seconds_left": round(left)}, last=done == total)

    def start_cases(self) -> None:
        self.began_s = time.monotonic()

    def _tell(self, values: dict[str, object], *, last: bool = False) -> None:
        if self.folder.stop_asked:
            raise _StoppedError
        if last or time.monotonic() - self.told_s > _EVERY_S:
            self.told_s = time.monotonic()
            self.folder.write_progress(values)


def main(arguments: list[str]) -> int:
    """Do the job of the folder that is the one argument; 0 when it ended in its own words."""
    folder = JobFolder(path=Path(arguments[0]))
    try:
        result = _run(folder)
    except _StoppedError:
        result = JobResult(outcome=JobOutcome.CANCELLED)
    except Han5kError as error:
        result = JobResult(outcome=JobOutcome.FAILED, error=str(error))
    folder.write_result(result)
    return 0


def _run(folder: JobFolder) -> JobResult:
    job = folder.read_job()
    if not isinstance(job, TreeImportJob):
        raise TypeError(f"A job to import a tree was expected in {folder.path}, found {job.task}.")
    study = open_study(job.study, get_settings().database_url)
    order = TreeOrder(root=job.root, choice=_build_choice(job), dry_run=job.dry_run)
    teller = _Teller(folder=folder)
    with reading(study.engine) as session:
        catalogue = read_clinic_catalogue(session, read_study_catalogue(study))
    with open_workforce(job.processes) as workforce, unpacked_order(order) as order:
        executor = workforce.executor
        found = find_tree_sources(study, order, executor=executor, told=teller.tell_files)
        teller.start_cases()
        report = import_tree(
            study,
            catalogue,
            found,
            order,
            actor=job.actor,
            now=utc_now,
            executor=executor,
            progress=teller.tell_case,
        )
    rows = build_name_rows((name for case in report.cases for name in case.names), catalogue)
    write_name_table(folder.path / "names.csv", rows)
    write_report(folder.path / "report", report, rows, found.notices)
    values = TreeImportResult(
        cases={outcome.value: report.count(outcome) for outcome in CaseOutcome},
        files=found.files,
        unmatched_names=sum(row.state is NameState.NOT_MATCHED for row in rows),
    )
    return JobResult(outcome=JobOutcome.DONE, values=values)


def _build_choice(job: TreeImportJob) -> TreeChoice:
    return TreeChoice(
        contours=job.contours,
        naming=CaseNaming(job.naming),
        split=job.split,
        sets=SetChoice(
            rule=SetRule(job.structure_sets),
            label=job.set_label,
            reference_label=job.reference_label,
        ),
        doses=job.doses,
        in_place=job.in_place,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
