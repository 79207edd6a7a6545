"""Commands about the reader study: its protocol, its size, and who reads what."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import Session, col, select

from han5k_review.accounts.readers import get_reader
from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.cli.study_printing import print_reads, print_study
from han5k_review.protocol.handing_over import describe_hand_over, hand_over, plan_hand_over
from han5k_review.protocol.leases import list_expired, return_expired
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import (
    Change,
    build_protocol,
    find_freeze,
    get_version,
    list_versions,
    read_facts,
    set_protocol,
)
from han5k_review.protocol.size import SECONDS_PER_GRADE, plan_study
from han5k_review.protocol.values import NAMES, change_protocol, find_preset
from han5k_review.protocol.words import describe_protocol
from han5k_review.review.pauses import pause_reading, resume_reading
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Preset, Role
from han5k_review.study import list_cases
from han5k_review.texts.counts import say_count

_Yes = Annotated[bool, typer.Option("--yes", help="Write it without asking.")]
_Changes = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME=VALUE]...", help=f"Other values; names: {', '.join(NAMES)}."),
]


def register(app: typer.Typer) -> None:
    """Add the group `study`."""
    room = typer.Typer(
        help="The reader study: protocol, size, who reads what, pauses.", no_args_is_help=True
    )
    for name, command in (
        ("show", show),
        ("set", set_values),
        ("plan", plan),
        ("assign", assign),
        ("pause", pause),
        ("resume", resume),
        ("reassign", reassign),
        ("replace", replace_reader),
        ("return", return_reads),
    ):
        room.command(name)(command)
    app.add_typer(room, name="study")


def show(study: StudyOption = None) -> None:
    """Show the protocol in force, its versions, and when it was frozen."""
    with reading(open_chosen(study).engine) as session:
        present = get_version(session)
        table = Table("value", "", box=None, show_header=False)
        for line in describe_protocol(build_protocol(present)):
            table.add_row(line.title, line.value)
        console.print(table)
        for row in list_versions(session):
            why = f": {row.reason}" if row.reason else ""
            console.print(
                f"version {row.number}  {row.created_at_utc:%Y-%m-%d %H:%M} UTC  {row.actor}{why}"
            )
        frozen_at = find_freeze(session)
        if frozen_at is not None:
            console.print(f"frozen since the first grade, {frozen_at:%Y-%m-%d %H:%M} UTC")


def set_values(
    preset: Annotated[
        str,
        typer.Argument(help=f"{', '.join(Preset)}; or `present`, to change the protocol in force."),
    ],
    changes: _Changes = None,
    reason: Annotated[str, typer.Option(help="Why; needed after the first grade.")] = "",
    study: StudyOption = None,
) -> None:
    """Make a preset, with other values if given, the protocol; a new version each time."""
    opened = open_chosen(study)
    with transaction(opened.engine) as session:
        facts = read_facts(session, opened)
        if preset == "present":
            base = build_protocol(get_version(session))
        else:
            base = build_preset(find_preset(preset), facts)
        row = set_protocol(
            session,
            change_protocol(base, changes or []),
            facts,
            change=Change(actor=actor(), now=utc_now(), reason=reason),
        )
        number = row.number
    console.print(f"version {number} of the protocol is in force")
    show(study)


def plan(
    preset: Annotated[
        str, typer.Argument(help=f"`present` or one of {', '.join(Preset)}.")
    ] = "present",
    changes: _Changes = None,
    cases: Annotated[int | None, typer.Option(help="Cases to read; else all there are.")] = None,
    readers: Annotated[int | None, typer.Option(help="Readers; else all with that role.")] = None,
    seconds: Annotated[float, typer.Option(help="Seconds per grade.")] = SECONDS_PER_GRADE,
    study: StudyOption = None,
) -> None:
    """How many cases, readers and repeats: what they show, and expert time. Writes nothing."""
    opened = open_chosen(study)
    with reading(opened.engine) as session:
        facts = read_facts(session, opened)
        present = preset == "present"
        base = (
            build_protocol(get_version(session))
            if present
            else build_preset(find_preset(preset), facts)
        )
        count = len(_list_readers(session, None))
    print_study(
        plan_study(
            change_protocol(base, changes or []),
            cases=len(facts.cases) if cases is None else cases,
            readers=count if readers is None else readers,
            seconds_per_grade=seconds,
        )
    )


def assign(
    reader: Annotated[
        list[str] | None, typer.Option(help="Who reads; else every account with that role.")
    ] = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="At most this many new cases, drawn at random.")
    ] = None,
    yes: _Yes = False,
    study: StudyOption = None,
) -> None:
    """Put new cases on the lists by the protocol; shows the plan first."""
    opened = open_chosen(study)
    with reading(opened.engine) as session:
        ids = tuple(stored_id(one) for one in _list_readers(session, reader))
        wish = ReadWish(reader_ids=ids, most_cases=most)
        found = plan_reads(session, wish)
    print_reads(found)
    if found.reads and _confirm(yes):
        with transaction(opened.engine) as session:
            count = assign_reads(session, opened, wish, seen=found, actor=actor(), now=utc_now())
        console.print(f"{say_count(count, 'read')} assigned")


def pause(
    reason: Annotated[str, typer.Option(help="Why; the readers see it.")],
    reader: Annotated[str | None, typer.Argument(help="Whom; else everybody.")] = None,
    study: StudyOption = None,
) -> None:
    """Offer no further case, to one reader or to all."""
    with transaction(open_chosen(study).engine) as session:
        whom = None if reader is None else get_reader(session, reader)
        pause_reading(session, whom, reason=reason, actor=actor(), now=utc_now())
    console.print(f"reading of {reader or 'all readers'} is paused")


def resume(
    reader: Annotated[str | None, typer.Argument(help="Whom; else everybody.")] = None,
    study: StudyOption = None,
) -> None:
    """Let reading go on."""
    with transaction(open_chosen(study).engine) as session:
        whom = None if reader is None else get_reader(session, reader)
        resume_reading(session, whom, actor=actor(), now=utc_now())
    console.print(f"reading of {reader or 'all readers'} goes on")


def reassign(
    leaving: Annotated[str, typer.Argument(help="Whose reads.")],
    coming: Annotated[str, typer.Argument(help="Who gets them.")],
    cases: Annotated[list[str], typer.Argument(help="Case names.")],
    yes: _Yes = False,
    study: StudyOption = None,
) -> None:
    """Give reads that nobody began to another reader."""
    _move(leaving, coming, cases, yes=yes, study=study)


def replace_reader(
    leaving: Annotated[str, typer.Argument(help="Who leaves.")],
    coming: Annotated[str, typer.Argument(help="Who takes over.")],
    yes: _Yes = False,
    study: StudyOption = None,
) -> None:
    """Give all that a reader has not finished to another; done work is kept."""
    _move(leaving, coming, None, yes=yes, study=study)


def return_reads(yes: _Yes = False, study: StudyOption = None) -> None:
    """Give what is left of reads whose time ran out to other readers; done work is kept."""
    opened = open_chosen(study)
    with transaction(opened.engine) as session:
        over = list_expired(session, utc_now())
        for lease in over:
            console.print(
                f"{lease.reader}  {lease.case}  {lease.done} of {lease.total} done  "
                f"until {lease.ends_at_utc:%Y-%m-%d %H:%M} UTC"
            )
        if not over:
            console.print("no begun read is over its time")
        elif _confirm(yes):
            done = return_expired(session, actor=actor(), now=utc_now())
            console.print(f"{say_count(done.moved, 'read')} went to other readers")
            if done.kept:
                console.print(f"nobody else can read, they stay: {', '.join(done.kept)}")


def _move(
    leaving: str, coming: str, cases: list[str] | None, *, yes: bool, study: StudyOption
) -> None:
    opened = open_chosen(study)
    with transaction(opened.engine) as session:
        first, second = get_reader(session, leaving), get_reader(session, coming)
        names = None if cases is None else {row.name for row in list_cases(session, cases)}
        found = plan_hand_over(session, leaving=first, coming=second, cases=names)
        console.print(describe_hand_over(found, leaving, coming))
        if _confirm(yes):
            count = hand_over(
                session, found, leaving=first, coming=second, actor=actor(), now=utc_now()
            )
            console.print(f"{say_count(count, 'read')} on {coming}'s list")


def _confirm(yes: bool) -> bool:
    """True when it was asked for, or answered with yes; without a terminal nothing is written."""
    if yes:
        return True
    if not sys.stdin.isatty():
        console.print("nothing is written; add --yes")
        return False
    return typer.confirm("Write it?")


def _list_readers(session: Session, names: list[str] | None) -> list[Reader]:
    if names:
        return [get_reader(session, name) for name in names]
    query = select(Reader).where(Reader.role == Role.READER, col(Reader.active))
    return list(session.exec(query.order_by(col(Reader.id))))
