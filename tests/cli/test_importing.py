"""`han5k import --dry-run`: one case is looked into, a manifest is judged by its headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.cli.main import main
from han5k_review.importing.study import create_study
from rigs.databases import lay_database
from tests.imaging.dicom.writing import write_series
from tests.importing.conftest import NOON
from tests.importing.test_dicom import write_structure_set


@pytest.fixture
def study(tmp_path: Path) -> Path:
    lay_database(tmp_path / "study")
    made = create_study(tmp_path / "study", "Trial", now_utc=NOON)
    made.engine.dispose()
    return made.root


def dry_run(capsys: pytest.CaptureFixture[str], study: Path, *words: object) -> str:
    with pytest.raises(SystemExit) as ended:
        main(("import", *map(str, words), "--dry-run", "--study", str(study)))
    printed = capsys.readouterr()
    assert (ended.value.code or 0) == 0, printed.err
    return " ".join(printed.out.split())


def test_one_case_is_looked_into_and_exchanged_sides_are_said(
    study: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = shared_data.parent / "cases" / "files"
    words = ("--case", "A", "--ct", files / "ct.nii.gz", "--labels", files / "swap")
    printed = dry_run(capsys, study, *words)
    assert "Left and right may be swapped: ParotidL lies" in printed
    assert "voxels not read" not in printed


def test_a_manifest_is_judged_by_headers_unless_deep(
    study: Path, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = shared_data.parent / "cases" / "files"
    manifest = tmp_path / "cases.csv"
    manifest.write_text(f"case,ct,labels\nA,{files / 'ct.nii.gz'},{files / 'swap'}\n")
    quick = dry_run(capsys, study, manifest)
    assert "voxels not read (--deep reads them)" in quick
    assert "left of" not in quick
    deep = dry_run(capsys, study, manifest, "--deep")
    assert "Left and right may be swapped: ParotidL lies" in deep


def test_the_names_of_a_dry_run_are_confirmed_by_their_table(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "patient"
    write_series(folder)
    write_structure_set(folder / "rs.dcm", "Parotis li", "parotid_r")
    manifest, table = tmp_path / "cases.csv", tmp_path / "names.csv"
    manifest.write_text(f"case,ct,labels\nA,{folder},auto\n")
    said = dry_run(capsys, study, manifest, "--names", table)
    assert "ROI name Parotis li: 1 file, not matched; nearest: ParotidL" in said
    assert "ROI name parotid_r: 1 file, matched: ParotidR" in said
    text = table.read_text(encoding="utf-8-sig")
    table.write_text(text.replace("li,1,not matched,,", "li,1,not matched,ParotidL,"))
    for words, expected in (
        ((str(table),), "Parotis li -> ParotidL 1 name confirmed"),
        ((), "Parotis li -> ParotidL ("),
    ):
        with pytest.raises(SystemExit):
            main(("names", *words, "--study", str(study)))
        assert expected in " ".join(capsys.readouterr().out.split())
    again = dry_run(capsys, study, manifest)
    assert "ROIs of the labels: Parotis li -> ParotidL" in again
    assert "ROI name Parotis li: 1 file, confirmed: ParotidL" in again
