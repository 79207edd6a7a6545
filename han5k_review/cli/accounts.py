"""Commands about ways in: who is signed in, personal tokens, and ending both."""

from __future__ import annotations

from typing import Annotated

import typer

from han5k_review.accounts.readers import get_reader, sign_out_everywhere
from han5k_review.accounts.sessions import end_session, list_sessions, set_limits
from han5k_review.accounts.tokens import (
    MOST_DAYS,
    USUAL_DAYS,
    TokenWish,
    end_token,
    list_tokens,
    make_token,
)
from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.errors import RuleError
from han5k_review.settings import get_settings
from han5k_review.store.columns import format_utc, utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.vocabulary import Scope


def register(app: typer.Typer) -> None:
    """Add the command `accounts`."""
    accounts = typer.Typer(
        help="Sign-ins and tokens of accounts: list, end; make a token.", no_args_is_help=True
    )
    accounts.command("sessions")(sessions)
    accounts.command("sign-out")(sign_out)
    accounts.command("tokens")(tokens)
    accounts.command("make-token")(make)
    accounts.command("end-token")(end)
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
    name: Annotated[
        str | None, typer.Argument(help="Account; all its sign-ins and tokens end.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--session", help="Only this one, by its number in the list.")
    ] = None,
    study: StudyOption = None,
) -> None:
    """End every sign-in and token of an account, or one sign-in by its number."""
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


def tokens(
    name: Annotated[str | None, typer.Argument(help="Account; none means all.")] = None,
    study: StudyOption = None,
) -> None:
    """List the personal tokens that open something, newest first."""
    with reading(open_chosen(study).engine) as session:
        wanted = None if name is None else stored_id(get_reader(session, name))
        for row, reader in list_tokens(session, utc_now(), wanted):
            seen = row.seen_at_utc
            used = "never used" if seen is None else f"last used {format_utc(seen, 'minutes')}"
            console.print(
                f"{row.id}  {reader.name}  {row.name}  {', '.join(row.scopes)}  "
                f"until {format_utc(row.expires_at_utc, 'minutes')}  {used}"
            )


def make(
    account: Annotated[str, typer.Argument(help="Account that the token stands for.")],
    scope: Annotated[list[Scope], typer.Option(help="What it is for; repeatable.")],
    name: Annotated[str, typer.Option(help="What it is called in lists.")] = "command line",
    days: Annotated[int, typer.Option(help=f"How long, at most {MOST_DAYS} days.")] = USUAL_DAYS,
    study: StudyOption = None,
) -> None:
    """Make a personal token and print it, once."""
    wish = TokenWish(name=name, scopes=scope, days=days)
    with transaction(open_chosen(study).engine) as session:
        reader = get_reader(session, account)
        value = make_token(session, reader, wish, actor=actor(), now=utc_now())
    console.print(value)


def end(
    number: Annotated[int, typer.Argument(help="Its number in the list.")],
    study: StudyOption = None,
) -> None:
    """End a personal token."""
    with transaction(open_chosen(study).engine) as session:
        end_token(session, number, by=actor(), now=utc_now())
    console.print(f"token {number} has ended")
