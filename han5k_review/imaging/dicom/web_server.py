"""A DICOMweb server: which series it has (QIDO), one series as files (WADO), storing (STOW)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dicomweb_client.web import DICOMwebClient
from pydicom import dcmread
from pydicom.dataset import Dataset
from requests import exceptions

from han5k_review.errors import ServerError, StorageError
from han5k_review.imaging.dicom.archives import MAX_BYTES, MAX_FILES
from han5k_review.imaging.dicom.datasets import FOREIGN_ERRORS, shorten_uid, tolerant_reading
from han5k_review.imaging.dicom.web_sessions import (
    WebAccess,
    WebSession,
    asking,
    cut_off,
    no_dicomweb,
)

_PAGE = 200
_MOST_PAGES = 5_000
_STUDY, _SERIES, _MODALITY = "0020000D", "0020000E", "00080060"
_PATIENT_ID, _PATIENT_NAME, _COUNT = "00100020", "00100010", "00201209"
_INSTANCE = "00080018"
_STORED_WITH_FAILURES = 409
_FAILURES = {
    0x0110: "it failed",
    0x0111: "it has one with this UID already",
    0x0122: "it takes no objects of this kind",
    0x0124: "it is not allowed",
    0xA700: "it has no room",
    0xA900: "it does not fit its kind",
    0xC000: "it cannot be understood",
}
"""Failure reasons of PS3.4 CC.2.3 and PS3.18 10.5.3 by number; A7xx and the like by 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSeries:
    """A series that a server has; `patient` is an identifier or name, never to be stored or shown.

    `instances` is how many files it says the series has; None where it does not say. `objects` are
    the UIDs of its objects, for contours: a corrected one may come in the same series.
    """

    patient: str
    study_uid: str
    series_uid: str
    modality: str
    instances: int | None = None
    objects: tuple[str, ...] = ()

    @property
    def holds_contours(self) -> bool:
        """RT structure sets or segmentations."""
        return self.modality in ("RTSTRUCT", "SEG")

    @property
    def holds_doses(self) -> bool:
        """Planned doses, or the plans that tell which CT a dose belongs to."""
        return self.modality in ("RTDOSE", "RTPLAN")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstance:
    """What a server said of one object; `refusal` is empty where it has it now."""

    uid: str
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServer:
    """A DICOMweb server; each method asks it anew."""

    access: WebAccess

    def list_series(self, *, patient: str = "", study_uid: str = "") -> tuple[RemoteSeries, ...]:
        """All series, or those of one patient identifier or study; ServerError.

        By patient and study, in the order of the server.
        """
        wanted = {"PatientID": patient, "StudyInstanceUID": study_uid}
        filters = {name: text for name, text in wanted.items() if text}
        with asking(self.access), self._open() as (client, _):
            studies = self._list(client.search_for_studies, _STUDY, {"search_filters": filters})
            found = []
            for study in studies:
                uid = _text(study, _STUDY)
                fields = {"study_instance_uid": uid, "fields": ["NumberOfSeriesRelatedInstances"]}
                for series in self._list(client.search_for_series, _SERIES, fields):
                    found.append(self._complete(client, _describe(series, study, uid)))
        return tuple(sorted(found, key=lambda one: (one.patient, one.study_uid)))

    def greet(self) -> None:
        """Whether the server answers at all; ServerError when not."""
        with asking(self.access), self._open() as (client, _):
            client.search_for_studies(limit=1)

    def retrieve_series(self, series: RemoteSeries, folder: Path) -> int:
        """Write the files of a series into `folder`, under numbers; how many they are.

        ServerError, also for fewer files than the server says it has; StorageError for a full disk.
        """
        what = f"series {shorten_uid(series.series_uid)}"
        written = 0
        with asking(self.access), self._open() as (client, session):
            instances = client.iter_series(series.study_uid, series.series_uid)
            for dataset in self._read(instances, what):
                _write(dataset, folder / f"{written:06d}.dcm", what)
                written += 1
                if written > MAX_FILES:
                    raise ServerError(f"{what}: up to {MAX_FILES} files were expected, found more.")
        if not session.is_whole:
            raise cut_off(self.access)
        if written < (series.instances or 1):
            raise ServerError(
                f"{self.access.url}: {series.instances or 'some'} files of {what} were expected, "
                f"found {written}; import again."
            )
        return written

    def store(self, files: Sequence[bytes]) -> tuple[StoredInstance, ...]:
        """Store DICOM objects; the server's answer for each. ServerError when it takes none at all.

        An object that the answer does not name, or that the server does not list afterwards, counts
        as refused: archives drop what their own rules forbid and say that all is well.
        """
        datasets = [dcmread(io.BytesIO(content)) for content in files]
        with asking(self.access), self._open() as (client, _):
            try:
                answer = client.store_instances(datasets)
            except exceptions.HTTPError as error:
                if error.response.status_code != _STORED_WITH_FAILURES:
                    raise
                answer = Dataset.from_json(error.response.json())
            stored = _uids(answer, "ReferencedSOPSequence")
            failed = {
                str(item.get("ReferencedSOPInstanceUID", "")): int(item.get("FailureReason", 0))
                for item in answer.get("FailedSOPSequence") or ()
            }
            found = []
            for dataset in datasets:
                uid = str(dataset.SOPInstanceUID)
                refusal = "" if uid in stored and uid not in failed else _explain(failed.get(uid))
                if not refusal and not _is_listed(client, dataset):
                    refusal = "the server says that it took it, but does not list it"
                found.append(StoredInstance(uid=uid, refusal=refusal))
        return tuple(found)

    def _complete(self, client: DICOMwebClient, series: RemoteSeries) -> RemoteSeries:
        if not (series.holds_contours or series.holds_doses):
            return series
        place = {
            "study_instance_uid": series.study_uid,
            "series_instance_uid": series.series_uid,
        }
        found = self._list(client.search_for_instances, _INSTANCE, place)
        return replace(series, objects=tuple(sorted(_text(one, _INSTANCE) for one in found)))

    @contextmanager
    def _open(self) -> Iterator[tuple[DICOMwebClient, WebSession]]:
        self.access.check()
        session = WebSession(self.access, MAX_BYTES)
        client = DICOMwebClient(
            self.access.url.rstrip("/"),
            session=session,
            headers={"Accept": "application/dicom+json"},
            timeout=self.access.timeout_s,
        )
        client.set_http_retry_params(retry=False)
        with session:
            yield client, session

    def _list(
        self, search: Callable[..., list[dict[str, Any]]], key: str, settings: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """All pages of a search; a server that knows no pages gives the same again, which ends."""
        found: dict[str, dict[str, Any]] = {}
        for _ in range(_MOST_PAGES):
            page = search(limit=_PAGE, offset=len(found), **settings)
            if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
                raise no_dicomweb(self.access)
            new = {uid: one for one in page if (uid := _text(one, key)) and uid not in found}
            if page and not new and not found:
                raise no_dicomweb(self.access)
            found |= new
            if len(page) < _PAGE or not new:
                break
        return list(found.values())

    def _read(self, instances: Iterator[Dataset], what: str) -> Iterator[Dataset]:
        """The objects as they come."""
        with tolerant_reading():
            while True:
                try:
                    dataset = next(instances, None)
                except exceptions.RequestException:
                    raise
                except FOREIGN_ERRORS as error:
                    raise _damaged(what) from error
                if dataset is None:
                    return
                yield dataset


def _write(dataset: Dataset, path: Path, what: str) -> None:
    try:
        dataset.save_as(path, enforce_file_format=True)
    except OSError as error:
        raise StorageError(
            f"{path.parent}: room for {what} was expected, found: {error.strerror}; free space, or "
            "name another folder with --spool."
        ) from error
    except FOREIGN_ERRORS as error:
        raise _damaged(what) from error


def _damaged(what: str) -> ServerError:
    return ServerError(
        f"{what}: whole DICOM files were expected, found one that is damaged or cut off; import "
        "again, or ask who runs the server."
    )


def _describe(series: Mapping[str, Any], study: Mapping[str, Any], uid: str) -> RemoteSeries:
    patient = _text(series, _PATIENT_ID) or _text(study, _PATIENT_ID)
    count = _text(series, _COUNT)
    return RemoteSeries(
        patient=patient or _text(study, _PATIENT_NAME) or uid,
        study_uid=uid,
        series_uid=_text(series, _SERIES),
        modality=_text(series, _MODALITY).upper(),
        instances=int(count) if count.isdigit() else None,
    )


def _text(item: Mapping[str, Any], tag: str) -> str:
    """The first value of an element in the DICOM JSON model (PS3.18 F); empty without one."""
    values = (item.get(tag) or {}).get("Value") or [""]
    first = values[0]
    if isinstance(first, dict):
        first = first.get("Alphabetic", "")
    return str(first or "").strip()


def _uids(answer: Dataset, name: str) -> set[str]:
    return {str(item.get("ReferencedSOPInstanceUID", "")) for item in answer.get(name) or ()}


def _is_listed(client: DICOMwebClient, dataset: Dataset) -> bool:
    uid = str(dataset.SOPInstanceUID)
    place = (str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID))
    try:
        listed = client.search_for_instances(*place, search_filters={"SOPInstanceUID": uid})
    except exceptions.HTTPError:
        return False
    return any(_text(one, _INSTANCE) == uid for one in listed)


def _explain(reason: int | None) -> str:
    if reason is None:
        return "the server does not say that it has it"
    words = (
        _FAILURES.get(reason) or _FAILURES.get(reason & 0xFF00) or _FAILURES.get(reason & 0xF000)
    )
    return f"the server says that {words or 'it failed'} (reason {reason:04X})"
