"""Commands about people: accounts and who reads what."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from han5k_review.accounts.readers import add_reader, get_reader, set_active, set_password
from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.errors import DataError, RuleError
from han5k_review.review.assigning import (
    CasePool,
    Wish,
    assign_cases,
    plan_assignment,
    unassign_cases,
)
from han5k_review.review.assignment import list_worklist
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, Reader
from han5k_review.store.vocabulary import Role
from han5k_review.study import get_case
from han5k_review.texts.counts import say_count
from han5k_review.texts.text_files import read_text
from han5k_review.triage.worklist import RANDOM_SHARE, ListOrder, assign_by_doubt, plan_by_doubt

_PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="File whose first line is the password; else asked for."),
]


def register(app: typer.Typer) -> None:
    """Add the commands `reader`, `assign` and `unassign`."""
    reader = typer.Typer(help="Accounts: add, list, password, close.", no_args_is_help=True)
    reader.command("add")(add)
    reader.command("list")(list_readers)
    reader.command("password")(password)
    reader.command("close")(close)
    app.add_typer(reader, name="reader")
    app.command("assign")(assign)
    app.command("unassign")(unassign)


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
            is_first_password=True,
        )
        console.print(f"added {reader.name} ({reader.role.value}), shown as {reader.pseudonym}")
        leads = select(Reader.id).where(
            col(Reader.role).in_((Role.LEAD, Role.ADMIN)), col(Reader.active)
        )
        if session.exec(leads).first() is None:
            console.print("nobody leads this study yet: `han5k reader add NAME --role lead`")


def list_readers(study: StudyOption = None) -> None:
    """List the accounts with their role and progress."""
    with reading(open_chosen(study).engine) as session:
        for reader in session.exec(select(Reader).order_by(col(Reader.id))):
            entries = list_worklist(session, stored_id(reader))
            state = "" if reader.active else ", closed"
            console.print(
                f"{reader.name}  {reader.role.value}{state}  {reader.pseudonym}  "
                f"{sum(e.graded for e in entries)} of {sum(e.total for e in entries)} graded "
                f"in {say_count(len(entries), 'case')}"
            )


def password(name: str, password_file: _PasswordFile = None, study: StudyOption = None) -> None:
    """Set an account's password and end its sessions."""
    opened = open_chosen(study)
    secret = _read_password(password_file)
    with transaction(opened.engine) as session:
        reader = get_reader(session, name)
        set_password(
            session,
            reader,
            password=secret,
            actor=actor(),
            now=utc_now(),
            is_first_password=True,
        )
    console.print(f"password of {name} set; its sessions have ended")


def close(name: str, study: StudyOption = None) -> None:
    """Close an account; its grades stay."""
    with transaction(open_chosen(study).engine) as session:
        set_active(session, get_reader(session, name), active=False, actor=actor(), now=utc_now())
    console.print(f"{name} is closed")


def assign(
    reader: str,
    cases: Annotated[list[str] | None, typer.Argument(help="Case names; none means all.")] = None,
    unassigned: Annotated[
        bool, typer.Option("--unassigned", help="Only cases that are on nobody's list.")
    ] = False,
    most: Annotated[int | None, typer.Option(min=1, help="At most this many.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Random order; the same number gives the same order.")
    ] = None,
    doubtful_first: Annotated[
        bool,
        typer.Option(
            "--doubtful-first", help="Most doubtful first, by the newest `han5k triage compute`."
        ),
    ] = False,
    gain_first: Annotated[
        bool,
        typer.Option(
            "--gain-first", help="Most expected gain per minute first; needs scores from grades."
        ),
    ] = False,
    random_share: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="With --doubtful-first or --gain-first: the share that is drawn at random.",
        ),
    ] = RANDOM_SHARE,
    study: StudyOption = None,
) -> None:
    """Put cases on a reader's worklist: those named in their order, else by name or at random."""
    by_triage = doubtful_first or gain_first
    if cases and (unassigned or most or seed is not None or by_triage):
        raise RuleError(
            "Either case names or --unassigned, --most, --seed, --doubtful-first and --gain-first "
            "were expected."
        )
    if doubtful_first and gain_first:
        raise RuleError("One of --doubtful-first and --gain-first was expected, found both.")
    pool = CasePool.UNASSIGNED if unassigned else CasePool.NOT_MINE
    with transaction(open_chosen(study).engine) as session:
        found = get_reader(session, reader)
        if cases:
            wanted: Sequence[Case] = _get_cases(session, cases)
        elif by_triage:
            plan = plan_by_doubt(
                session,
                plan_assignment(session, found, Wish(pool=pool)),
                most=most,
                random_share=random_share,
                seed=seed or 0,
                order=ListOrder.GAIN if gain_first else ListOrder.DOUBT,
            )
            added = assign_by_doubt(session, reader=found, plan=plan, actor=actor(), now=utc_now())
            first = "most gain per minute" if gain_first else "most doubtful"
            console.print(f"{say_count(added, 'case')} assigned to {reader}, {first} first")
            return
        else:
            wish = Wish(pool=pool, most=most, seed=seed)
            wanted = plan_assignment(session, found, wish).cases
        added = assign_cases(session, reader=found, cases=wanted, actor=actor(), now=utc_now())
    console.print(f"{say_count(added, 'case')} assigned to {reader}")


def unassign(
    reader: str,
    cases: Annotated[list[str], typer.Argument(help="Case names.")],
    study: StudyOption = None,
) -> None:
    """Take cases that nobody began off a reader's worklist."""
    with transaction(open_chosen(study).engine) as session:
        found = get_reader(session, reader)
        wanted = {stored_id(case) for case in _get_cases(session, cases)}
        places = session.exec(
            select(Assignment).where(
                Assignment.reader_id == stored_id(found),
                Assignment.read_index > ADJUDICATION_INDEX,
                col(Assignment.case_id).in_(wanted),
            )
        ).all()
        if len(places) < len(wanted):
            raise DataError(
                f"Cases on {reader}'s list were expected, {len(wanted) - len(places)} of "
                f"{len(wanted)} are not on it."
            )
        ids = [stored_id(place) for place in places]
        gone = unassign_cases(
            session, reader=found, assignment_ids=ids, actor=actor(), now=utc_now()
        )
    console.print(f"{say_count(gone, 'case')} taken off {reader}'s list")


def _get_cases(session: Session, names: Sequence[str]) -> list[Case]:
    known = {name: get_case(session, name) for name in names}
    return list(known.values())
