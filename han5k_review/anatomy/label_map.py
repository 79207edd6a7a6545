"""Label maps: which integer values of a label image, or which channels, make up which structure."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import ConfigError

_MAX_RANGE = 100_000
_MAX_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMap:
    """`structures`: structure -> label values whose union it is; `ignored`: values left out.

    `unmatched` lists the names of the file that the catalogue does not know; `notices` say which
    structures stand in several rows.
    """

    structures: Mapping[StructureName, frozenset[int]]
    ignored: frozenset[int]
    unmatched: tuple[str, ...]
    notices: tuple[str, ...] = ()

    @property
    def known_values(self) -> frozenset[int]:
        """Every value the map speaks of."""
        return frozenset().union(self.ignored, *self.structures.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMap:
    """Which structure each channel of a 4-D one-hot file holds.

    `left_out` are channels that no structure of the catalogue answers to, with the name that the
    map gives them, or none.
    """

    structures: Mapping[int, StructureName]
    left_out: Mapping[int, str]

    @property
    def channels(self) -> frozenset[int]:
        """Every channel the map speaks of."""
        return frozenset(self.structures) | frozenset(self.left_out)

    @property
    def unmatched(self) -> tuple[str, ...]:
        """What is left out, by name or by number."""
        return tuple(name or f"channel {n}" for n, name in sorted(self.left_out.items()))

    def describe(self) -> str:
        """One phrase for people: each channel and its structure."""
        names = {n: f"left out{name and f' ({name})'}" for n, name in self.left_out.items()}
        return ", ".join(f"{n} {({**names, **self.structures})[n]}" for n in sorted(self.channels))


def read_label_map(path: Path, catalogue: Catalogue) -> LabelMap:
    """Read a CSV with the columns `structure` and `values`.

    `values` is one or more integers or ranges joined by `|`, e.g. `1-9` or `16|18|20`: the
    structure is the union of these label values; a value may serve several structures, and the rows
    of one structure are merged, with a notice. An empty `structure` cell, or a name the catalogue
    lacks, means the value is known and left out. Raises ConfigError with file and line.
    """
    structures: dict[StructureName, frozenset[int]] = {}
    rows: dict[StructureName, list[str]] = {}
    ignored: set[int] = set()
    unmatched: list[str] = []
    for where, cells in _read_rows(path, "values"):
        values = _values(cells["values"], where)
        foreign = cells["structure"]
        name = catalogue.find_name(foreign) if foreign else None
        if name is None:
            ignored |= values
            if foreign:
                unmatched.append(foreign)
            continue
        rows.setdefault(name, []).append(f"{foreign} {cells['values']}")
        structures[name] = structures.get(name, frozenset()) | values
    merged = tuple(
        f"{path.name}: {name} stands in {len(given)} rows ({'; '.join(given)}), which were merged"
        for name, given in rows.items()
        if len(given) > 1
    )
    return LabelMap(
        structures=structures,
        ignored=frozenset(ignored),
        unmatched=tuple(unmatched),
        notices=merged,
    )


def find_channel_map(path: Path, catalogue: Catalogue) -> ChannelMap | None:
    """Read a CSV with the columns `structure` and `channel`; None when it has no such columns.

    `channel` is one number, from 0. An empty `structure` cell, or a name the catalogue lacks,
    leaves the channel out. Raises ConfigError with file and line: no number, a channel or a
    structure twice.
    """
    if "channel" not in _read_columns(path):
        return None
    structures: dict[int, StructureName] = {}
    left_out: dict[int, str] = {}
    for where, cells in _read_rows(path, "channel"):
        text, foreign = cells["channel"], cells["structure"]
        if not _is_number(text):
            raise ConfigError(f"{where}: the number of a channel was expected, found {text!r}.")
        number = int(text)
        name = catalogue.find_name(foreign) if foreign else None
        if number in structures or number in left_out:
            raise ConfigError(f"{where}: each channel once was expected, found {number} again.")
        if name in structures.values():
            raise ConfigError(f"{where}: each structure once was expected, found {name} again.")
        if name is None:
            left_out[number] = foreign
        else:
            structures[number] = name
    return ChannelMap(structures=structures, left_out=left_out)


def build_channel_map(catalogue: Catalogue) -> dict[int, StructureName]:
    """Channel of a SegRap 4-D one-hot file -> structure (column `segrap_channel`)."""
    return {s.segrap_channel: s.name for s in catalogue if s.segrap_channel is not None}


def _read_rows(path: Path, column: str) -> list[tuple[str, dict[str, str]]]:
    """(file and line, cells) of each row of a map with the columns `structure` and `column`."""
    with _open_map(path) as file:
        reader = csv.DictReader(file)
        if not {"structure", column} <= set(reader.fieldnames or []):
            raise ConfigError(f"{path.name}: the columns structure, {column} were expected.")
        return [
            (
                f"{path.name} line {reader.line_num}",
                {name: (row.get(name) or "").strip() for name in ("structure", column)},
            )
            for row in reader
        ]


def _read_columns(path: Path) -> set[str]:
    with _open_map(path) as file:
        return set(csv.DictReader(file).fieldnames or [])


@contextmanager
def _open_map(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield file
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"A label map was expected at {path}, found: {error}.") from error


def _is_number(text: str) -> bool:
    """`²` is a digit for Python and no number."""
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def _values(text: str, where: str) -> frozenset[int]:
    values: set[int] = set()
    for part in filter(None, (p.strip() for p in text.split("|"))):
        first, _, last = part.partition("-")
        if not _is_number(first) or (last and not _is_number(last)):
            raise ConfigError(
                f"{where}: integers or ranges like 1-9 were expected, found {part!r}."
            )
        span = range(int(first), int(last or first) + 1)
        if not 0 < len(span) <= _MAX_RANGE:
            raise ConfigError(f"{where}: a rising range was expected, found {part!r}.")
        values |= set(span)
    if not values:
        raise ConfigError(f"{where}: at least one label value was expected, found none.")
    if 0 in values:
        raise ConfigError(f"{where}: label values above 0 were expected; 0 is the background.")
    return frozenset(values)
