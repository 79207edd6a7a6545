"""What imports came to: how the last one ended and why, its report, and the list of all."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from han5k_review.intake.record import import_folder, resume_import
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.vocabulary import ImportState
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt

_TOLD_REFUSALS = 5
_REPORTS = (("report.html", "Report", "text/html"), ("report.csv", "Report as CSV", "text/csv"))
_NAMES = ("names.csv", "ROI names", "text/csv")
_OUTCOMES = ("new", "changed", "unchanged", "refused")


def show_past(visit: Visit, rows: Sequence[TreeImport]) -> None:
    """What earlier imports came to; the newest with its report, or with the button to resume it."""
    last = rows[0]
    what = "Dry run" if last.dry_run else "Import"
    if last.state is ImportState.FAILED:
        st.error(f"{what} {last.id} stopped. {as_text(last.error)}")
    elif last.state is ImportState.CANCELLED:
        rest = "Nothing was stored." if last.dry_run else "What was imported stays."
        st.warning(f"{what} {last.id} was cancelled. {rest}")
    if last.state in (ImportState.FAILED, ImportState.CANCELLED) and st.button(
        "Resume", type="primary", key="import-resume"
    ):
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                resume_import(
                    session,
                    visit.bench.study,
                    stored_id(last),
                    actor=visit.identity.name,
                    now=utc_now(),
                )
            st.rerun()
    if last.state is ImportState.DONE:
        _show_done(visit, last)
    st.dataframe(build_import_frame(rows), hide_index=True, placeholder="")


def _show_done(visit: Visit, row: TreeImport) -> None:
    """What came of it; where something is wrong, why and what to do, as far as the report stands"""
    found = row.found or {}
    if not any(found.get(word, 0) for word in _OUTCOMES):
        st.warning(
            f"No CT series (DICOM) was found in {as_text(Path(row.root).name)} "
            f"({say_count(found.get('files', 0), 'file')}). Choose another folder or .zip; NIfTI "
            "and other formats need a table of cases, on the server: "
            "`han5k import cases.csv --dry-run`."
        )
    elif found.get("refused", 0):
        refused = list_refusals(import_folder(visit.bench.study, stored_id(row)).path)
        told = [f"* {as_text(line)}" for line in refused[:_TOLD_REFUSALS]]
        if len(refused) > _TOLD_REFUSALS:
            told.append(f"* and {len(refused) - _TOLD_REFUSALS:,} more, in the report")
        st.warning("\n".join([describe_done(row), *told]))
    else:
        st.success(describe_done(row))
    _offer_report(visit, stored_id(row))


def list_refusals(folder: Path) -> list[str]:
    """Case and reason of each that was refused, from the report; none once it was deleted."""
    try:
        with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as table:
            rows = list(csv.DictReader(table))
    except OSError:
        return []
    return [f"{row['case']}: {row['refusal']}" for row in rows if row["refusal"]]


def describe_done(row: TreeImport) -> str:
    """One line of an import that is done."""
    found = row.found or {}
    counts = ", ".join(f"{found.get(word, 0)} {word}" for word in _OUTCOMES)
    names = found.get("unmatched_names", 0)
    what = "Dry run, nothing was stored: " if row.dry_run else "Imported: "
    told = ""
    if names:
        verb = "fits" if names == 1 else "fit"
        told = f" {say_count(names, 'name')} of contours {verb} no structure: see ROI names."
    return f"{what}{counts}, in {say_count(found.get('files', 0), 'file')}.{told}"


def _offer_report(visit: Visit, import_id: int) -> None:
    folder = import_folder(visit.bench.study, import_id).path
    files = [(folder / name, label, kind) for name, label, kind in (*_REPORTS, _NAMES)]
    there = [file for file in files if file[0].is_file()]
    if not there:
        return
    places = st.columns(len(there) + 1)
    for place, (path, label, kind) in zip(places, there, strict=False):
        name = f"import-{import_id}-{path.name}"
        place.download_button(
            label, path.read_bytes(), file_name=name, mime=kind, key=name, width="stretch"
        )
    if places[-1].button("Delete report", key="import-forget", width="stretch"):
        for path, _, _ in there:
            path.unlink(missing_ok=True)
        st.rerun()
    st.caption(
        "The report names folders and contours as they were found, which may be names of people. "
        "Delete it when you no longer need it."
    )


def build_import_frame(rows: Sequence[TreeImport]) -> pd.DataFrame:
    """Imports, the newest first."""
    return pd.DataFrame(
        {
            "Import": [row.id for row in rows],
            "Folder": [Path(row.root).name for row in rows],
            "Kind": ["dry run" if row.dry_run else "import" for row in rows],
            "State": [row.state.value for row in rows],
            "New": [(row.found or {}).get("new") for row in rows],
            "Refused": [(row.found or {}).get("refused") for row in rows],
            "By": [row.actor for row in rows],
            "Started": [say_time(row.created_at_utc) for row in rows],
        }
    )
