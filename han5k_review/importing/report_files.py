"""Report files: the report of an import as one page of HTML and as a table in CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from han5k_review.importing.name_list import NameRow, NameState
from han5k_review.importing.refusals import RefusalKind
from han5k_review.importing.reports import CaseOutcome, CaseReport, ImportReport
from han5k_review.store.files import write_atomically
from han5k_review.store.vocabulary import LabelSource
from han5k_review.texts.names import show_line
from han5k_review.texts.table_files import build_csv

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "case",
    "where",
    "outcome",
    "reason",
    "geometry",
    "pseudo_labels",
    "references",
    "not_matched",
    "warnings",
    "refusal",
)
_MANY = 500
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8885; padding: .3rem .6rem .3rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; white-space: nowrap; }
.soft { opacity: .75; }
"""
_REASONS = {
    RefusalKind.SOURCE: "cannot be told what it is",
    RefusalKind.FILE: "file missing or damaged",
    RefusalKind.GEOMETRY: "geometry",
    RefusalKind.NAMES: "names that fit no structure",
    RefusalKind.DUPLICATE: "CT of another case",
    RefusalKind.SPLIT: "patient in two splits",
    RefusalKind.RULE: "rule of the study",
    RefusalKind.STORAGE: "disk or database",
    RefusalKind.PROGRAM: "error of the program",
}


def write_report(
    stem: Path, report: ImportReport, names: Sequence[NameRow], notices: Sequence[str]
) -> tuple[Path, Path]:
    """Write `<stem>.html` and `<stem>.csv`; their paths. StorageError when the disk refuses."""
    page, table = stem.with_suffix(".html"), stem.with_suffix(".csv")
    write_atomically(page, build_report_page(report, names, notices).encode())
    write_atomically(table, build_report_table(report))
    return page, table


def build_report_table(report: ImportReport) -> bytes:
    """One line per case, in the order of the report; no cell is taken for a formula."""
    return build_csv(_COLUMNS, [_build_row(case) for case in report.cases])


def _build_row(case: CaseReport) -> dict[str, str]:
    cells = {
        "case": case.name,
        "where": case.origin,
        "outcome": case.outcome.value,
        "reason": _REASONS[case.kind] if case.kind else "",
        "geometry": case.geometry,
        "pseudo_labels": str(_count(case, LabelSource.PSEUDO)),
        "references": str(_count(case, LabelSource.REFERENCE)),
        "not_matched": " | ".join(case.unmatched),
        "warnings": " | ".join(case.warnings),
        "refusal": case.refusal,
    }
    shown = {name: show_line(text) for name, text in cells.items()}
    return {name: f"'{t}" if t.startswith(_FORMULA) else t for name, t in shown.items()}


def _count(case: CaseReport, source: LabelSource) -> int:
    return sum(label.source is source for label in case.labels)


def build_report_page(
    report: ImportReport, names: Sequence[NameRow], notices: Sequence[str]
) -> str:
    """A page that needs nothing beside itself. Every text of a file is escaped."""
    title = "Dry run of an import" if report.dry_run else "Import"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>",
        "<p class=soft>Research use only. Not a medical device. Names of files and folders, and "
        "names of contours, stand here as they were found.</p>",
        f"<p>{_text(report.sentence)}</p>",
        *(f"<p>{_text(notice)}.</p>" for notice in notices),
        *_list_refused(report),
        *_list_names(names),
        *_list_geometry(report),
        *_list_cases(report),
        "</body></html>",
    ]
    return "\n".join(parts)


def _list_refused(report: ImportReport) -> list[str]:
    """Refused cases by reason; duplicates and patients in two splits are reasons of their own."""
    refused = [case for case in report.cases if case.outcome is CaseOutcome.REFUSED]
    if not refused:
        return ["<h2>Refused</h2><p>None.</p>"]
    counts = Counter(case.kind or RefusalKind.FILE for case in refused)
    parts = [
        f"<h2>Refused: {len(refused)}</h2>",
        _build_table(
            ("Reason", "Cases"), [(_REASONS[k], str(counts[k])) for k in RefusalKind if counts[k]]
        ),
    ]
    for kind in counts:
        own = [case for case in refused if (case.kind or RefusalKind.FILE) is kind]
        parts.append(f"<h3>{_text(_REASONS[kind]).capitalize()}</h3>")
        parts.append(
            _build_table(("Case", "Where", "Why"), [(c.name, c.origin, c.refusal) for c in own])
        )
    return parts


def _list_names(names: Sequence[NameRow]) -> list[str]:
    waiting = [row for row in names if row.state is NameState.NOT_MATCHED]
    if not names:
        return []
    rows = [(row.written, str(row.files), ", ".join(row.nearest)) for row in waiting]
    return [
        f"<h2>Names that no structure answers to: {len(waiting)} of {len(names)}</h2>",
        _build_table(("Name", "Files", "Nearest structures"), rows) if rows else "<p>None.</p>",
    ]


def _list_geometry(report: ImportReport) -> list[str]:
    counts = Counter(case.geometry.split(", origin")[0] for case in report.cases if case.geometry)
    rows = [(geometry, str(count)) for geometry, count in counts.most_common(_MANY)]
    return ["<h2>Geometry of the CTs</h2>", _build_table(("Grid", "Cases"), rows)] if rows else []


def _list_cases(report: ImportReport) -> list[str]:
    taken = [case for case in report.cases if case.outcome is not CaseOutcome.REFUSED]
    rows = [
        (
            case.name,
            case.outcome.value,
            str(_count(case, LabelSource.PSEUDO)),
            str(_count(case, LabelSource.REFERENCE)),
            ", ".join(case.unmatched),
            "; ".join(case.warnings),
        )
        for case in taken
    ]
    heads = ("Case", "Outcome", "Pseudo-labels", "References", "Not matched", "Warnings")
    return [f"<h2>In: {len(taken)}</h2>", _build_table(heads, rows)] if rows else []


def _build_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(f"<th>{_text(head)}</th>" for head in heads)]
    lines += ["".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _text(text: str) -> str:
    return escape(show_line(text))
