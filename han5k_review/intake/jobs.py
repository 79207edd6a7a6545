"""Imports as jobs of the supervisor: started, followed over restarts, cancelled, and told of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session

from han5k_review.intake.record import get_import, import_folder, move_import
from han5k_review.retraining.jobs.device_claims import (
    Claim,
    claim_row,
    make_worker_name,
    release_row,
)
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import ProcessId
from han5k_review.retraining.jobs.results import JobResult, TreeImportResult
from han5k_review.retraining.jobs.supervisor import Death
from han5k_review.retraining.jobs.tasks import TreeImportJob
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import ImportState

DEVICE = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeImportJobs:
    """The imports of a study. A case in hand is finished before a stop, hence the grace."""

    study: Study
    worker: str = field(default_factory=make_worker_name)
    grace_s: float = 120.0

    def claim(self, only: int | None = None) -> int | None:
        """An import to work on: an orphaned one first, then the one in the queue."""
        claim = Claim(device=DEVICE, worker=self.worker, now=utc_now(), only=only)
        return claim_row(self.study.engine, TreeImport, claim, self._begin)

    def _begin(self, session: Session, import_id: int) -> None:
        row = get_import(session, import_id)
        session.refresh(row)
        move_import(session, row, ImportState.IMPORTING, actor=self.worker, now=utc_now())

    def look(self, row_id: int) -> TreeImport:
        """Heartbeat, take over the process's progress, and read the row anew."""
        with transaction(self.study.engine) as session:
            row = get_import(session, row_id)
            if self.is_at_work(row):
                row.heartbeat_at_utc = utc_now()
                row.progress = import_folder(self.study, row_id).find_progress() or row.progress
                session.add(row)
                session.flush()
            session.refresh(row)
            session.expunge(row)
        return row

    def is_at_work(self, row: TreeImport) -> bool:
        """True while the import works for this worker."""
        return row.state is ImportState.IMPORTING and row.worker == self.worker

    def prepare(self, row: TreeImport) -> JobFolder:
        """The folder with the job, written when it is not there yet."""
        folder = import_folder(self.study, stored_id(row))
        if not folder.has_job:
            folder.write_job(
                TreeImportJob(
                    study=self.study.root,
                    root=Path(row.root),
                    contours=row.contours,
                    naming=row.naming,
                    split=row.split,
                    dry_run=row.dry_run,
                    processes=row.processes,
                    actor=row.actor,
                    in_place=row.in_place,
                    structure_sets=row.structure_sets,
                    set_label=row.set_label,
                    reference_label=row.reference_label,
                    doses=row.doses,
                )
            )
        return folder

    def note_start(self, row: TreeImport, process: ProcessId) -> None:
        """Nothing is kept of it beside the folder's own file."""

    def take_result(self, row: TreeImport, folder: JobFolder, result: JobResult) -> None:
        """The cases are stored already; their counts are kept."""
        found = result.get(TreeImportResult)
        with transaction(self.study.engine) as session:
            present = get_import(session, stored_id(row))
            present.found = {
                **found.cases,
                "files": found.files,
                "unmatched_names": found.unmatched_names,
            }
            present.progress = folder.find_progress() or present.progress
            move_import(session, present, ImportState.DONE, actor=self.worker, now=utc_now())

    def cancel(self, row: TreeImport) -> None:
        """The import is cancelled; what was stored stays."""
        self._move(row, ImportState.CANCELLED)

    def fail(self, row: TreeImport, reason: str) -> None:
        """The import fails with a sentence."""
        self._move(row, ImportState.FAILED, reason=reason)

    def count_death(self, row: TreeImport, death: Death) -> None:
        """It is said, and a person resumes it: what killed it may still be there."""
        self.fail(row, death.describe("The importing process ended before its time"))

    def let_go(self, row_id: int) -> None:
        """The import is free for another supervisor."""
        release_row(self.study.engine, TreeImport, row_id, self.worker)

    def _move(self, row: TreeImport, state: ImportState, *, reason: str = "") -> None:
        with transaction(self.study.engine) as session:
            present = get_import(session, stored_id(row))
            present.progress = (
                import_folder(self.study, stored_id(row)).find_progress() or present.progress
            )
            move_import(session, present, state, actor=self.worker, now=utc_now(), reason=reason)
