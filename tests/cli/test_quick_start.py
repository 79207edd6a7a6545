"""A command imports only what it needs: help and lists answer before torch could be loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperCommand

from han5k_review.cli.command_table import COMMANDS, load_command
from rigs.databases import open_new_study

# Libraries that take a twentieth of a second or more to import, and what they are here for.
LEARNING = {"torch", "nnunetv2", "streamlit", "fastapi", "plotly", "dask", "submitit"}
MEASURING = {"numba", "pandas", "skimage", "scipy.stats", "SimpleITK", "xlsxwriter"}
STORING = {"numpy", "nibabel", "sqlalchemy", "alembic", "pydantic", "zstandard"}
SCRIPT = """
import sys
from han5k_review.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print(*sys.modules, file=sys.stderr)
"""


def libraries_of(*words: str) -> set[str]:
    """Which of the libraries above a process of its own has imported for `han5k WORDS`."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, check=True
    )
    return set(result.stderr.split()) & (LEARNING | MEASURING | STORING)


def test_help_imports_no_library_of_any_room() -> None:
    assert libraries_of("--help") == set()


@pytest.mark.parametrize("word", ["run", "model", "reader"])
def test_a_list_imports_nothing_that_measures_or_learns(word: str, tmp_path: Path) -> None:
    study = open_new_study(tmp_path)
    study.tables.mkdir()
    study.engine.dispose()
    assert libraries_of(word, "list", "--study", str(tmp_path)) == STORING


@pytest.mark.parametrize("word", COMMANDS)
def test_the_line_in_the_table_is_the_commands_own(word: str) -> None:
    shown = TyperCommand(word, help=COMMANDS[word].help).get_short_help_str(200)
    assert load_command(word).get_short_help_str(200) == shown
