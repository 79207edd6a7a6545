"""Commands about sign-ins: who is signed in, and ending it."""

from __future__ import annotations

from typing import Annotated

import typer

from han5k_review.accounts.readers import get_reader, sign_out_everywhere
from han5k_review.accounts.sessions import end_session, list_sessions, set_limits
from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.errors import RuleError
from han5k_review.settings import get_settings
from han5k_review.store.columns import format_utc, utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id


def register(app: typer.Typer) -> None:
    """Add the command `accounts`."""
    accounts = typer.Typer(help="Sign-ins of accounts: list, end.", no_args_is_help=True)
    accounts.command("sessions")(sessions)
    accounts.command("sign-out")(sign_out)
    app.add_typer(accounts, name="accounts")


def sessions(
    name: Annotated[str | None, typer.Argument(help="Account; none means all.")] = None,
    study: StudyOption = None,
) -> None:
    """List the sign-ins that are open, last used first."""
    settings = get_settings()
    limits = set_limits(settings.session_hours, settings.idle_minutes)
    with reading(open_chosen(study).engine) as session:
        wanted = None if name is None else stored_id(get_reader(session, name))
        for row, reader in list_sessions(session, limits, utc_now(), wanted):
            console.print(
                f"{row.id}  {reader.name}  since {format_utc(row.made_at_utc, 'minutes')}  "
                f"last used {format_utc(row.seen_at_utc, 'minutes')}  "
                f"{row.address or 'unknown address'}  {row.user_agent}"
            )


def sign_out(
    name: Annotated[str | None, typer.Argument(help="Account, all of whose sign-ins end.")] = None,
    number: Annotated[
        int | None, typer.Option("--session", help="Only this one, by its number in the list.")
    ] = None,
    study: StudyOption = None,
) -> None:
    """End every sign-in of an account, or one by its number."""
    if (name is None) == (number is None):
        raise RuleError("The name of an account or --session NUMBER was expected.")
    with transaction(open_chosen(study).engine) as session:
        if name is not None:
            reader = get_reader(session, name)
            sign_out_everywhere(session, reader, actor=actor(), now=utc_now())
            console.print(f"{reader.name} is signed out everywhere")
        elif number is not None:
            end_session(session, number, by=actor(), now=utc_now())
            console.print(f"sign-in {number} has ended")
