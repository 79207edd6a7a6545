"""Commands about proposals: make a round of one structure, list them, withdraw what waits."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from han5k_review.background import Desk, Hand, Steps
from han5k_review.cli.scores import stop_on_interrupt
from han5k_review.cli.session import (
    ReasonOption,
    StudyOption,
    actor,
    console,
    decide,
    open_chosen,
    progress_bar,
)
from han5k_review.proposing.background import end_round
from han5k_review.proposing.deciding import withdraw_round
from han5k_review.proposing.rounds import RoundReport, RoundStep, RoundWatch, make_round
from han5k_review.review.proposals import list_proposals
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.work_tables import WorkKind
from han5k_review.study import read_study_catalogue
from han5k_review.texts.counts import say_count

_STOPPED = 130  # the exit code of a program that Ctrl-C ended


def register(app: typer.Typer) -> None:
    """Add the commands `propose` and `proposal`."""
    app.command("propose")(propose)
    proposal = typer.Typer(help="Proposals: list, withdraw.", no_args_is_help=True)
    proposal.command("list")(list_all)
    proposal.command("withdraw")(withdraw)
    app.add_typer(proposal, name="proposal")


def propose(
    structure: str,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be proposed.")] = False,
    study: StudyOption = None,
) -> None:
    """Learn from accepted revisions of a structure, and propose the same change in other cases."""
    opened = open_chosen(study)
    catalogue = read_study_catalogue(opened)
    name = catalogue.find_name(structure) or catalogue.get_structure(structure).name
    with progress_bar() as bar, stop_on_interrupt() as stop:
        task = bar.add_task(name, total=None)
        hand = Hand(cancel=stop)

        def show(step: RoundStep) -> None:
            bar.update(task, completed=step.done, total=step.total)
            hand.steps = Steps(done=step.done, total=step.total)

        desk = Desk(study=opened, kind=WorkKind.ROUND)
        with nullcontext() if dry_run else desk.hold(name, hand, actor=actor()):
            report = make_round(
                opened,
                name,
                actor=actor(),
                clock=utc_now,
                watch=RoundWatch(progress=show, cancel=stop),
                dry_run=dry_run,
            )
            hand.ending = end_round(report)
    if report.is_cancelled:
        console.print("Stopped; nothing was stored.")
        raise typer.Exit(_STOPPED)
    _tell(report)
    if dry_run:
        console.print("dry run: nothing was stored")


def _tell(report: RoundReport) -> None:
    gains = ", ".join(f"{gain:+.3f}" for gain in report.gains)
    console.print(
        f"{report.structure}: learned from {say_count(len(report.gains), 'accepted revision')}; "
        f"gain in Dice of each by the others {gains}; lower bound of the mean "
        f"{report.lowest_gain:+.3f}; alike (-1 to 1) {report.likeness:+.2f}"
    )
    if not report.is_systematic:
        console.print("no systematic change: no proposal is made")
    for one in report.made:
        console.print(f"{one.site.case.name}: proposed, predicted gain {one.gain:+.3f}")
    for case, reason in report.skipped.items():
        console.print(f"{case}: skipped: {reason}")
    number = "" if report.round_id is None else f" in round {report.round_id}"
    console.print(f"{say_count(len(report.made), 'proposal')}{number}, none counts until taken")


def list_all(study: StudyOption = None) -> None:
    """List the proposals, newest first, and where each stands."""
    with reading(open_chosen(study).engine) as session:
        for view in reversed(list_proposals(session)):
            one = view.proposal
            console.print(
                f"{one.id}  round {one.round_id}  {view.case} {view.contour.structure}  "
                f"{one.gain:+.3f}  {view.standing}"
            )


def withdraw(round_number: int, reason: ReasonOption, study: StudyOption = None) -> None:
    """Withdraw the proposals of a round that still wait; what was taken stays."""
    decide(
        study,
        withdraw_round,
        round_number,
        lambda count: f"{say_count(count, 'proposal')} of round {round_number} withdrawn",
        reason=reason,
    )
