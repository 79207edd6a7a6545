"""Every command's word, module and one line of help; the module is imported when it is called.

A command imports what it needs at the top of its module, as everywhere; this table is the one
place that knows modules by name only, so that `han5k --help` and a quick command stay quick.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """Where a command is: `module` of this package, whose `register` adds it to an app."""

    module: str
    help: str


def _rows(module: str, **help_by_word: str) -> dict[str, CommandRow]:
    return {word: CommandRow(module=module, help=line) for word, line in help_by_word.items()}


# The lines are those of the commands themselves: tests/cli/test_quick_start.py compares them.
COMMANDS: Mapping[str, CommandRow] = MappingProxyType(
    {
        **_rows(
            "studies",
            init="Make an empty study with its own copies of the tables.",
        ),
        **_rows(
            "doctor",
            doctor="Check this machine and, if there is one, the study; say how to mend what is "
            "wrong.",
        ),
        **_rows(
            "structures",
            structures="The study's structures: list, add rows, add aliases, renew colours.",
        ),
        **_rows(
            "demo",
            demo="Build a synthetic study that is at work: CTs, a model, grades, revisions, "
            "numbers, a run.",
        ),
        "import": CommandRow(
            module="cases",
            help="Import cases: one by options, or many by a manifest or tree. Again changes "
            "nothing.",
        ),
        "names": CommandRow(
            module="roi_names",
            help="Confirm which ROI name is which structure (- leaves it out); without a table: "
            "list them.",
        ),
        **_rows(
            "revising",
            revise="Submit corrected contours as revisions of the pseudo-labels under review.",
            decide="Accept or reject a submitted revision.",
        ),
        **_rows(
            "people",
            reader="Accounts: add, list, password, close.",
            assign="Put cases on a reader's worklist: those named in their order, else by name "
            "or at random.",
            unassign="Take cases that nobody began off a reader's worklist.",
        ),
        **_rows("accounts", accounts="Sign-ins and tokens of accounts: list, end; make a token."),
        **_rows("reader_study", study="The reader study: protocol, size, who reads what, pauses."),
        **_rows(
            "scores",
            evaluate="Measure two label sources against each other; what is stored already is "
            "skipped.",
            export="Write grades, metrics and agreement as a spreadsheet, or the report.",
        ),
        **_rows("triage", triage="Contours that may be wrong, and why: compute, list, explain."),
        **_rows(
            "proposals",
            propose="Learn from accepted revisions of a structure, and propose the same change in "
            "other cases.",
            proposal="Proposals: list, withdraw.",
        ),
        **_rows(
            "doses",
            dose="Keep a planned dose (RTDOSE) beside the CT of a case, for its DVH and the "
            "viewer.",
        ),
        **_rows(
            "contours",
            contours="Write the contours of a case for a planning system or another tool.",
        ),
        **_rows(
            "releasing",
            release="Write what was accepted or certified as a data set to cite; check a copy.",
        ),
        **_rows(
            "retraining",
            retrain="Start a run from the trusted contours; a worker takes it up.",
            worker="Work on the queued runs and predictions of one device, one after the other.",
        ),
        **_rows(
            "runs",
            run="Runs: list, show, cancel, again, promote, decline; the sealed test set: seal, "
            "open-sealed.",
        ),
        **_rows(
            "models",
            model="Model versions: list, import, declare, rollback, retire.",
            predict="Predict cases with a model in use; what it would change is told before "
            "review.",
        ),
        **_rows("predictions", prediction="Predictions: list, review, set aside, withdraw."),
        "predict-files": CommandRow(
            module="file_predictions",
            help="Predict CTs outside the study with one of its models; called again it goes on.",
        ),
        **_rows(
            "backups",
            backup="Add a backup of the study, while people work; what is there already is not "
            "copied again.",
            restore="Put a backup back into a new folder (--study), and check what came of it.",
        ),
        **_rows("audit", audit="The audit trail: verify, head, export."),
        **_rows(
            "reference",
            version="Print the version.",
            reference="Print the page docs/commands.md.",
        ),
    }
)


def load_command(word: str) -> Any:
    """The command itself (typer's own object), with its options; imports its module."""
    module = importlib.import_module(f"han5k_review.cli.{COMMANDS[word].module}")
    room = typer.Typer(callback=lambda: None)  # with a callback one command, too, is a group
    module.register(room)
    return typer.main.get_group(room).commands[word]


class TableGroup(TyperGroup):
    """The group of all commands: knows their lines, loads the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for word, row in COMMANDS.items():
            self.add_command(TyperCommand(word, help=row.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The called command's word, the loaded command, and the words after it."""
        word, found, rest = super().resolve_command(ctx, args)
        return word, found if word is None else load_command(word), rest
