"""The door of the command line: commands by table, errors as one sentence, exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from han5k_review.cli.command_table import TableGroup
from han5k_review.errors import Han5kError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error of the tree is printed as its sentence and exits with 2.

    `arguments` None means those of the process.
    """
    han5k = TableGroup(
        name="han5k",
        help="Grade, revise, measure and retrain head-and-neck pseudo-labels. Research use only; "
        "not a medical device.",
        no_args_is_help=True,
    )
    try:
        han5k(args=arguments, prog_name="han5k")
    except Han5kError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"[bold red]error:[/] {error}", markup=True
        )
        sys.exit(2)
