"""Spreadsheets of a study: one data dictionary, one set of tables, XLSX and CSV writers.

In use:

    report = write_export(study, Path("grades.xlsx"), actor="lead", now=utc_now())
    content = download_export(study, ".xlsx", actor="lead", now=utc_now())  # the same as bytes
"""

from han5k_review.exports.frames import Export, build_export, build_frame
from han5k_review.exports.selection import Selection
from han5k_review.exports.study_rows import ExportFacts
from han5k_review.exports.workbook import build_workbook
from han5k_review.exports.writing import (
    FORMATS,
    ExportReport,
    download_export,
    new_export_id,
    write_export,
)

__all__ = [
    "FORMATS",
    "Export",
    "ExportFacts",
    "ExportReport",
    "Selection",
    "build_export",
    "build_frame",
    "build_workbook",
    "download_export",
    "new_export_id",
    "write_export",
]
