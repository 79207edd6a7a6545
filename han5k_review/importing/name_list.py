"""The list of names of a cohort: every ROI name with its count, what it is, and what it may be.

It is shown and written to a file, so that a person confirms; the study stores none of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import ConfigError
from han5k_review.importing.name_proposals import propose_structures
from han5k_review.importing.roi_names import FoundName
from han5k_review.store.files import write_atomically
from han5k_review.texts.counts import say_count
from han5k_review.texts.table_files import build_csv, read_table

LEFT_OUT = "-"
"""What stands for a structure where a name is to be left out."""
_COLUMNS = ("name", "files", "state", "structure", "nearest")
_FORMULA = ("=", "+", "-", "@", "'")


class NameState(StrEnum):
    """How a name is known."""

    NOT_MATCHED = "not matched"
    CONFIRMED = "confirmed"
    LEFT_OUT = "left out"
    MATCHED = "matched"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    """A name as files write it, in how many files, what it is, and what comes nearest."""

    written: str
    files: int
    state: NameState
    structure: StructureName | None
    nearest: tuple[StructureName, ...] = ()

    @property
    def sentence(self) -> str:
        """The name in one line."""
        count = f"{self.written}: {say_count(self.files, 'file')}, {self.state}"
        if self.structure is not None:
            return f"{count}: {self.structure}"
        near = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        return f"{count}{near}"


def build_name_rows(names: Iterable[FoundName], catalogue: Catalogue) -> tuple[NameRow, ...]:
    """The names of many files: those not matched first, then by how often they occur."""
    counts = Counter(name.written for name in names if name.written)
    rows = [_build_row(written, files, catalogue) for written, files in counts.items()]
    order = list(NameState)
    return tuple(sorted(rows, key=lambda r: (order.index(r.state), -r.files, r.written)))


def _build_row(written: str, files: int, catalogue: Catalogue) -> NameRow:
    structure = catalogue.find_clinic_name(written)
    if catalogue.is_confirmed(written):
        state = NameState.LEFT_OUT if structure is None else NameState.CONFIRMED
    else:
        state = NameState.NOT_MATCHED if structure is None else NameState.MATCHED
    is_open = state is NameState.NOT_MATCHED
    nearest = propose_structures(written, catalogue) if is_open else ()
    return NameRow(written=written, files=files, state=state, structure=structure, nearest=nearest)


def write_name_table(path: Path, rows: Sequence[NameRow]) -> None:
    """The rows as a CSV to fill in: a structure, or `-` to leave a name out."""
    cells = [
        {
            "name": f"'{row.written}" if row.written.startswith(_FORMULA) else row.written,
            "files": str(row.files),
            "state": row.state.value,
            "structure": row.structure or (LEFT_OUT if row.state is NameState.LEFT_OUT else ""),
            "nearest": " | ".join(row.nearest),
        }
        for row in rows
    ]
    write_atomically(path, build_csv(_COLUMNS, cells))


def read_name_table(path: Path, catalogue: Catalogue) -> Mapping[str, StructureName | None]:
    """What a filled-in table says of names that the catalogue knows otherwise, or not yet.

    An empty structure says nothing; `-` leaves the name out (None). ConfigError names the line of a
    structure that the study does not have, or of a name that stands there twice with two meanings.
    """
    table = read_table(
        path, what="A table of names", required=("name", "structure"), optional=_COLUMNS
    )
    found: dict[str, StructureName | None] = {}
    for row in table.good_rows:
        written = row.cells["name"].removeprefix("'")
        cell = row.cells["structure"]
        if not written or not cell:
            continue
        structure = None if cell == LEFT_OUT else catalogue.find_name(cell)
        if cell != LEFT_OUT and structure is None:
            raise ConfigError(
                f"{row.where}: a structure of the study (or {LEFT_OUT} to leave the name out) was "
                f"expected, found {cell!r}."
            )
        if found.get(written, structure) != structure:
            raise ConfigError(f"{row.where}: {written!r} once was expected, found it again.")
        found[written] = structure
    return {name: one for name, one in found.items() if _is_new(name, one, catalogue)}


def read_name_rows(path: Path, catalogue: Catalogue) -> tuple[NameRow, ...]:
    """The names and counts of a table, with what the study knows of them now."""
    table = read_table(path, what="A table of names", required=("name",), optional=_COLUMNS)
    counts: Counter[str] = Counter()
    for row in table.good_rows:
        files = row.cells.get("files", "")
        counts[row.cells["name"].removeprefix("'")] += int(files) if files.isdecimal() else 1
    rows = [_build_row(written, files, catalogue) for written, files in counts.items() if written]
    order = list(NameState)
    return tuple(sorted(rows, key=lambda r: (order.index(r.state), -r.files, r.written)))


def _is_new(written: str, structure: StructureName | None, catalogue: Catalogue) -> bool:
    if structure is None:
        return not (catalogue.is_confirmed(written) and catalogue.find_clinic_name(written) is None)
    return catalogue.find_clinic_name(written) != structure
