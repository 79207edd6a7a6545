"""The one source of every sheet: a study's rows as tables, and tables as data frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from han5k_review import __version__
from han5k_review.exports.about_sheet import ABOUT, build_about_rows
from han5k_review.exports.adjudication_sheet import ADJUDICATION, build_adjudication_rows
from han5k_review.exports.agreement_rows import build_agreement_rows
from han5k_review.exports.agreement_sheet import AGREEMENT
from han5k_review.exports.case_sheet import CASES, build_case_rows
from han5k_review.exports.certificate_sheet import CERTIFICATES, build_certificate_rows
from han5k_review.exports.columns import Kind, Sheet, Table
from han5k_review.exports.dictionary import DICTIONARY, build_dictionary_rows
from han5k_review.exports.grade_rows import build_grade_rows
from han5k_review.exports.grade_sheets import GRADES, HISTORY
from han5k_review.exports.metric_sheets import METRICS, build_metric_rows
from han5k_review.exports.preference_rows import build_preference_rows
from han5k_review.exports.preference_sheets import PREFERENCES, SHARES
from han5k_review.exports.protocol_sheet import PROTOCOL, build_protocol_rows
from han5k_review.exports.reader_sheet import READERS, build_reader_rows
from han5k_review.exports.report.checklist import CHECKLIST, list_answers
from han5k_review.exports.revision_sheet import REVISIONS, build_revision_rows
from han5k_review.exports.scale_sheet import SCALE, build_scale_rows
from han5k_review.exports.selection import Selection
from han5k_review.exports.study_rows import ExportFacts, StudyRows, read_study_rows
from han5k_review.exports.summary_sheet import SUMMARY, build_summary_rows
from han5k_review.exports.table_rows import build_table
from han5k_review.exports.time_rows import build_saved_rows, build_time_rows
from han5k_review.exports.time_sheets import SAVED, TIMES
from han5k_review.metrics import Definition
from han5k_review.store.study import Study

_DTYPES = {
    Kind.TEXT: "string",
    Kind.TIME: "string",
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "Float64",
    Kind.BOOLEAN: "boolean",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The sheets of one export, in their order, `About` first."""

    facts: ExportFacts
    tables: tuple[Table, ...]

    @property
    def rows(self) -> Mapping[str, int]:
        """Title of each sheet -> its number of rows."""
        return {table.title: len(table.rows) for table in self.tables}

    def get_table(self, key: str) -> Table:
        """The sheet with this key; KeyError when there is none."""
        return {table.key: table for table in self.tables}[key]


def build_export(
    study: Study,
    *,
    export_id: str,
    now: datetime,
    definition: Definition = Definition.SURFEL,
    what: Selection = Selection.ALL,
) -> Export:
    """Read the study and build the sheets. The same data, id and time give the same tables."""
    rows = read_study_rows(
        study,
        export_id=export_id,
        now=now,
        software_version=__version__,
        definition=definition,
    )
    return build_tables(rows, what)


def build_tables(rows: StudyRows, what: Selection = Selection.ALL) -> Export:
    """Build the chosen sheets from the rows of a study; the others cost nothing."""
    grades = build_grade_rows(rows)
    times = build_time_rows(rows, grades)
    builders: tuple[tuple[Sheet[Any], Callable[[], Iterable[Any]]], ...] = (
        (GRADES, lambda: (row for row in grades if row.is_current)),
        (HISTORY, lambda: grades),
        (REVISIONS, lambda: build_revision_rows(rows)),
        (METRICS, lambda: build_metric_rows(rows)),
        (SUMMARY, lambda: build_summary_rows(rows, grades)),
        (ADJUDICATION, lambda: build_adjudication_rows(rows)),
        (PREFERENCES, lambda: rows.choices),
        (SHARES, lambda: build_preference_rows(rows.choices, _list_names(rows))),
        (TIMES, lambda: times),
        (SAVED, lambda: build_saved_rows(times, _list_names(rows))),
        (AGREEMENT, lambda: build_agreement_rows(rows, grades)),
        (CERTIFICATES, lambda: build_certificate_rows(rows, grades)),
        (CASES, lambda: build_case_rows(rows, grades)),
        (READERS, lambda: build_reader_rows(rows, grades)),
        (PROTOCOL, lambda: build_protocol_rows(rows)),
        (SCALE, lambda: build_scale_rows(rows)),
        (CHECKLIST, lambda: list_answers(rows, grades)),
        (DICTIONARY, build_dictionary_rows),
    )
    tables = tuple(
        build_table(sheet, build()) for sheet, build in builders if what.holds(sheet.key)
    )
    about = build_table(ABOUT, build_about_rows(rows.facts, tables))
    return Export(facts=rows.facts, tables=(about, *tables))


def _list_names(rows: StudyRows) -> list[str]:
    return [str(structure.name) for structure in rows.catalogue]


def build_frame(table: Table) -> pd.DataFrame:
    """A sheet as a data frame: columns by name, nullable types, empty cells as NA."""
    frame = pd.DataFrame(list(table.rows), columns=list(table.names), dtype=object)
    return frame.astype(
        {name: _DTYPES[kind] for name, kind in zip(table.names, table.kinds, strict=True)}
    )
