"""The door of the command line: commands by table, every error as one sentence.

Exit codes: 0 done, 1 an error of the program itself, 2 something to mend, 130 Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.text import Text

from han5k_review.cli.command_table import TableGroup
from han5k_review.cli.misuse import describe_misuse
from han5k_review.cli.unforeseen_errors import describe_fault, let_every_text_be_printed
from han5k_review.errors import Han5kError
from han5k_review.texts.paths import describe_unreadable, is_refused_path

_FAULT, _REFUSED, _INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error of the tree is printed as its sentence and exits with 2.

    Any other error is written to a log file and exits with 1. `arguments` None means those of the
    process.
    """
    let_every_text_be_printed()
    han5k = TableGroup(
        name="han5k",
        help="Grade, revise, measure and retrain head-and-neck pseudo-labels. Research use only; "
        "not a medical device.",
        no_args_is_help=True,
    )
    try:
        ended = han5k(args=arguments, prog_name="han5k", standalone_mode=False)
    except typer.TyperException as error:
        if said := describe_misuse(error):
            _say(said)
        sys.exit(_REFUSED)
    except typer.Abort:
        _say("Stopped at a question; nothing more was done.")
        sys.exit(_FAULT)
    except Han5kError as error:
        _say(str(error))
        sys.exit(_REFUSED)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last resort: no command ends in a traceback
        if is_refused_path(error):
            _say(describe_unreadable(error))
            sys.exit(_REFUSED)
        _say(describe_fault(error, sys.argv[1:] if arguments is None else arguments))
        sys.exit(_FAULT)
    sys.exit(ended if isinstance(ended, int) else 0)


def _say(sentence: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    console.print(Text.assemble(("error:", "bold red"), " ", sentence))
