"""Remote imports: patients of a DICOMweb server, retrieved a few at a time and imported as a tree.

Never more than `at_once` patients lie on the disk outside the study. What a server does wrong with
one patient refuses that patient; a server that is gone ends the import, and the next goes on there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import DataError, ServerError, StorageError
from han5k_review.imaging.dicom.spools import open_spool
from han5k_review.imaging.dicom.web_server import WebServer
from han5k_review.importing.remote_patients import AUDIT_ACTION, RemotePatient, is_retrieved
from han5k_review.importing.reports import CaseOutcome, CaseReport, ImportReport
from han5k_review.importing.tree_imports import (
    TreeOrder,
    find_tree_sources,
    import_tree,
)
from han5k_review.importing.tree_sources import TreeChoice
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study

AT_ONCE = 4
Told = Callable[[int, int], None]
"""How many patients are done, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOrder:
    """How patients of a server are imported; `choice` as for a tree.

    `deep` retrieves again what the server lists as it did at the last import. `spool` is where
    files lie meanwhile (None: the system's folder for such).
    """

    server: WebServer
    choice: TreeChoice = field(default_factory=TreeChoice)
    at_once: int = AT_ONCE
    spool: Path | None = None
    deep: bool = False


def import_remote(
    study: Study,
    catalogue: Catalogue,
    patients: Sequence[RemotePatient],
    order: RemoteOrder,
    *,
    actor: str,
    now: Callable[[], datetime],
    executor: Executor | None = None,
    told: Told | None = None,
) -> ImportReport:
    """Import the patients; can be killed at any moment and called again.

    ServerError when the server is gone or no longer lets us in; what is imported stays.
    """
    order.choice.sets.check(order.choice.contours)
    cases: list[CaseReport] = []
    done = 0
    waiting, known = _sort_out(study, patients, deep=order.deep)
    cases += known
    with open_spool(order.spool) as spool:
        remaining = iter(waiting)
        while batch := tuple(islice(remaining, order.at_once)):
            refused = tuple(_retrieve(batch, order, spool))
            tree = TreeOrder(root=spool, choice=order.choice, deep=True)
            found = find_tree_sources(study, tree, executor=executor)
            report = import_tree(
                study, catalogue, found, tree, actor=actor, now=now, executor=executor
            )
            _note(study, batch, (*report.cases, *refused), actor=actor, now_utc=now())
            cases += (*(_name_origin(case) for case in report.cases), *refused)
            done += len(batch)
            if told is not None:
                told(len(patients) - len(waiting) + done, len(patients))
            for patient in batch:
                shutil.rmtree(spool / patient.pseudonym, ignore_errors=True)
    return ImportReport(cases=tuple(cases), dry_run=False, deep=True)


def _sort_out(
    study: Study, patients: Sequence[RemotePatient], *, deep: bool
) -> tuple[list[RemotePatient], list[CaseReport]]:
    """The patients to retrieve; of the others it is reported that nothing changed."""
    with reading(study.engine) as session:
        known = [one for one in patients if not deep and is_retrieved(session, one)]
    same = {one.pseudonym for one in known}
    reports = [
        CaseReport(name=one.pseudonym, origin="server", outcome=CaseOutcome.UNCHANGED)
        for one in known
    ]
    return [one for one in patients if one.pseudonym not in same], reports


def _retrieve(
    batch: Sequence[RemotePatient], order: RemoteOrder, spool: Path
) -> Iterator[CaseReport]:
    """Fill one folder per patient; a patient of whom something is missing is refused whole."""
    for patient in batch:
        folder = spool / patient.pseudonym
        try:
            for number, series in enumerate(patient.series):
                inside = folder / f"{number:03d}"
                inside.mkdir(parents=True)
                order.server.retrieve_series(series, inside)
        except StorageError:
            raise
        except DataError as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, ServerError):
                order.server.greet()
            yield CaseReport(
                name=patient.pseudonym,
                origin="server",
                outcome=CaseOutcome.REFUSED,
                refusal=str(error),
            )


def _name_origin(case: CaseReport) -> CaseReport:
    return replace(case, origin=f"server, {case.origin}")


def _note(
    study: Study,
    batch: Sequence[RemotePatient],
    reports: Sequence[CaseReport],
    *,
    actor: str,
    now_utc: datetime,
) -> None:
    """What the server listed of those who came in whole, so that they need not come again."""
    refused = {
        part
        for case in reports
        if case.outcome is CaseOutcome.REFUSED
        for part in (case.name, case.origin.split("/")[0])
    }
    with transaction(study.engine) as session:
        for patient in batch:
            if patient.pseudonym not in refused:
                add_audit(
                    session,
                    at_utc=now_utc,
                    actor=actor,
                    action=AUDIT_ACTION,
                    subject=f"patient {patient.pseudonym}",
                    listed=patient.listed,
                )
