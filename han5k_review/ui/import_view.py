"""Importing on a page: ask for a folder, watch, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import streamlit as st

from han5k_review.accounts.may import Action, require
from han5k_review.imaging.dicom.archives import is_archive
from han5k_review.importing.structure_set_choice import SetChoice, SetRule
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice
from han5k_review.intake.record import (
    UNFINISHED,
    IntakeOrder,
    cancel_import,
    get_import,
    request_import,
)
from han5k_review.intake.watching import keep_watch
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.vocabulary import ImportState, LabelSource, Split
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt

_LOOK_SECONDS = 2
_WHOLE = "(the whole folder)"
_CONTOURS = {"pseudo-labels, to be graded": LabelSource.PSEUDO, "references": LabelSource.REFERENCE}
_NAMING = {
    "by a pseudonym made here": CaseNaming.PSEUDONYM,
    "by the patient identifier (it is a pseudonym already)": CaseNaming.PATIENT_ID,
}
_SETS = {
    "refuse the case and list them": SetRule.ONE,
    "take the newest approved one": SetRule.NEWEST_APPROVED,
    "take the newest one": SetRule.NEWEST,
}
_SPLITS = {"train": Split.TRAIN, "held out": Split.HELD_OUT}


def show_asking(visit: Visit, last: TreeImport | None) -> None:
    """The form: which folder, and how; nothing of the server's disk beyond the setting's folder.

    It begins as this person's last import was asked for: what a dry run showed is what is imported.
    """
    folder = visit.bench.settings.import_folder
    if folder is None:
        st.info(
            "Which folder of the server may be imported from here is a setting: "
            "HAN5K_IMPORT_FOLDER. Without it, import on the server: "
            "`han5k import FOLDER --dry-run`."
        )
        return
    names = [_WHOLE, *_list_folders(folder)]
    if last is not None and last.actor == visit.identity.name:
        _begin_as(last, folder, names)
    left, right = st.columns(2)
    chosen = left.selectbox(f"Folder or .zip in {folder.name}", names, key="import-folder")
    contours = right.selectbox("The contours in it are", list(_CONTOURS), key="import-contours")
    naming = left.selectbox("Cases are named", list(_NAMING), key="import-naming")
    split = right.selectbox("All patients are for", list(_SPLITS), key="import-split")
    sets, in_place, doses = _show_further()
    order = IntakeOrder(
        root=folder if chosen == _WHOLE else folder / chosen,
        choice=TreeChoice(
            contours=_CONTOURS[contours],
            naming=_NAMING[naming],
            split=_SPLITS[split],
            sets=sets,
            doses=doses,
            in_place=in_place,
        ),
        processes=visit.bench.settings.processes,
    )
    look, start, _ = st.columns([1, 1, 3])
    is_look = look.button("Dry run", key="import-look", type="primary", width="stretch")
    is_start = start.button("Import", key="import-start", width="stretch")
    if is_look or is_start:
        _request(visit, replace(order, dry_run=is_look))


def _begin_as(last: TreeImport, folder: Path, names: Sequence[str]) -> None:
    """Fill what nobody chose yet on this page; a folder that is gone is left out."""
    root = Path(last.root)
    chosen = _WHOLE if root == folder else root.name
    values: dict[str, object] = {
        "import-contours": _find_word(_CONTOURS, last.contours),
        "import-naming": _find_word(_NAMING, CaseNaming(last.naming)),
        "import-split": _find_word(_SPLITS, last.split),
        "import-sets": _find_word(_SETS, SetRule(last.structure_sets)),
        "import-set-label": last.set_label,
        "import-reference-label": last.reference_label,
        "import-doses": last.doses,
        "import-in-place": last.in_place,
    }
    if chosen in names and (chosen == _WHOLE or root.parent == folder):
        values["import-folder"] = chosen
    for key, value in values.items():
        if value is not None:
            st.session_state.setdefault(key, value)


def _find_word(words: Mapping[str, object], meant: object) -> str | None:
    return next((word for word, value in words.items() if value == meant), None)


def _show_further() -> tuple[SetChoice, bool, bool]:
    """What few folders need: several structure sets of one CT, doses, CTs that are not copied."""
    with st.expander("Several structure sets, doses, CTs left in place"):
        left, right = st.columns(2)
        rule = left.selectbox(
            "Where a CT has several structure sets", list(_SETS), key="import-sets"
        )
        label = right.text_input(
            "Only sets whose label or series description holds", key="import-set-label"
        )
        reference = right.text_input(
            "Sets whose label holds this are references", key="import-reference-label"
        )
        st.session_state.setdefault("import-doses", True)
        doses = left.checkbox("Keep the planned dose of each CT", key="import-doses")
        in_place = left.checkbox(
            "Leave the CTs where they are",
            key="import-in-place",
            help="The study keeps where they lie and their hashes, and needs the files there. "
            "Where names of folders are names of people, copy instead.",
        )
    sets = SetChoice(rule=_SETS[rule], label=label.strip(), reference_label=reference.strip())
    return sets, in_place, doses


def _request(visit: Visit, order: IntakeOrder) -> None:
    with attempt():
        require(visit.identity, Action.IMPORT_CASES)
        with transaction(visit.bench.study.engine) as session:
            request_import(session, order, actor=visit.identity.name, now=utc_now())
        st.rerun()


def _list_folders(folder: Path) -> list[str]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        st.error(
            f"The folder {folder} was expected (HAN5K_IMPORT_FOLDER): {as_text(error.strerror)}."
        )
        return []
    seen = [entry for entry in entries if entry.name[0] != "." and not entry.is_symlink()]
    return [entry.name for entry in seen if entry.is_dir() or is_archive(entry)]


@st.fragment(run_every=_LOOK_SECONDS)
def show_working(visit: Visit, import_id: int) -> None:
    """The import that waits or works: how far, how long still, and a button that stops it."""
    keep_watch(visit.bench.study)
    with reading(visit.bench.study.engine) as session:
        row = get_import(session, import_id)
        session.expunge(row)
    if row.state not in UNFINISHED:
        st.rerun()
    bar, button = st.columns([6, 1], vertical_alignment="bottom")
    done, total = row.progress.get("done", 0), row.progress.get("total", 0)
    bar.progress(done / total if total else 0.0, text=describe_working(row))
    if button.button("Cancel", key="import-cancel", disabled=row.cancel_requested, width="stretch"):
        with attempt(), transaction(visit.bench.study.engine) as session:
            cancel_import(session, import_id, actor=visit.identity.name, now=utc_now())
        st.rerun(scope="fragment")


def describe_working(row: TreeImport) -> str:
    """One line of an import that waits or works."""
    what = "Dry run of" if row.dry_run else "Importing"
    words = f"{what} {Path(row.root).name}: "
    progress = row.progress
    if row.cancel_requested:
        return f"{words}stops after the cases in work."
    if progress.get("stage") == "cases":
        words += f"{progress['done']} of {say_count(progress['total'], 'case')}"
        if progress["refused"]:
            words += f", {progress['refused']} refused"
        words += f", about {timedelta(seconds=progress['seconds_left'])} left"
    elif progress:
        words += f"searching, {say_count(progress['files'], 'file')} so far"
    elif row.state is ImportState.IMPORTING:
        words += "opening it"
    else:
        words += "waits to begin"
    return f"{words}. Started by {row.actor}; it goes on when you leave the page."
