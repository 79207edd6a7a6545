"""Writing an export: to a file or several, or as bytes for a download; each leaves an audit row.

The report is HTML, everything else a spreadsheet.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from han5k_review.errors import ConfigError
from han5k_review.exports.csv_files import build_csv, build_csv_archive
from han5k_review.exports.frames import Export, build_export
from han5k_review.exports.report import build_report
from han5k_review.exports.selection import Selection
from han5k_review.exports.workbook import build_workbook
from han5k_review.metrics import Definition
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import transaction
from han5k_review.store.files import write_atomically
from han5k_review.store.many_objects import many_objects
from han5k_review.store.study import Study

FORMATS = (".xlsx", ".csv", ".zip")
REPORT_FORMAT = ".html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What was written: the files, and the number of rows of each sheet by its title."""

    export_id: str
    paths: tuple[Path, ...]
    rows: Mapping[str, int]


def new_export_id(now: datetime) -> str:
    """A name no other export has, which sorts by time."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"


def write_export(
    study: Study,
    out: Path,
    *,
    actor: str,
    now: datetime,
    export_id: str | None = None,
    definition: Definition = Definition.SURFEL,
    what: Selection = Selection.ALL,
) -> ExportReport:
    """Export the study to `out`, whose ending chooses the format, and `what` the sheets.

    `.xlsx` one workbook; `.csv` the main sheet at `out` and every other sheet beside it, as
    `<stem>-<sheet>.csv`; `.zip` all sheets as CSV in one archive; `.html` the report. Each file is
    whole or not there. ConfigError for another ending, StorageError when the disk refuses; then
    there is no audit row.
    """
    suffix = _check_format(out.suffix, what)
    if what is Selection.REPORT:
        return _write_report(
            study, out, actor=actor, now=now, export_id=export_id, definition=definition
        )
    number = export_id or new_export_id(now)

    def build() -> tuple[dict[Path, bytes], Mapping[str, int]]:
        export = build_export(study, export_id=number, now=now, definition=definition, what=what)
        return _build_files(export, out, suffix, what), export.rows

    with many_objects():
        files, rows = build()
    with transaction(study.engine) as session:
        _audit(session, number, actor, now, subject=out.name, rows=rows)
        session.flush()
        for path, content in files.items():
            write_atomically(path, content)
    return ExportReport(export_id=number, paths=tuple(files), rows=rows)


def download_export(
    study: Study,
    suffix: str,
    *,
    actor: str,
    now: datetime,
    export_id: str | None = None,
    definition: Definition = Definition.SURFEL,
) -> bytes:
    """`.xlsx`, `.zip` (CSV) or `.html` (report) as bytes, with an audit row. Errors as above."""
    number = export_id or new_export_id(now)
    if suffix != REPORT_FORMAT:
        suffix = _check_format(suffix, Selection.ALL)

    def build() -> tuple[bytes, Mapping[str, int]]:
        if suffix == REPORT_FORMAT:
            return build_report(study, definition=definition), {}
        export = build_export(study, export_id=number, now=now, definition=definition)
        return build_workbook(export) if suffix == ".xlsx" else build_csv_archive(
            export
        ), export.rows

    with many_objects():
        content, rows = build()
    with transaction(study.engine) as session:
        _audit(session, number, actor, now, subject=f"download {suffix}", rows=rows)
    return content


def _write_report(
    study: Study,
    out: Path,
    *,
    actor: str,
    now: datetime,
    export_id: str | None,
    definition: Definition,
) -> ExportReport:
    with many_objects():
        content = build_report(study, definition=definition)
    number = export_id or new_export_id(now)
    with transaction(study.engine) as session:
        _audit(session, number, actor, now, subject=out.name, rows={})
        session.flush()
        write_atomically(out, content)
    return ExportReport(export_id=number, paths=(out,), rows={})


def _check_format(suffix: str, what: Selection) -> str:
    expected = (REPORT_FORMAT,) if what is Selection.REPORT else FORMATS
    if suffix.lower() not in expected:
        said = "the report" if what is Selection.REPORT else "the export"
        raise ConfigError(
            f"A file ending with {', '.join(expected)} was expected for {said}, found "
            f"{suffix or 'no ending'}; name such a file."
        )
    return suffix.lower()


def _build_files(export: Export, out: Path, suffix: str, what: Selection) -> dict[Path, bytes]:
    """What goes where; the file that was asked for comes last, when the others are there."""
    if suffix == ".xlsx":
        return {out: build_workbook(export)}
    if suffix == ".zip":
        return {out: build_csv_archive(export)}
    others = {
        out.with_name(f"{out.stem}-{table.key}{out.suffix}"): build_csv(table)
        for table in export.tables
        if table.key != what.main
    }
    return {**others, out: build_csv(export.get_table(what.main))}


def _audit(
    session: Session,
    export_id: str,
    actor: str,
    now: datetime,
    *,
    subject: str,
    rows: Mapping[str, int],
) -> None:
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="export",
        subject=subject,
        export_id=export_id,
        rows=dict(rows),
    )
