"""The data dictionary: every sheet and column of an export, derived from the columns themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from han5k_review.exports.about_sheet import ABOUT
from han5k_review.exports.adjudication_sheet import ADJUDICATION
from han5k_review.exports.agreement_sheet import AGREEMENT
from han5k_review.exports.case_sheet import CASES
from han5k_review.exports.certificate_sheet import CERTIFICATES
from han5k_review.exports.columns import Column, Kind, Sheet, column
from han5k_review.exports.grade_sheets import GRADES, HISTORY
from han5k_review.exports.metric_sheets import METRICS
from han5k_review.exports.preference_sheets import PREFERENCES, SHARES
from han5k_review.exports.protocol_sheet import PROTOCOL
from han5k_review.exports.reader_sheet import READERS
from han5k_review.exports.report.checklist import CHECKLIST
from han5k_review.exports.revision_sheet import REVISIONS
from han5k_review.exports.scale_sheet import SCALE
from han5k_review.exports.summary_sheet import SUMMARY
from han5k_review.exports.time_sheets import SAVED, TIMES

_T = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryRow:
    """One column of one sheet."""

    sheet: str
    column: Column[Any]


DICTIONARY: Sheet[DictionaryRow] = Sheet(
    key="data-dictionary",
    title="Data dictionary",
    row="a column of a sheet",
    columns=(
        column("sheet", "Sheet", _T, "export", "Sheet the column is in.", lambda r: r.sheet),
        column("column", "Column", _T, "export", "Its name in CSV.", lambda r: r.column.name),
        column("title", "Title", _T, "export", "Its title in XLSX.", lambda r: r.column.title),
        column(
            "type",
            "Type",
            _T,
            "export",
            "`text`, `integer`, `number`, `boolean`, or `time` (UTC, ISO 8601, as text).",
            lambda r: r.column.kind.value,
        ),
        column("unit", "Unit", _T, "export", "Unit of a number.", lambda r: r.column.unit),
        column(
            "description",
            "Description",
            _T,
            "export",
            "What it says.",
            lambda r: r.column.description,
        ),
        column(
            "source",
            "Source",
            _T,
            "export",
            "Where the value comes from.",
            lambda r: r.column.source,
        ),
    ),
)

SHEETS: tuple[Sheet[Any], ...] = (
    ABOUT,
    GRADES,
    HISTORY,
    REVISIONS,
    METRICS,
    SUMMARY,
    ADJUDICATION,
    PREFERENCES,
    SHARES,
    TIMES,
    SAVED,
    AGREEMENT,
    CERTIFICATES,
    CASES,
    READERS,
    PROTOCOL,
    SCALE,
    CHECKLIST,
    DICTIONARY,
)


def build_dictionary_rows() -> list[DictionaryRow]:
    """Every column of every sheet, in their order."""
    return [
        DictionaryRow(sheet=sheet.title, column=entry)
        for sheet in SHEETS
        for entry in sheet.columns
    ]


def render_dictionary() -> str:
    """The dictionary as Markdown, as it stands in docs/exports.md."""
    parts: list[str] = []
    for sheet in SHEETS:
        parts += [
            f"### {sheet.title}",
            "",
            f"One row is {sheet.row}. CSV: `{sheet.key}`.",
            "",
            "| column | title | type | unit | description | source |",
            "|---|---|---|---|---|---|",
        ]
        for entry in sheet.columns:
            cells = (
                f"`{entry.name}`",
                entry.title,
                entry.kind.value,
                entry.unit,
                entry.description,
                entry.source,
            )
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        parts.append("")
    return "\n".join(parts)
