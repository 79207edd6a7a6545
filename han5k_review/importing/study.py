"""A new study: its folder, its own copies of the tables, its one row of identity."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import han5k_review
from han5k_review.anatomy.catalogue import STRUCTURE_COLUMNS, Catalogue, read_catalogue
from han5k_review.anatomy.label_map import (
    LABEL_MAP_COLUMNS,
    LABEL_MAP_MEANINGS,
    find_channel_map,
    read_label_map,
)
from han5k_review.anatomy.windows import WINDOW_COLUMNS, read_windows
from han5k_review.errors import ConfigError, RuleError
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import transaction
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import StudyInfo
from han5k_review.study import find_study_info
from han5k_review.study import read_study_catalogue as read_study_catalogue  # its address of old
from han5k_review.study.scale import SCALE_COLUMNS, read_scale
from han5k_review.texts.names import compose, tidy_name
from han5k_review.texts.table_files import build_csv, read_table

DEFAULT_SCALE = "han5k-3"


def default_tables() -> Path:
    """The folder with the project's own structure table, scales, windows and label maps."""
    return Path(han5k_review.__file__).parents[1] / "data"


def target_table() -> Path:
    """Target volumes (GTV, CTV, PTV) as further structures."""
    return default_tables() / "further" / "targets.csv"


def create_study(
    root: Path,
    name: str,
    *,
    now_utc: datetime,
    structures: Sequence[Path] = (),
    add_structures: Sequence[Path] = (),
    scales: Path | None = None,
    windows: Path | None = None,
    label_maps: Sequence[Path] = (),
    scale: str = DEFAULT_SCALE,
    protocol_version: str = "1",
    database_url: str | None = None,
    actor: str = "han5k",
) -> Study:
    """Make the study in `root`, with its own copies of the tables; open it if it is there already.

    `structures` replace the project's structure table, `add_structures` add rows to it;
    `label_maps` join the project's own. Every table is read before anything is written. Running
    again with the same answers changes nothing; with others it raises RuleError. Raises
    ConfigError when a table is wrong, StorageError when the folder cannot be written.
    """
    tables = default_tables()
    paths = [*(structures or (tables / "structures.csv",)), *add_structures]
    scales, windows = scales or tables / "scales.csv", windows or tables / "windows.csv"
    maps = _choose_label_maps([*sorted((tables / "label_maps").glob("*.csv")), *label_maps])
    catalogue = read_catalogue(*paths)
    read_scale(scales, scale)
    _check_windows(catalogue, windows)
    for label_map in maps.values():
        if find_channel_map(label_map, catalogue) is None:
            read_label_map(label_map, catalogue)
    files = {"structures.csv": _merge_tables(paths)}
    files |= {
        "scales.csv": _copy_table(scales, SCALE_COLUMNS),
        "windows.csv": _copy_table(windows, WINDOW_COLUMNS),
    }
    files |= {
        f"label_maps/{key}": _copy_table(path, LABEL_MAP_COLUMNS, LABEL_MAP_MEANINGS)
        for key, path in maps.items()
    }
    root = root.resolve()
    _write_tables(root / "tables", files)
    study = open_study(root, database_url, create=True)
    info = StudyInfo(
        name=tidy_name(name), protocol_version=protocol_version, scale=scale, created_at_utc=now_utc
    )
    _write_info(study, info, actor)
    return study


def _choose_label_maps(paths: Sequence[Path]) -> Mapping[str, Path]:
    """By file name; a later file of the same name replaces the project's."""
    return {f"{compose(path.stem)}.csv": path for path in paths}


def _check_windows(catalogue: Catalogue, path: Path) -> None:
    known = {window.name for window in read_windows(path)}
    for structure in catalogue:
        if structure.window not in known:
            raise ConfigError(
                f"A window of {path.name} ({', '.join(sorted(known))}) was expected for "
                f"{structure.name}, found {structure.window!r}."
            )


def _merge_tables(paths: Sequence[Path]) -> bytes:
    """One structure table: a single file as it is, several with all their columns and rows."""
    if len(paths) == 1:
        return _copy_table(paths[0], STRUCTURE_COLUMNS)
    tables = [read_table(path, what="A table", required=STRUCTURE_COLUMNS) for path in paths]
    columns = dict.fromkeys(column for table in tables for column in table.columns)
    return build_csv(list(columns), [row.cells for table in tables for row in table.good_rows])


def _copy_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> bytes:
    """The study's own copy: a plain CSV byte for byte, anything else as one (UTF-8, NFC)."""
    table = read_table(path, what="A table", required=required, optional=optional)
    content = _read(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    header = next(csv.reader(text.splitlines()), [])
    if tuple(header) == table.columns and compose(text) == text:
        return content
    return build_csv(table.columns, [row.cells for row in table.good_rows])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"A table was expected at {path}, found: {error.strerror}.") from error


def _write_tables(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each table; those that are there already must be equal. `structures.csv` goes last."""
    there = {
        str(path.relative_to(folder)): _read(path)
        for path in (*folder.glob("*.csv"), *folder.glob("label_maps/*.csv"))
    }
    other = sorted(name for name, content in there.items() if files.get(name) != content)
    finished = "structures.csv" in there
    if other or (finished and set(there) != set(files)):
        raise RuleError(
            f"The tables of the study in {folder.parent} were expected unchanged, found others "
            f"({', '.join(other or sorted(set(files) - set(there)))}); a study keeps its tables: "
            "add to them with `han5k structures`, or make another study."
        )
    for name in sorted(files, key=lambda name: name == "structures.csv"):
        if name not in there:
            write_atomically(folder / name, files[name])


def _write_info(study: Study, info: StudyInfo, actor: str) -> None:
    with transaction(study.engine) as session:
        found = find_study_info(session)
        if found is None:
            session.add(info)
            add_audit(
                session,
                at_utc=info.created_at_utc,
                actor=actor,
                action="make study",
                subject=info.name,
                scale=info.scale,
                protocol=info.protocol_version,
            )
        elif (tidy_name(found.name), found.scale, found.protocol_version) != (
            info.name,
            info.scale,
            info.protocol_version,
        ):
            raise RuleError(
                f"The study {found.name!r} with scale {found.scale} and protocol "
                f"{found.protocol_version} lives in {study.root}, it cannot become {info.name!r} "
                f"with scale {info.scale} and protocol {info.protocol_version}."
            )
