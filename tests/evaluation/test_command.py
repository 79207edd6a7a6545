"""`han5k evaluate`: any two sources, a table as CSV, exit codes, Ctrl-C."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.cli.main import main
from han5k_review.cli.scores import stop_on_interrupt
from han5k_review.evaluation import plan_evaluation
from han5k_review.store.engine import reading
from han5k_review.store.run_tables import Metric
from han5k_review.store.study import Study
from rigs.studies import ROOT, copy_tables
from tests.evaluation.phantom_study import CASES, CATALOGUE, build_study


@pytest.fixture
def folder(study: Study) -> Path:
    """The phantom study as a folder that commands can open."""
    copy_tables(study)
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
    assert "ai, pseudo, reference, accepted" in capsys.readouterr().err


def test_a_failed_pair_is_printed_and_ends_with_2(
    study: Study, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next(study.labels.folder.rglob("*.nii.gz")).unlink()
    assert evaluate(folder) == 2
    assert "A stored mask was expected at" in capsys.readouterr().out


def test_killed_half_way_and_started_again_writes_the_table_of_one_run(
    study: Study, folder: Path, tmp_path: Path
) -> None:
    alone = build_study(tmp_path / "alone")
    shutil.copytree(folder / "tables", alone.tables)
    assert evaluate(alone.root, "--out", str(tmp_path / "one-run.csv")) == 0
    alone.engine.dispose()

    out = tmp_path / "killed.csv"
    words = ["evaluate", "--study", str(folder), "--processes", "2", "--out", str(out)]
    with reading(study.engine) as session:
        third = plan_evaluation(session, CATALOGUE, cases=[CASES[2]], structures=["BrainStem"])
    mask = study.labels.path(third.pairs[0].prediction.mask_sha256)
    whole = mask.read_bytes()
    mask.unlink()
    os.mkfifo(mask)  # whoever reads it waits, as for a share that hangs: the run stays half-way
    with subprocess.Popen([sys.executable, "-m", "han5k_review.cli", *words], cwd=ROOT) as command:
        while count_stored(study) == 0:
            with suppress(subprocess.TimeoutExpired):
                command.wait(0.02)
                pytest.fail("The command ended before it was killed.")
        command.kill()
    mask.unlink()
    mask.write_bytes(whole)
    assert 0 < count_stored(study) < 7  # BrainStem of four cases; LenL and LenR are the same masks
    assert not out.exists()
    again = subprocess.run([sys.executable, "-m", "han5k_review.cli", *words], cwd=ROOT, check=True)
    assert again.returncode == 0
    assert out.read_bytes() == (tmp_path / "one-run.csv").read_bytes()


def count_stored(study: Study) -> int:
    with reading(study.engine) as session:
        return len(session.exec(select(Metric.id)).all())


def test_segraps_preset_scores_as_the_challenge_and_nothing_is_mixed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = folder / "tables" / "structures.csv"
    # A study may change its own tolerances; SegRap's stay SegRap's.
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["name"] == "BrainStem":
            row["tolerance_segrap_mm"] = "4"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    out = tmp_path / "rows.csv"
    found = {}
    for name in ("study", "segrap", "nikolov", "2.5", "0.7 mm"):
        assert evaluate(folder, "--tolerances", name, "--out", str(out)) == 0
        rows = [row for row in read_rows(out) if row["dice"] or row["components_reference"]]
        found[name] = {row["structure"]: float(row["tolerance_mm"]) for row in rows}
    # Nikolov et al., table of organ-specific tolerances: 2.5 mm and 0.98 mm.
    assert found["study"] == {"BrainStem": 4.0, "LenL": 1.0, "LenR": 1.0}
    assert found["segrap"] == {"BrainStem": 1.0, "LenL": 1.0, "LenR": 1.0}
    assert found["nikolov"] == {"BrainStem": 2.5, "LenL": 0.98, "LenR": 0.98}
    assert set(found["2.5"].values()) == {2.5}
    assert set(found["0.7 mm"].values()) == {0.7}

    capsys.readouterr()
    assert evaluate(folder, "--tolerances", "segrap", "--out", str(out)) == 0
    printed = capsys.readouterr().out
    rows = read_rows(out)
    scores = {(r["case"], r["structure"]): r["segrap_dice"] for r in rows if r["segrap_dice"]}
    assert float(scores["HN-002", "BrainStem"]) == 0.8333  # 5/6, four decimals
    assert {float(scores[case, "LenR"]) for case in CASES} == {1.0}  # both empty
    assert {float(scores[case, "LenL"]) for case in CASES} == {0.0}  # prediction empty
    # (1 + .8333 + .6667 + .5 + 4 x 1 + 4 x 0) / 12
    assert "SegRap2023's scores of 12 pairs: mean Dice 0.5833" in printed
    assert evaluate(folder, "--tolerances", "0") == 2
    assert "study, segrap, nikolov or one number above 0" in capsys.readouterr().err


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
