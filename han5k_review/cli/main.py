"""The door of the command line: commands by room, errors as one sentence, exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from rich.console import Console

from han5k_review import __version__
from han5k_review.cli import cases, models, people, retraining, revising, scores, studies
from han5k_review.cli.reference import render_reference
from han5k_review.errors import Han5kError

app = typer.Typer(
    name="han5k",
    help="Grade, revise, measure and retrain head-and-neck pseudo-labels. Research use only; "
    "not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
studies.register(app)
cases.register(app)
revising.register(app)
people.register(app)
scores.register(app)
retraining.register(app)
models.register(app)


@app.command()
def version() -> None:
    """Print the version."""
    Console().print(__version__)


@app.command()
def reference() -> None:
    """Print the page docs/commands.md."""
    sys.stdout.write(render_reference(app))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error of the tree is printed as its sentence and exits with 2.

    `arguments` None means those of the process.
    """
    try:
        app(args=arguments)
    except Han5kError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"[bold red]error:[/] {error}", markup=True
        )
        sys.exit(2)
