"""The command that writes the contours of a case for other tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from han5k_review.cli.dicom_servers import open_server, store_at
from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.errors import ConfigError, DataError
from han5k_review.exports.case_contours import read_case_contours
from han5k_review.exports.contour_files import Contour, build_nifti_archive, build_segmentation
from han5k_review.exports.dicom_files import DicomForm, build_dicom_file
from han5k_review.exports.frame_csv import build_frame_csv
from han5k_review.exports.round_trips import RoundTrip, build_round_trip_frame
from han5k_review.imaging.dicom.web_server import WebServer
from han5k_review.review.label_sets import (
    UNDER_REVIEW_KEY,
    find_label_set,
    list_label_sets,
    view_case,
)
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.files import write_atomically
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.study import get_case, grid_of
from han5k_review.texts.counts import say_count


class ContourFormat(StrEnum):
    """The forms that contours leave in."""

    RTSTRUCT = DicomForm.STRUCTURE_SET.value
    KEYHOLES = DicomForm.KEYHOLES.value
    SEG = DicomForm.SEGMENTATION.value
    SEGMENTATION = "seg.nrrd"
    NIFTI = "nifti"

    @property
    def is_dicom(self) -> bool:
        """An RTSTRUCT or a SEG."""
        return self.value in list(DicomForm)


def register(app: typer.Typer) -> None:
    """Add the command `contours`."""
    app.command("contours")(contours)


def contours(
    case: Annotated[str, typer.Argument(help="Case name.")],
    out: Annotated[Path | None, typer.Option(help="File to write.")] = None,
    format_: Annotated[
        ContourFormat,
        typer.Option("--format", help="DICOM RTSTRUCT or SEG, 3D Slicer, or a zip of NIfTI."),
    ] = ContourFormat.RTSTRUCT,
    label_set: Annotated[
        str, typer.Option("--set", help="a under review, b reference, c accepted, r1 a read.")
    ] = UNDER_REVIEW_KEY,
    structure: Annotated[
        list[str] | None, typer.Option(help="Only this structure; repeatable.")
    ] = None,
    series: Annotated[
        Path | None,
        typer.Option(help="DICOM: folder of the CT's series, to reference its images."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="DICOM: table (CSV) of how each structure came back.")
    ] = None,
    to_dicomweb: Annotated[
        str | None,
        typer.Option(help="DICOM: store it at this server (setting: HAN5K_DICOMWEB_URL)."),
    ] = None,
    study: StudyOption = None,
) -> None:
    """Write the contours of a case for a planning system or another tool."""
    _check_format(format_, {"series": series, "report": report, "to-dicomweb": to_dicomweb})
    server = _find_server(out, to_dicomweb)
    round_trips: tuple[RoundTrip, ...] = ()
    opened = open_chosen(study)
    with reading(opened.engine) as session:
        row = get_case(session, case)
        found = _read(session, opened, row, label_set, structure or [])
        session.expunge(row)
    if format_.is_dicom:
        file = build_dicom_file(
            found,
            DicomForm(format_.value),
            patient=row.patient,
            image_sha256=row.image_sha256,
            series=series,
        )
        content, round_trips = file.content, file.round_trips
    else:
        build = build_segmentation if format_ is ContourFormat.SEGMENTATION else build_nifti_archive
        content = build(found)
    if out is not None:
        write_atomically(out, content)
    if server is not None:
        store_at(server, content)
    # Only now: a report of a file that could not be written would not be true.
    _tell_round_trips(round_trips, report)
    with transaction(opened.engine) as session:
        add_audit(
            session,
            at_utc=utc_now(),
            actor=actor(),
            action="download contours",
            subject=row.name,
            format=format_.value,
            server=None if server is None else server.access.url,
            structures=[contour.structure for contour in found],
        )
    told = f"{say_count(len(found), 'structure')} of {row.name}, research use only"
    console.print(f"{out or to_dicomweb}: {told}")


def _tell_round_trips(trips: Sequence[RoundTrip], report: Path | None) -> None:
    for one in trips:
        console.print(one.sentence, markup=False)
    if report is not None:
        write_atomically(report, build_frame_csv(build_round_trip_frame(trips)))


def _find_server(out: Path | None, address: str | None) -> WebServer | None:
    if out is None and address is None:
        raise ConfigError("A file by --out, or a server by --to-dicomweb, was expected.")
    return None if address is None else open_server(address)


def _check_format(form: ContourFormat, options: Mapping[str, object]) -> None:
    for option, given in options.items():
        if given is not None and not form.is_dicom:
            raise ConfigError(
                f"--{option} goes with --format {', '.join(DicomForm)}, found {form.value}."
            )


def _read(session: Session, study: Study, row: Case, key: str, wanted: list[str]) -> list[Contour]:
    found = find_label_set(session, stored_id(row), key, view_case())
    if found is None or not found.versions:
        sets = list_label_sets(session, stored_id(row), view_case())
        keys = ", ".join(f"{one.key} ({one.name})" for one in sets if one.versions) or "none"
        raise DataError(f"{row.name}: a set of {keys} was expected for --set, found {key!r}.")
    missing = [name for name in wanted if name not in found.versions]
    if missing:
        raise DataError(
            f"{row.name}: structures of this set ({', '.join(found.versions)}) were expected, "
            f"found {', '.join(missing)}."
        )
    versions = {n: v for n, v in found.versions.items() if not wanted or n in wanted}
    return read_case_contours(session, study, grid_of(row), versions)
