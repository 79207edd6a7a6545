"""`han5k evaluate`: any two sources, a table as CSV, exit codes, Ctrl-C."""

from __future__ import annotations

import csv
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from han5k_review.cli.main import main
from han5k_review.cli.scores import stop_on_interrupt
from han5k_review.store.study import Study
from tests.evaluation.phantom_study import CASES, ROOT


@pytest.fixture
def folder(study: Study) -> Path:
    """The phantom study as a folder that commands can open."""
    study.tables.mkdir()
    for name in ("structures.csv", "scales.csv", "windows.csv"):
        shutil.copy(ROOT / "data" / name, study.tables)
    return study.root


def evaluate(folder: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--study", str(folder), "--processes", "1", *words])
    return int(ended.value.code or 0)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_written_with_its_number_or_its_reason(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows.csv"
    assert evaluate(folder, "--out", str(out)) == 0
    assert "12 pairs: 12 measured, 0 stored before, 0 failed" in capsys.readouterr().out
    rows = read_rows(out)
    assert len(rows) == 5 * len(CASES)
    stem = [row for row in rows if row["structure"] == "BrainStem"]
    assert [float(row["dice"]) for row in stem] == pytest.approx([1, 5 / 6, 4 / 6, 3 / 6])
    alone = [row for row in rows if row["structure"] == "ParotidL"]
    assert {(row["dice"], row["reason"]) for row in alone} == {("", "no reference")}
    assert {row["notice"] for row in rows} == {"Research use only. Not a medical device."}


def test_sources_filters_and_definition_are_options(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--reference", "pseudo", "--prediction", "reference", "--structure", "BrainStem")
    out = tmp_path / "rows.csv"
    for name in ("voxel_pooled", "mesh"):
        assert evaluate(folder, *words, "--definition", name, "--out", str(out)) == 0
        assert {row["definition"] for row in read_rows(out)} == {name}
    assert evaluate(folder, "--split", "held_out") == 0
    assert "0 pairs" in capsys.readouterr().out
    assert evaluate(folder, "--reference", "ai") == 2
    assert "on both sides" in capsys.readouterr().err
    assert evaluate(folder, "--prediction", "model:none") == 2
    assert "ai, pseudo, reference, revision" in capsys.readouterr().err


def test_a_failed_pair_is_printed_and_ends_with_2(
    study: Study, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next(study.labels.folder.rglob("*.nii.gz")).unlink()
    assert evaluate(folder) == 2
    assert "A stored mask was expected at" in capsys.readouterr().out


@pytest.fixture
def listening() -> Iterator[None]:
    """Python's own answer to Ctrl-C; a process started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_ctrl_c_asks_to_stop_and_a_second_one_breaks_off() -> None:
    with stop_on_interrupt() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
