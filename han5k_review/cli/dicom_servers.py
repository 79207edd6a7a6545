"""What commands say and ask of a DICOMweb server: import from it, store to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.cli.session import actor, console, progress_bar
from han5k_review.errors import ConfigError, DataError, ServerError
from han5k_review.imaging.dicom.datasets import shorten_uid
from han5k_review.imaging.dicom.web_server import WebServer
from han5k_review.imaging.dicom.web_sessions import WebAccess
from han5k_review.importing.remote_imports import RemoteOrder, import_remote
from han5k_review.importing.remote_patients import RemotePatient, build_remote_patients
from han5k_review.importing.reports import ImportReport
from han5k_review.importing.tree_sources import TreeSources, write_patient_table
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.study import Study
from han5k_review.texts.counts import say_count
from han5k_review.workforce import open_executor

SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFilters:
    """Which patient and study of a server; empty for all."""

    patient: str = ""
    study_uid: str = ""


def open_server(address: str) -> WebServer:
    """The server at an address, or with `setting` that of the settings; ConfigError."""
    settings = get_settings()
    url = settings.dicomweb_url if address == SETTING else address
    if url is None:
        raise ConfigError(
            "The address of a DICOMweb server was expected in HAN5K_DICOMWEB_URL, found none."
        )
    secret = settings.dicomweb_authorization
    access = WebAccess(
        url=url,
        authorization=None if secret is None else secret.get_secret_value(),
        authorities=settings.dicomweb_authorities,
    )
    access.check()
    if access.is_readable_on_its_way:
        console.print(f"warning: {url} is not https: the authorization can be read on its way.")
    return WebServer(access=access)


def list_patients(
    study: Study, order: RemoteOrder, filters: ServerFilters, who: Path | None
) -> tuple[RemotePatient, ...]:
    """The patients that the server has, said one by one; DataError when there is none."""
    series = order.server.list_series(patient=filters.patient, study_uid=filters.study_uid)
    patients = build_remote_patients(series, study, order.choice)
    if not patients:
        found = say_count(len(series), "other series", "other series") if series else "none"
        raise DataError(
            f"{order.server.access.url}: a CT series was expected, found {found}; look at "
            "--patient-id and --study-uid."
        )
    for patient in patients:
        console.print(patient.sentence)
    if who is not None:
        behind = {one.pseudonym: one.identifier for one in patients}
        write_patient_table(who, TreeSources(sources=(), patients=behind))
        console.print(f"{who}: who is behind each name; keep it in the hospital.")
    console.print(f"{say_count(len(patients), 'patient')} at the server.")
    return patients


def import_patients(
    study: Study,
    catalogue: Catalogue,
    patients: Sequence[RemotePatient],
    order: RemoteOrder,
    processes: int | None,
) -> ImportReport:
    """Import the patients, with a bar."""
    workers = min(processes or get_settings().processes, len(patients), order.at_once)
    with progress_bar() as bar, open_executor(workers) as executor:
        task = bar.add_task("retrieving", total=len(patients))

        def show(done: int, _total: int) -> None:
            bar.update(task, completed=done)

        return import_remote(
            study,
            catalogue,
            patients,
            order,
            actor=actor(),
            now=utc_now,
            executor=executor,
            told=show,
        )


def store_at(server: WebServer, content: bytes) -> None:
    """Store one DICOM object; says what the server answered, ServerError where it refuses."""
    [stored] = server.store([content])
    uid = shorten_uid(stored.uid)
    if stored.refusal:
        raise ServerError(
            f"{server.access.url}: the object {uid} was to be stored; {stored.refusal}."
        )
    console.print(f"{server.access.url}: has the object {uid} now")
