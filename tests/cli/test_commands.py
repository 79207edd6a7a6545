"""The command line: its page is true, errors are one sentence with exit code 2."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.cli.reference import render_reference
from han5k_review.store.engine import reading
from han5k_review.store.study import open_study
from han5k_review.store.tables import LabelVersion
from tests.cli.conftest import Han5k

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_commands_and_settings_is_true() -> None:
    written = (ROOT / "docs" / "commands.md").read_text()
    assert written == render_reference(), "run: han5k reference > docs/commands.md"


def test_an_error_of_the_real_command_is_one_sentence(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "han5k_review.cli", "evaluate", "--study", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: A study was expected in")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import",), "A manifest, or at least --ct, was expected"),
        (("import", "none.csv"), "A manifest was expected at none.csv"),
        (("import", "--ct", "none.nii.gz"), "none.nii.gz"),
        (("assign", "nobody"), "The name of an account was expected"),
        (("export", "--out", "grades.txt"), ".xlsx"),
        (("revise", "--case", "x", "--structure", "Nose", "--mask", "m", "--reader", "r"), "Nose"),
        (("decide", "7", "--decision", "accepted", "--adjudicator", "nobody"), "nobody"),
        (("run", "show", "7"), "7"),
        (("retrain",), "trusted"),
    ],
)
def test_bad_input_is_one_sentence(
    han5k: Han5k, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    study = str(tmp_path / "study")
    assert han5k("init", "--study", study)[0] == 0
    code, printed = han5k(*words, "--study", study)
    assert code == 2, printed
    assert sentence in printed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("nosuch", "No such command 'nosuch'; see `han5k --help`."),
        ("run show", "Missing argument 'run'; see `han5k run show --help`."),
        (
            "run show seven",
            "Invalid value for 'run': a whole number was expected; see `han5k run show --help`.",
        ),
        (
            "triage list --most 0",
            "Invalid value for '--most': 1 or more was expected; see `han5k triage list --help`.",
        ),
        (
            "decide 1 --adjudicator ada --decision maybe",
            "Invalid value for '--decision': 'maybe' is not one of 'accepted', 'rejected'; see "
            "`han5k decide --help`.",
        ),
        ("doctor --xyz", "No such option: --xyz; see `han5k doctor --help`."),
    ],
)
def test_a_command_that_is_called_wrongly_is_one_sentence(
    han5k: Han5k, words: str, sentence: str
) -> None:
    assert han5k(*words.split()) == (2, f"error: {sentence}\n")


def test_init_twice_changes_nothing_and_another_name_is_refused(
    han5k: Han5k, tmp_path: Path
) -> None:
    study = str(tmp_path / "study")
    assert "50 structures" in han5k("init", "--study", study, "--name", "Ours")[1]
    assert han5k("init", "--study", study, "--name", "Ours")[0] == 0
    assert han5k("init", "--study", study, "--name", "Theirs")[0] == 2


def test_the_demo_command_makes_a_study_that_doctor_trusts_until_a_mask_is_gone(
    han5k: Han5k, tmp_path: Path, demo_study: Path
) -> None:
    study = shutil.copytree(demo_study, tmp_path / "study")
    assert "2 cases" in han5k("demo", "--empty", "--cases", "2", "--study", str(study))[1]
    assert "no problem found" in han5k("doctor", "--study", str(study))[1]
    gone = next((study / "labels").rglob("*.nii.gz"))
    gone.unlink()
    code, printed = han5k("doctor", "--study", str(study))
    assert code == 2
    assert "is missing" in printed
    opened = open_study(study)
    with reading(opened.engine) as session:
        query = select(LabelVersion).where(LabelVersion.mask_sha256 == gone.name.split(".")[0])
        name = session.exec(query).first().structure
    opened.engine.dispose()
    words = ("evaluate", "--structure", name, "--processes", "1", "--study", str(study))
    code, printed = han5k(*words)
    assert (code, "2 pairs: 1 measured, 0 stored before, 1 failed" in printed) == (2, True)


def test_people_and_their_worklists(han5k: Han5k, tmp_path: Path) -> None:
    study = str(tmp_path / "study")
    secret = tmp_path / "password"
    secret.write_text("a long enough password\n")
    han5k("init", "--study", study)
    assert han5k("reader", "add", "ann", "--password-file", str(secret), "--study", study)[0] == 0
    again = han5k("reader", "add", "Ann", "--password-file", str(secret), "--study", study)
    assert again[0] == 2
    assert "ann  reader  R01  0 of 0 graded" in han5k("reader", "list", "--study", study)[1]
    assert han5k("reader", "close", "ann", "--study", study)[0] == 0
    assert "closed" in han5k("reader", "list", "--study", study)[1]
    secret.write_text("short")
    code, printed = han5k(
        "reader", "password", "ann", "--password-file", str(secret), "--study", study
    )
    assert (code, "8 to 256" in printed) == (2, True)
