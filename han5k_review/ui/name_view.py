"""The page of ROI names: what a dry run found, and a structure for each name."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.importing.confirmed_names import confirm_names
from han5k_review.importing.name_list import NameRow, NameState, read_name_rows
from han5k_review.intake.record import import_folder, list_imports
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.name_tables import ConfirmedName
from han5k_review.store.study import Study
from han5k_review.texts.counts import say_count
from han5k_review.ui.local_time import say_time
from han5k_review.ui.visit import Visit, attempt, tell

_LEAVE_OUT = "(leave out)"


def read_uploaded_names(upload: UploadedFile, catalogue: Catalogue) -> tuple[NameRow, ...]:
    """The names of an uploaded table, with what the study knows of them now."""
    with tempfile.TemporaryDirectory(prefix="han5k-") as folder:
        path = Path(folder) / f"names{Path(upload.name).suffix.lower()}"
        path.write_bytes(upload.getbuffer())
        return read_name_rows(path, catalogue)


def find_import_names(study: Study, catalogue: Catalogue) -> tuple[NameRow, ...]:
    """The names of the newest import of a page whose report is still there; else none."""
    with reading(study.engine) as session:
        rows = list_imports(session)
        folders = [import_folder(study, stored_id(row)).path for row in rows]
    tables = (folder / "names.csv" for folder in folders)
    newest = next((table for table in tables if table.is_file()), None)
    return () if newest is None else read_name_rows(newest, catalogue)


def show_confirming(visit: Visit, rows: Sequence[NameRow], catalogue: Catalogue) -> None:
    """A table to fill in, and the button that keeps what was filled in."""
    waiting = sum(row.state is NameState.NOT_MATCHED for row in rows)
    st.caption(
        f"{say_count(len(rows), 'name')}, {waiting} that no structure answers to (at the top)."
    )
    fill = st.checkbox("Fill in the nearest structure", key="names-fill", disabled=not waiting)
    edited = st.data_editor(
        _build_frame(rows, fill=fill),
        hide_index=True,
        placeholder="",
        key=f"names-editor-{fill}",
        disabled=["Name", "Files", "State", "Nearest"],
        column_config={
            "Structure": st.column_config.SelectboxColumn(
                options=[_LEAVE_OUT, *(str(one.name) for one in catalogue)],
                help="What the name is; empty says nothing.",
            )
        },
    )
    chosen = _list_changes(rows, edited["Structure"].tolist())
    label = f"Confirm {say_count(len(chosen), 'name')}"
    if st.button(label, type="primary", disabled=not chosen, key="names-confirm"):
        with attempt():
            with transaction(visit.bench.study.engine) as session:
                count = confirm_names(
                    session, catalogue, chosen, actor=visit.identity.name, now_utc=utc_now()
                )
            tell(f"{say_count(count, 'name')} confirmed; the next import uses it.")
            st.rerun()


def _build_frame(rows: Sequence[NameRow], *, fill: bool) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": [row.written for row in rows],
            "Files": [row.files for row in rows],
            "State": [row.state.value for row in rows],
            "Structure": [_show(row, fill=fill) for row in rows],
            "Nearest": [", ".join(row.nearest) for row in rows],
        }
    )


def _show(row: NameRow, *, fill: bool) -> str | None:
    if row.state is NameState.LEFT_OUT:
        return _LEAVE_OUT
    if row.structure is None and fill and row.nearest:
        return str(row.nearest[0])
    return None if row.structure is None else str(row.structure)


def _list_changes(
    rows: Sequence[NameRow], cells: Sequence[str | None]
) -> Mapping[str, StructureName | None]:
    """What the cells say of names beyond what is known already."""
    changes: dict[str, StructureName | None] = {}
    for row, cell in zip(rows, cells, strict=True):
        if not isinstance(cell, str) or cell == _show(row, fill=False):
            continue
        changes[row.written] = None if cell == _LEAVE_OUT else StructureName(cell)
    return changes


def build_confirmed_frame(rows: Sequence[ConfirmedName]) -> pd.DataFrame:
    """Confirmations, the newest first."""
    return pd.DataFrame(
        {
            "Name": [row.written for row in reversed(rows)],
            "Structure": [row.structure or _LEAVE_OUT for row in reversed(rows)],
            "By": [row.actor for row in reversed(rows)],
            "Confirmed": [say_time(row.confirmed_at_utc) for row in reversed(rows)],
        }
    )
