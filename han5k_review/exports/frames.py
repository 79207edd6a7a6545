"""The one source of every sheet: a study's rows as tables, and tables as data frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from han5k_review import __version__
from han5k_review.exports.about_sheet import ABOUT, build_about_rows
from han5k_review.exports.agreement_rows import build_agreement_rows
from han5k_review.exports.agreement_sheet import AGREEMENT
from han5k_review.exports.case_sheet import CASES, build_case_rows
from han5k_review.exports.certificate_sheet import CERTIFICATES, build_certificate_rows
from han5k_review.exports.columns import Kind, Table, build_table
from han5k_review.exports.dictionary import DICTIONARY, build_dictionary_rows
from han5k_review.exports.grade_rows import build_grade_rows
from han5k_review.exports.grade_sheets import GRADES, HISTORY
from han5k_review.exports.metric_sheets import METRICS, build_metric_rows
from han5k_review.exports.reader_sheet import READERS, build_reader_rows
from han5k_review.exports.revision_sheet import REVISIONS, build_revision_rows
from han5k_review.exports.scale_sheet import SCALE, build_scale_rows
from han5k_review.exports.study_rows import ExportFacts, StudyRows, read_study_rows
from han5k_review.exports.summary_sheet import SUMMARY, build_summary_rows
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
    """All sheets of one export, in their order, `About` first."""

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
) -> Export:
    """Read the study and build every sheet. The same data, id and time give the same tables."""
    return build_tables(
        read_study_rows(
            study,
            export_id=export_id,
            now=now,
            software_version=__version__,
            definition=definition,
        )
    )


def build_tables(rows: StudyRows) -> Export:
    """Build every sheet from the rows of a study."""
    grades = build_grade_rows(rows)
    tables = (
        build_table(GRADES, (row for row in grades if row.is_current)),
        build_table(HISTORY, grades),
        build_table(REVISIONS, build_revision_rows(rows)),
        build_table(METRICS, build_metric_rows(rows)),
        build_table(SUMMARY, build_summary_rows(rows, grades)),
        build_table(AGREEMENT, build_agreement_rows(rows, grades)),
        build_table(CERTIFICATES, build_certificate_rows(rows, grades)),
        build_table(CASES, build_case_rows(rows, grades)),
        build_table(READERS, build_reader_rows(rows, grades)),
        build_table(SCALE, build_scale_rows(rows)),
        build_table(DICTIONARY, build_dictionary_rows()),
    )
    about = build_table(ABOUT, build_about_rows(rows.facts, tables))
    return Export(facts=rows.facts, tables=(about, *tables))


def build_frame(table: Table) -> pd.DataFrame:
    """A sheet as a data frame: columns by name, nullable types, empty cells as NA."""
    frame = pd.DataFrame(list(table.rows), columns=list(table.names), dtype=object)
    return frame.astype(
        {name: _DTYPES[kind] for name, kind in zip(table.names, table.kinds, strict=True)}
    )
