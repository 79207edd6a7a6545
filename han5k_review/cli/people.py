"""Commands about people: accounts and who reads what."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from han5k_review.accounts.readers import add_reader, get_reader, set_active, set_password
from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.errors import DataError
from han5k_review.review.assignment import assign_cases, list_worklist
from han5k_review.store.cases import find_case
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Case, Reader
from han5k_review.store.vocabulary import Role
from han5k_review.texts.text_files import read_text

_PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="File whose first line is the password; else asked for."),
]


def register(app: typer.Typer) -> None:
    """Add the commands `reader` and `assign`."""
    reader = typer.Typer(help="Accounts: add, list, password, close.", no_args_is_help=True)
    reader.command("add")(add)
    reader.command("list")(list_readers)
    reader.command("password")(password)
    reader.command("close")(close)
    app.add_typer(reader, name="reader")
    app.command("assign")(assign)


def _read_password(file: Path | None) -> str:
    if file is not None:
        first = read_text(file).split("\n", 1)[0].removesuffix("\r")
        if not first:
            raise DataError(f"A password was expected in the first line of {file}, found none.")
        return first
    if not sys.stdin.isatty():
        raise DataError("A password was expected; give --password-file or run it in a terminal.")
    try:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    except typer.Abort as error:
        raise KeyboardInterrupt from error


def add(
    name: str,
    role: Annotated[Role, typer.Option(help="What the person is in the study.")] = Role.READER,
    pseudonym: Annotated[str | None, typer.Option(help="What exports show; else R01, ...")] = None,
    password_file: _PasswordFile = None,
    study: StudyOption = None,
) -> None:
    """Add an account."""
    opened = open_chosen(study)
    secret = _read_password(password_file)
    with transaction(opened.engine) as session:
        reader = add_reader(
            session,
            name=name,
            password=secret,
            role=role,
            pseudonym=pseudonym,
            actor=actor(),
            now=utc_now(),
        )
        console.print(f"added {reader.name} ({reader.role.value}), shown as {reader.pseudonym}")


def list_readers(study: StudyOption = None) -> None:
    """List the accounts with their role and progress."""
    with reading(open_chosen(study).engine) as session:
        for reader in session.exec(select(Reader).order_by(col(Reader.id))):
            entries = list_worklist(session, reader.id or 0)
            state = "" if reader.active else ", closed"
            console.print(
                f"{reader.name}  {reader.role.value}{state}  {reader.pseudonym}  "
                f"{sum(e.graded for e in entries)} of {sum(e.total for e in entries)} graded "
                f"in {len(entries)} cases"
            )


def password(name: str, password_file: _PasswordFile = None, study: StudyOption = None) -> None:
    """Set an account's password and end its sessions."""
    opened = open_chosen(study)
    secret = _read_password(password_file)
    with transaction(opened.engine) as session:
        reader = get_reader(session, name)
        set_password(session, reader, password=secret, actor=actor(), now=utc_now())
    console.print(f"password of {name} set; its sessions have ended")


def close(name: str, study: StudyOption = None) -> None:
    """Close an account; its grades stay."""
    with transaction(open_chosen(study).engine) as session:
        set_active(session, get_reader(session, name), active=False, actor=actor(), now=utc_now())
    console.print(f"{name} is closed")


def assign(
    reader: str,
    cases: Annotated[list[str] | None, typer.Argument(help="Case names; none means all.")] = None,
    study: StudyOption = None,
) -> None:
    """Put cases on a reader's worklist, in the given order."""
    with transaction(open_chosen(study).engine) as session:
        names = cases or list(session.exec(select(Case.name).order_by(col(Case.name))))
        wanted = {name: find_case(session, name) for name in names}
        missing = [name for name, case in wanted.items() if case is None]
        if missing:
            raise DataError(f"Cases of the study were expected, found {', '.join(missing)}.")
        added = assign_cases(
            session,
            reader=get_reader(session, reader),
            cases=[case for case in wanted.values() if case is not None],
            actor=actor(),
            now=utc_now(),
        )
    console.print(f"{added} cases assigned to {reader}")
