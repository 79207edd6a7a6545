"""Tables as people leave them: every separator and declared encoding, XLSX, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from han5k_review.errors import ConfigError
from han5k_review.texts.table_files import Table, read_table

ROWS = 'case,ct,hint\nA,a.nii.gz,"left, right"\nÄ,b.nii.gz,\n'
EXPECTED = [
    {"case": "A", "ct": "a.nii.gz", "hint": "left, right"},
    {"case": "Ä", "ct": "b.nii.gz", "hint": ""},
]


def read(path: Path) -> Table:
    return read_table(path, what="A manifest", required=("case", "ct"), optional=("hint",))


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "t.csv"
    path.write_bytes(text.encode(encoding))
    return path


def cells(table: Table) -> list[dict[str, str]]:
    return [dict(row.cells) for row in table.good_rows]


def separated(by: str) -> str:
    """The same rows with another separator; the one comma inside a cell stays."""
    return ROWS.replace(",", by).replace(f"left{by} right", "left, right")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ROWS, "utf-8"),
        (ROWS, "utf-8-sig"),
        (ROWS, "utf-16"),
        ("\ufeff" + ROWS, "utf-16-le"),
        ("\ufeff" + ROWS, "utf-16-be"),
        (ROWS, "utf-32"),
        (separated(";"), "utf-8"),
        (separated("\t"), "utf-16"),
        ("sep=;\n" + separated(";"), "utf-8"),
        ("sep=,\r\n" + ROWS, "utf-8"),
        (ROWS.replace("\n", "\r\n"), "utf-8"),
        (ROWS.replace("\n", "\r"), "utf-8"),
        (ROWS.rstrip("\n"), "utf-8"),
        (ROWS + ",,\n,,\n\n\n", "utf-8"),
        ("\n,,\n" + ROWS, "utf-8"),
        (ROWS.replace("case,ct,hint", " Case ,CT,HINT"), "utf-8"),
        (ROWS.replace("\n", ",,\n"), "utf-8"),
        (ROWS.replace("a.nii.gz", "\u00a0a.nii.gz \u200b"), "utf-8"),
    ],
)
def test_a_csv_is_read_however_it_was_left(tmp_path: Path, text: str, encoding: str) -> None:
    assert cells(read(written(tmp_path, text, encoding))) == EXPECTED


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        (ROWS, "cp1252", "t.csv line 3: text in UTF-8 was expected, found another encoding"),
        ("case,ct\nA,x\n", "utf-16-le", "zero bytes"),
        ("case,ct,ct\nA,x,y\n", "utf-8", "each column once was expected, found ct"),
        ("case,ct,CT \nA,x,y\n", "utf-8", "each column once was expected, found ct"),
        ("case,hint\nA,x\n", "utf-8", "found case, hint; ct is missing"),
        ("", "utf-8", "found none; case, ct is missing"),
        ('case,ct\n"A,x\nB,y\n', "utf-8", "closed quotation marks"),
        ("case,ct\nA,x,\nB,y,z\n", "utf-8", "t.csv line 3: as many cells as columns"),
        ("case,ct,\nA,x,y\n", "utf-8", "found 'y' in a column without a name"),
    ],
)
def test_what_cannot_be_read_for_certain_is_one_sentence(
    tmp_path: Path, text: str, encoding: str, words: str
) -> None:
    with pytest.raises(ConfigError, match="expected") as refusal:
        read(written(tmp_path, text, encoding)).good_rows  # noqa: B018
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_row_that_ends_early_says_so(tmp_path: Path) -> None:
    table = read(written(tmp_path, "case,ct,hint\nA,x\nB,y,\n"))
    assert [row.is_short for row in table.rows] == [True, False]


def book(path: Path, fill: Callable[[Worksheet], object], *more: str) -> Path:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (("Case", "CT", "Hint"), ("A", "a.nii.gz", "left, right"), ("Ä", "b.nii.gz")):
        sheet.append(row)
    fill(sheet)
    for title in more:
        workbook.create_sheet(title).append(["notes of Tuesday"])
    workbook.save(path)
    return path


def test_an_xlsx_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.cell(40, 2).value = "  "
        sheet.add_data_validation(DataValidation(type="list", formula1='"a,b"'))

    assert cells(read(book(tmp_path / "t.xlsx", fill, "Notes"))) == EXPECTED
    assert cells(read(book(tmp_path / "t.csv", fill))) == EXPECTED


def put(value: object, number_format: str | None = None) -> Callable[[Worksheet], None]:
    def fill(sheet: Worksheet) -> None:
        sheet["A2"].value = value  # type: ignore[assignment]
        if number_format is not None:
            sheet["A2"].number_format = number_format

    return fill


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (12, "General", "12"),
        (12.0, "General", "12"),
        (12, "0000", "0012"),
        (1.5, "General", "1.5"),
        (-3, "0", "-3"),
        ("0012", "@", "0012"),
    ],
)
def test_a_number_of_a_spreadsheet_is_read_as_it_is_shown(
    tmp_path: Path, value: Any, number_format: str, text: str
) -> None:
    row = read(book(tmp_path / "t.xlsx", put(value, number_format))).good_rows[0]
    assert row.cells["case"] == text
    assert row.numbers == (frozenset() if isinstance(value, str) else {"case"})
    assert row.where == "t.xlsx sheet Sheet row 2"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            date(2026, 1, 9),
            "cell A2: text or a number was expected, found the date or time 2026-01",
        ),
        (time(9, 30), "found the date or time 09:30"),
        (True, "found TRUE"),
        ("=A3", "a formula without one"),
        ("#N/A", "found #N/A"),
        (1234567890123456789, "up to 15 digits"),
    ],
)
def test_what_a_spreadsheet_made_of_a_text_is_a_problem_of_its_row(
    tmp_path: Path, value: object, words: str
) -> None:
    table = read(book(tmp_path / "t.xlsx", put(value)))
    assert words in table.rows[0].problem
    assert table.rows[1].problem == ""
    with pytest.raises(ConfigError, match=r"t\.xlsx sheet Sheet row 2: cell A2"):
        table.good_rows  # noqa: B018


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", lambda sheet: sheet.merge_cells("A2:A3"))
    with pytest.raises(ConfigError, match=r"merged ones \(A2:A3\); unmerge"):
        read(path)


def test_two_sheets_that_could_be_meant_are_refused(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        assert sheet.parent is not None
        sheet.parent.copy_worksheet(sheet)

    with pytest.raises(ConfigError, match="found 2"):
        read(book(tmp_path / "t.xlsx", fill))


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        assert sheet.parent is not None
        sheet.parent.copy_worksheet(sheet).sheet_state = "hidden"

    assert cells(read(book(tmp_path / "t.xlsx", fill))) == EXPECTED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "an old XLS or a workbook with a password",
        ),
        (b"PK\x03\x04 and then nothing", "a whole XLSX file was expected"),
    ],
)
def test_a_file_that_is_no_whole_xlsx_is_one_sentence(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        read(path)


def test_a_missing_table_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"A manifest was expected at .*no\.csv, found: No such"):
        read(tmp_path / "no.csv")
    with pytest.raises(ConfigError, match="Is a directory"):
        read(tmp_path)
