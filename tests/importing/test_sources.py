"""Manifests and single sources: columns, relative paths, bad rows with their line."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from han5k_review.errors import ConfigError, DataError
from han5k_review.importing.reports import CaseOutcome
from han5k_review.importing.sources import BadSource, CaseSource, build_source, read_manifest
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split
from tests.importing.case_files import run, write_case


def write_manifest(folder: Path, text: str) -> Path:
    path = folder / "cases.csv"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_manifest(study: Study, tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text("structure,values\nLarynx,1\n")
    path = write_manifest(
        tmp_path,
        "case,patient,split,ct,labels,reference,label_map\n"
        "HN 1,P-1,held_out,a/ct.mha,/data/l.mha,,map.csv\n"
        "HN 2,,,a/ct2.mha,,,openkbp\n",
    )
    first, second = read_manifest(path, study)
    assert isinstance(first, CaseSource)
    assert isinstance(second, CaseSource)
    assert (first.patient, first.split) == ("P-1", Split.HELD_OUT)
    assert first.ct == tmp_path / "a" / "ct.mha"
    assert first.labels == Path("/data/l.mha")
    assert first.reference is None
    assert first.label_map == first.reference_label_map == tmp_path / "map.csv"
    assert first.origin == "cases.csv line 2"
    assert (second.patient, second.split) == ("HN 2", None)
    assert second.label_map == study.tables / "label_maps" / "openkbp.csv"


def test_a_bad_row_is_named_with_its_line_and_stops_no_other(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    path = write_manifest(
        tmp_path,
        "case,ct,labels,label_map,split\n"
        "HN-1,ct.nii.gz,labels.nii.gz,map.csv,validation\n"
        "../HN,ct.nii.gz,labels.nii.gz,map.csv,\n"
        "HN-2,ct.nii.gz,labels.nii.gz,other.csv,\n"
        "HN-3,ct.nii.gz\n"
        "HN-4,ct.nii.gz,labels.nii.gz,map.csv,,spare\n"
        "HN-5,ct.nii.gz,labels.nii.gz,map.csv,\n",
    )
    rows = read_manifest(path, study)
    sentences = [row.sentence for row in rows if isinstance(row, BadSource)]
    assert sentences[0].startswith("cases.csv line 2: a split of train, held_out was expected")
    assert sentences[1].startswith("cases.csv line 3: a case name of letters")
    assert sentences[2].startswith("cases.csv line 4: a label map was expected at")
    assert "(openkbp)" in sentences[2]
    assert sentences[3].startswith("cases.csv line 5: as many cells as columns")
    assert sentences[4].startswith("cases.csv line 6: as many cells as columns")
    report = run(study, *rows)
    assert report.exit_code == 2
    assert [c.outcome for c in report.cases] == [CaseOutcome.REFUSED] * 5 + [CaseOutcome.NEW]
    assert all(c.sentence.count("line") >= 1 for c in report.cases[:5])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the columns case, ct"),
        ("case,labels\nA,b\n", "found case, labels"),
        ("case,ct,colour\nA,b,red\n", "found case, ct, colour"),
        ("case,ct\n", "at least one case"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(
    study: Study, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        read_manifest(write_manifest(tmp_path, text), study)


def test_a_workbook_is_a_manifest_and_says_what_a_spreadsheet_may_have_lost(
    study: Study, tmp_path: Path
) -> None:
    write_case(study, tmp_path)
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Case", "Patient", "Split", "CT", "Labels", "Label map"])
    files = ("ct.nii.gz", "labels.nii.gz", "map.csv")
    sheet.append([7, 12, "Held-out", *files])
    sheet.append(["HN-2", datetime(2026, 3, 4), "train", *files])
    sheet.append(["HN-3", "=A2", "train", *files])
    workbook.save(tmp_path / "cases.xlsx")
    rows = read_manifest(tmp_path / "cases.xlsx", study)
    assert isinstance(rows[0], CaseSource)
    assert (rows[0].name, rows[0].patient, rows[0].split) == ("7", "12", Split.HELD_OUT)
    assert [type(row) for row in rows[1:]] == [BadSource, BadSource]
    report = run(study, *rows)
    assert "patient 12 is stored as a number, which loses zeros" in report.cases[0].sentence
    assert "cell B3: text or a number was expected, found the date" in report.cases[1].refusal
    assert "cell B4: a value was expected, found a formula" in report.cases[2].refusal


def test_files_with_umlauts_are_found_in_either_form(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    (tmp_path / "map.csv").rename(tmp_path / unicodedata.normalize("NFD", "Größe.csv"))
    (tmp_path / "ct.nii.gz").rename(tmp_path / unicodedata.normalize("NFD", "Müller.nii.gz"))
    path = write_manifest(
        tmp_path,
        "case;ct;labels;label_map\n"
        f"{unicodedata.normalize('NFD', 'Müller')};Müller.nii.gz;labels.nii.gz;Größe.csv\n;;;\n",
    )
    assert [c.outcome for c in run(study, *read_manifest(path, study)).cases] == [CaseOutcome.NEW]
    without = build_source({"ct": "Müller.nii.gz"}, folder=tmp_path, study=study, origin="x")
    assert without.name == "Müller"


@pytest.mark.parametrize("name", ["a\nb", ".hidden", "a/b", "“sq”", "x" * 81, "\udce4", "-x"])
def test_a_name_that_no_file_should_have_is_refused(
    study: Study, tmp_path: Path, name: str
) -> None:
    with pytest.raises(DataError, match="a case name of letters"):
        build_source({"case": name, "ct": "ct.nii.gz"}, folder=tmp_path, study=study, origin="x")


def test_a_patient_that_cannot_be_printed_is_refused(study: Study, tmp_path: Path) -> None:
    for patient in ("a\nb", "\udce4", "x" * 81):
        with pytest.raises(DataError, match="a patient's pseudonym"):
            build_source(
                {"case": "A", "patient": patient, "ct": "ct.nii.gz"},
                folder=tmp_path,
                study=study,
                origin="x",
            )


def test_a_missing_manifest_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="A manifest was expected"):
        read_manifest(tmp_path / "no.csv", study)


def test_a_case_without_a_name_takes_the_name_of_its_ct(study: Study, tmp_path: Path) -> None:
    found = build_source(
        {"ct": "HN-7.nii.gz"}, folder=tmp_path, study=study, origin="the command line"
    )
    assert (found.name, found.patient) == ("HN-7", "HN-7")
    with pytest.raises(DataError, match="the command line: a case name"):
        build_source({}, folder=tmp_path, study=study, origin="the command line")
