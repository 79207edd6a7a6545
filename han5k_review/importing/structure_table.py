"""The structure table of a study that exists: rows and aliases are added, colours are renewed,
nothing is taken away.

Every table there was is kept as `tables/versions/structures-<n>.csv`; the audit trail says who
added what, and which version of the table that made.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from han5k_review.anatomy.catalogue import STRUCTURE_COLUMNS, read_catalogue
from han5k_review.anatomy.windows import read_windows
from han5k_review.errors import ConfigError, DataError, RuleError
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import transaction
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study
from han5k_review.texts.table_files import build_csv, read_table

TABLE = "structures.csv"
_COLOURS = ("color_rgb", "color_safe_rgb", "touches")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """What was added or renewed, and the version that the table has now (1: the beginning)."""

    version: int
    added: tuple[str, ...]


def add_structures(study: Study, table: Path, *, actor: str, now: datetime) -> TableChange:
    """Add the rows of `table` to the study's structures.

    Raises ConfigError when a row is wrong or its name is there already, or an alias is claimed
    twice, and DataError for a table without rows; then nothing changes.
    """
    columns, rows = _read(study)
    new = read_table(table, what="A structure table", required=STRUCTURE_COLUMNS)
    merged = [*rows, *(row.cells for row in new.good_rows)]
    names = tuple(row.cells["name"] for row in new.good_rows)
    if not names:
        raise DataError(f"{table}: at least one structure was expected, found none.")
    return _replace(
        study, [*columns, *new.columns], merged, added=names, what="structures", by=(actor, now)
    )


def add_aliases(
    study: Study, structure: str, aliases: Sequence[str], *, actor: str, now: datetime
) -> TableChange:
    """Give a structure further names; those that it has already stay as they are.

    Raises ConfigError for an unknown structure, or when another one has such a name, DataError
    for a name with |, and RuleError when all of them are known already.
    """
    catalogue = read_catalogue(study.tables / TABLE)
    name = catalogue.get_structure(structure).name
    wrong = [alias for alias in aliases if "|" in alias or not alias.strip()]
    if wrong:
        raise DataError(f"A name without | was expected as an alias, found {wrong[0]!r}.")
    new = tuple(alias.strip() for alias in aliases if catalogue.find_name(alias) != name)
    if not new:
        raise RuleError(f"A new alias was expected, {name} is known by all of these already.")
    columns, rows = _read(study)
    changed = [
        {**row, "aliases": "|".join([*_split(row), *new])} if row["name"] == name else row
        for row in rows
    ]
    return _replace(
        study,
        [*columns, "aliases"],
        changed,
        added=tuple(f"{name}: {alias}" for alias in new),
        what="aliases",
        by=(actor, now),
    )


def list_other_colours(study: Study, table: Path) -> tuple[str, ...]:
    """Structures of the study to which `table` gives other colours, or other neighbours."""
    _, rows = _read(study)
    given = _read_colours(table)
    return tuple(
        row["name"]
        for row in rows
        if row["name"] in given
        and any(row.get(column, "") != cell for column, cell in given[row["name"]].items())
    )


def take_colours(study: Study, table: Path, *, actor: str, now: datetime) -> TableChange:
    """Give the study's structures the colours that `table` has for them, the colour-blind set and
    the neighbours they were chosen for.

    RuleError when they have them already. Structures that `table` does not know stay as they are.
    """
    changed = list_other_colours(study, table)
    if not changed:
        raise RuleError(f"Other colours were expected in {table.name}; the study has these.")
    columns, rows = _read(study)
    given = _read_colours(table)
    merged = [{**row, **given.get(row["name"], {})} for row in rows]
    return _replace(
        study, [*columns, *_COLOURS], merged, added=changed, what="colours", by=(actor, now)
    )


def _read_colours(table: Path) -> dict[str, dict[str, str]]:
    read = read_table(table, what="A structure table", required=STRUCTURE_COLUMNS)
    return {
        row.cells["name"]: {name: row.cells.get(name, "") for name in _COLOURS}
        for row in read.good_rows
    }


def _split(row: Mapping[str, str]) -> list[str]:
    return [alias for alias in row.get("aliases", "").split("|") if alias.strip()]


def _read(study: Study) -> tuple[list[str], list[Mapping[str, str]]]:
    table = read_table(study.tables / TABLE, what="A table", required=STRUCTURE_COLUMNS)
    return list(table.columns), [row.cells for row in table.good_rows]


def _replace(
    study: Study,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    *,
    added: tuple[str, ...],
    what: str,
    by: tuple[str, datetime],
) -> TableChange:
    """Check the whole new table, keep the old one, put the new one in its place, and say so."""
    content = build_csv(list(dict.fromkeys(columns)), rows)
    _check(study, content)
    path, versions = study.tables / TABLE, study.tables / "versions"
    versions.mkdir(exist_ok=True)
    number = 1 + sum(1 for _ in versions.glob("structures-*.csv"))
    actor, now = by
    with transaction(study.engine) as session:
        add_audit(
            session,
            at_utc=now,
            actor=actor,
            action=f"add {what}",
            subject=f"structure table, version {number + 1}",
            added=list(added),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        write_atomically(versions / f"structures-{number}.csv", path.read_bytes())
        write_atomically(path, content)
    return TableChange(version=number + 1, added=added)


def _check(study: Study, content: bytes) -> None:
    """ConfigError unless every row is sound, and its window is one of the study's."""
    known = {window.name for window in read_windows(study.tables / "windows.csv")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / TABLE
        path.write_bytes(content)
        for structure in read_catalogue(path):
            if structure.window not in known:
                raise ConfigError(
                    f"A window of the study ({', '.join(sorted(known))}) was expected for "
                    f"{structure.name}, found {structure.window!r}."
                )
