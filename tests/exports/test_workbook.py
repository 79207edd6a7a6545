from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from han5k_review.exports import Export, ExportFacts, build_workbook
from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.cells import EXCEL_TEXT_LIMIT, fit_excel
from han5k_review.exports.columns import Cell, Kind, Table
from han5k_review.metrics import Definition
from han5k_review.store.study import Study
from tests.exports.conftest import COMMENT, LATER
from tests.exports.test_tables import export_of

FACTS = ExportFacts(
    study="Words",
    protocol_version="1",
    scale="han5k-3",
    export_id="E-1",
    exported_at_utc=LATER,
    software_version="0",
    definition=Definition.SURFEL,
)
_TYPES = {Kind.TEXT: "s", Kind.TIME: "s", Kind.INTEGER: "n", Kind.NUMBER: "n", Kind.BOOLEAN: "b"}


def reopened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def is_float(cell: Cell) -> bool:
    return isinstance(cell, float)  # the writer keeps 16 digits


def table_of(*texts: str) -> Table:
    return Table(
        key="words",
        title="Words",
        names=("text",),
        headings=("Text",),
        kinds=(Kind.TEXT,),
        units=("",),
        rows=tuple((text,) for text in texts),
    )


def texts_of(*texts: str) -> list[tuple[object, str]]:
    book = reopened(build_workbook(Export(facts=FACTS, tables=(table_of(*texts),))))
    return [(row[0].value, row[0].data_type) for row in book["Words"].iter_rows(min_row=2)]


def test_opened_again_every_cell_has_its_value_and_type(any_study: Study) -> None:
    export = export_of(any_study)
    book = reopened(build_workbook(export))
    assert book.sheetnames == [table.title for table in export.tables]
    for table in export.tables:
        sheet = book[table.title]
        first = 3 if table.key == "about" else 1
        assert [cell.value for cell in sheet[first]][: len(table.names)] == list(table.headings)
        assert sheet.max_row == first + len(table.rows)
        for line, row in enumerate(table.rows, start=first + 1):
            for place, expected in enumerate(row):
                cell = sheet.cell(line, place + 1)
                wanted = pytest.approx(expected, rel=1e-15) if is_float(expected) else expected
                assert cell.value == wanted, (table.key, table.names[place], line)
                if expected is not None:
                    assert cell.data_type == _TYPES[table.kinds[place]]


def test_headers_are_frozen_and_can_be_filtered(study: Study) -> None:
    book = reopened(build_workbook(export_of(study)))
    assert book["Grades"].freeze_panes == "A2"
    assert book["About"].freeze_panes == "A4"
    for sheet in book.worksheets:
        assert sheet.auto_filter.ref
        assert sheet.oddFooter is not None
        assert RESEARCH_USE in str(sheet.oddFooter.left.text)
    assert book["About"]["A1"].value == RESEARCH_USE
    assert book["Metrics"].column_dimensions["A"].width > 8


def test_a_comment_that_looks_like_a_formula_stays_text(study: Study) -> None:
    content = build_workbook(export_of(study))
    cells = [c for row in reopened(content)["Grades"].iter_rows() for c in row]
    assert [c.data_type for c in cells if c.value == COMMENT] == ["s"]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            assert b"<f>" not in parts.read(name), name
            assert "calcChain" not in name


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "1e5", "007", "http://a.b"]
)
def test_text_is_never_turned_into_anything_else(text: str) -> None:
    assert texts_of(text) == [(text, "s")]


def test_unicode_comes_back_as_it_was() -> None:
    words = ["Größe", "声門上", "🙂 ok", "a\tb\nc", " space ", "<b>&amp;</b>", "עברית"]
    assert [value for value, _ in texts_of(*words)] == words


def test_control_characters_are_shown_and_nothing_breaks_the_file() -> None:
    found = texts_of("bell\x07", "nul\x00", "line\r\nend", "lone\ud800", "\uffff", "del\x7f")
    assert [value for value, _ in found] == [
        "bell␇",
        "nul␀",
        "line\nend",
        "lone\ufffd",
        "\ufffd",
        "del\ufffd",
    ]


def test_a_text_that_looks_like_the_writers_own_xml_stays_text() -> None:
    assert texts_of("<r><t>x</t></r>") == [("<r><t>x</t></r> ", "s")]


def test_a_text_longer_than_a_cell_says_that_it_was_cut() -> None:
    ((value, _),) = texts_of("🙂" * 40_000)
    assert isinstance(value, str)
    assert value.startswith("🙂🙂")
    assert value.endswith("the CSV export has the whole text]")
    assert len(value.encode("utf-16-le")) // 2 <= EXCEL_TEXT_LIMIT
    assert fit_excel("x" * EXCEL_TEXT_LIMIT) == "x" * EXCEL_TEXT_LIMIT


def test_a_table_longer_than_a_sheet_goes_on_in_the_next() -> None:
    words = [f"w{number}" for number in range(25)]
    long = Export(facts=FACTS, tables=(table_of(*words),))
    book = reopened(build_workbook(long, row_limit=11))
    assert book.sheetnames == ["Words", "Words (2)", "Words (3)"]
    read: list[Cell] = []
    for sheet in book.worksheets:
        assert sheet["A1"].value == "Text"
        read += [str(row[0].value) for row in sheet.iter_rows(min_row=2)]
    assert read == words


def test_equal_exports_are_equal_bytes(study: Study) -> None:
    assert build_workbook(export_of(study)) == build_workbook(export_of(study))


def test_an_empty_study_gives_a_workbook_that_opens(empty_study: Study) -> None:
    book = reopened(build_workbook(export_of(empty_study)))
    assert book["Grades"].max_row == 1
    assert book["Data dictionary"].max_row > 100
