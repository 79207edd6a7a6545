"""The commands of the audit trail: is it whole, its newest hash, a copy of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.errors import ConfigError, DataError
from han5k_review.exports.cells import fit_csv
from han5k_review.settings import get_settings
from han5k_review.store.audit import add_audit, find_audit_head, link_of
from han5k_review.store.audit_chain import build_line
from han5k_review.store.audit_check import check_audit, list_in_order
from han5k_review.store.audit_heads import append_head, is_hash, read_heads
from han5k_review.store.columns import format_utc, utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.files import write_atomically
from han5k_review.texts.counts import say_count

_COLUMNS = (
    *("number", "recorded_at_utc", "at_utc", "who", "action", "subject"),
    *("old", "new", "reason", "detail", "previous_sha256", "sha256"),
)


def register(app: typer.Typer) -> None:
    """Add the group `audit`."""
    room = typer.Typer(help="The audit trail: verify, head, export.", no_args_is_help=True)
    room.command("verify")(verify)
    room.command("head")(head)
    room.command("export")(export)
    app.add_typer(room, name="audit")


def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(help="Hash that was written down; it must be there still. Repeatable."),
    ] = None,
    heads: Annotated[
        Path | None, typer.Option(help="File of heads; default: HAN5K_AUDIT_HEADS.")
    ] = None,
    study: StudyOption = None,
) -> None:
    """Look for altered, removed, reordered or back-dated rows; exit code 2 names the first."""
    wanted = [one.strip().lower() for one in head or ()]
    for one in wanted:
        if not is_hash(one):
            raise ConfigError(f"--head: a hash of 64 digits was expected, found {one!r}.")
    kept = heads or get_settings().audit_heads
    if kept is not None and (heads is not None or kept.exists()):
        wanted += read_heads(kept)
    with reading(open_chosen(study).engine) as session:
        found = check_audit(session, wanted)
    if found.problem is not None:
        raise DataError(
            f"{found.problem} The {say_count(found.rows, 'row')} before it fit; compare with a "
            "backup and ask who has access to the database."
        )
    if found.late:
        console.print(
            f"{say_count(found.late, 'row')} tell of something done more than a day before it was "
            f"recorded (first: row {found.first_late}); ask why, if nobody imported old files"
        )
    console.print(
        f"intact: {say_count(found.rows, 'row')}, all of "
        f"{say_count(len(wanted), 'kept hash', 'kept hashes')} found; head {found.sha256}"
    )


def head(
    append: Annotated[
        Path | None, typer.Option(help="Add it to this file of heads, if it is not the last one.")
    ] = None,
    study: StudyOption = None,
) -> None:
    """Print the hash of the newest row, to write down or to keep on another machine."""
    with reading(open_chosen(study).engine) as session:
        found = find_audit_head(session)
    if found is None:
        console.print("The audit trail has no row yet.")
        return
    if append is not None:
        append_head(append, found)
    console.print(f"row {found.number}, {format_utc(found.recorded_at_utc, 'seconds')}")
    console.print(found.sha256)


def export(
    out: Annotated[
        Path, typer.Option(help="The .csv to read, or the .jsonl whose lines are what is hashed.")
    ],
    study: StudyOption = None,
) -> None:
    """Write every row of the audit trail; the export is a row of it, too."""
    if out.suffix not in (".csv", ".jsonl"):
        raise ConfigError(f"--out: a .csv or .jsonl was expected, found {out.name}.")
    with transaction(open_chosen(study).engine) as session:
        add_audit(
            session,
            at_utc=utc_now(),
            actor=actor(),
            action="export audit trail",
            subject=out.name,
        )
        lines = _csv_lines(session) if out.suffix == ".csv" else _json_lines(session)
        content = "".join(lines).encode("utf-8", "backslashreplace")
        write_atomically(out, content)
    console.print(f"{out}: the audit trail, {len(content) / 1e6:.1f} MB")


def _json_lines(session: Session) -> Iterator[str]:
    for row in list_in_order(session):
        yield build_line(link_of(row)) + "\n"


def _csv_lines(session: Session) -> Iterator[str]:
    yield _csv_line(_COLUMNS)
    for row in list_in_order(session):
        yield _csv_line(
            (
                str(row.id),
                format_utc(row.recorded_at_utc, "microseconds"),
                format_utc(row.at_utc, "microseconds"),
                row.actor,
                row.action,
                row.subject,
                *(_json(row.detail[word]) if word in row.detail else "" for word in _COLUMNS[6:9]),
                _json(row.detail),
                row.previous_sha256,
                row.sha256,
            )
        )


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv_line(cells: tuple[str, ...]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow([fit_csv(cell) for cell in cells])
    return line.getvalue()
