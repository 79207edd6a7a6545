"""The sheet `About`: what this export is, when it was made, and how much is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.exports.columns import Kind, Sheet, Table, column, format_time
from han5k_review.exports.study_rows import ExportFacts

RESEARCH_USE = "Research use only. Not a medical device."


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRow:
    """One fact about the export, or the number of rows of one sheet."""

    item: str
    text: str | None = None
    rows: int | None = None


ABOUT: Sheet[AboutRow] = Sheet(
    key="about",
    title="About",
    row="a fact about the export, or one of its sheets",
    columns=(
        column("item", "Item", Kind.TEXT, "export", "What the row is about.", lambda r: r.item),
        column("text", "Text", Kind.TEXT, "export", "The fact in words.", lambda r: r.text),
        column("rows", "Rows", Kind.INTEGER, "export", "Rows of a sheet.", lambda r: r.rows),
    ),
)


def build_about_rows(facts: ExportFacts, tables: Sequence[Table]) -> list[AboutRow]:
    """Facts first, then one row per other sheet."""
    definition = f"{facts.definition.value}, version {facts.definition.version}"
    return [
        AboutRow(item="Notice", text=RESEARCH_USE),
        AboutRow(item="Study", text=facts.study),
        AboutRow(item="Protocol version", text=facts.protocol_version),
        AboutRow(item="Scale", text=facts.scale),
        AboutRow(item="Export", text=facts.export_id),
        AboutRow(item="Exported at (UTC)", text=format_time(facts.exported_at_utc)),
        AboutRow(item="Software version", text=facts.software_version),
        AboutRow(item="Metric definition", text=definition),
        *(AboutRow(item=f"Sheet {table.title}", rows=len(table.rows)) for table in tables),
    ]
