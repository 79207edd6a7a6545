"""`han5k release`: says what is in, makes it, and checks a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.cli.main import main
from han5k_review.store.study import Study
from tests.exports.release.conftest import release_folder, study

__all__ = ["release_folder", "study"]


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(("release", *words))
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out + printed.err


def test_a_dry_run_then_the_release_then_its_copy(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--study", str(study.root), "--processes", "1")
    out = tmp_path / "han5k-1"
    code, printed = command(capsys, "--dry-run", *where)
    assert code == 0
    assert "9 contours of 4 cases would be released" in printed
    assert "label maps of nnU-Net: 2 cases with BrainStem, ParotidL, Brain" in printed
    assert not out.exists()
    code, printed = command(capsys, "--out", str(out), *where)
    assert code == 0
    assert "9 contours of 4 cases in" in printed
    assert command(capsys, "verify", str(out))[0] == 0
    (out / "README.md").unlink()
    code, printed = command(capsys, "verify", str(out))
    assert code == 2
    assert "1 file is missing: README.md." in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--out FOLDER was expected, or --dry-run"),
        (("--out", "x", "--images", "--form", "masks"), "--images goes with --form nnunet"),
        (("--dry-run", "--structure", "Liver"), "A structure of the study's table was expected"),
        (("--dry-run", "--limit", "0.5"), "A limit of 0.9 or 0.95 was expected, found 0.5"),
        (("--out", "x", "--structure", "Aorta"), "At least one accepted or certified contour"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    study: Study, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, printed = command(capsys, *words, "--study", str(study.root))
    assert code == 2
    assert said in printed
