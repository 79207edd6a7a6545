"""Label maps: which integer values of a label image, or which channels, make up which structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import ConfigError
from han5k_review.texts.numbers import find_whole_number
from han5k_review.texts.table_files import Table, read_table

LABEL_MAP_COLUMNS = ("structure",)
LABEL_MAP_MEANINGS = ("values", "channel")
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
    """Read a table (CSV or XLSX) with the columns `structure` and `values`.

    `values` is one or more integers or ranges joined by `|`, e.g. `1-9` or `16|18|20`: the
    structure is the union of these label values; a value may serve several structures, and the rows
    of one structure are merged, with a notice. An empty `structure` cell, or a name the catalogue
    lacks, means the value is known and left out. Raises ConfigError with file and line.
    """
    structures: dict[StructureName, frozenset[int]] = {}
    rows: dict[StructureName, list[str]] = {}
    ignored: set[int] = set()
    unmatched: list[str] = []
    for row in _read_map(path, "values").good_rows:
        values = _values(row.cells["values"], row.where)
        foreign = row.cells["structure"]
        name = catalogue.find_name(foreign) if foreign else None
        if name is None:
            ignored |= values
            if foreign:
                unmatched.append(foreign)
            continue
        rows.setdefault(name, []).append(f"{foreign} {row.cells['values']}")
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
        notices=(*merged, *_compare_pairs(structures, catalogue, path)),
    )


def _compare_pairs(
    structures: Mapping[StructureName, frozenset[int]], catalogue: Catalogue, path: Path
) -> list[str]:
    """A value may serve several structures, but hardly the left and the right one of a pair."""
    notices = []
    for name, values in structures.items():
        pair = catalogue.get_structure(name).pair
        shared = values & structures.get(pair, frozenset()) if pair else frozenset()
        if shared and name < str(pair):
            numbers = ", ".join(str(value) for value in sorted(shared))
            notices.append(f"{path.name}: {name} and {pair} have the same label values ({numbers})")
    return notices


def is_channel_map(path: Path) -> bool:
    """True for a table with a column `channel`, and none of `values`; ConfigError for no table."""
    columns = _read_map(path).columns
    return "channel" in columns and "values" not in columns


def find_channel_map(path: Path, catalogue: Catalogue) -> ChannelMap | None:
    """Read a table with the columns `structure` and `channel`; None when it has no such columns.

    `channel` is one number, from 0. An empty `structure` cell, or a name the catalogue lacks,
    leaves the channel out. Raises ConfigError with file and line: no number, a channel or a
    structure twice.
    """
    if "channel" not in _read_map(path).columns:
        return None
    structures: dict[int, StructureName] = {}
    left_out: dict[int, str] = {}
    for row in _read_map(path, "channel").good_rows:
        where, foreign = row.where, row.cells["structure"]
        number = find_whole_number(row.cells["channel"])
        if number is None:
            raise ConfigError(
                f"{where}: the number of a channel was expected, found {row.cells['channel']!r}."
            )
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


def _read_map(path: Path, *meaning: str) -> Table:
    """A map with the columns `structure` and `meaning`."""
    required = (*LABEL_MAP_COLUMNS, *meaning)
    return read_table(path, what="A label map", required=required, optional=LABEL_MAP_MEANINGS)


def _values(text: str, where: str) -> frozenset[int]:
    values: set[int] = set()
    for part in filter(None, (p.strip() for p in text.split("|"))):
        ends = [find_whole_number(end.strip(), digits=_MAX_DIGITS) for end in part.split("-")]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            raise ConfigError(
                f"{where}: integers or ranges like 1-9 were expected, found {part!r}."
            )
        span = range(first, last + 1)
        if not 0 < len(span) <= _MAX_RANGE:
            raise ConfigError(f"{where}: a rising range was expected, found {part!r}.")
        values |= set(span)
    if not values:
        raise ConfigError(f"{where}: at least one label value was expected, found none.")
    if 0 in values:
        raise ConfigError(f"{where}: label values above 0 were expected; 0 is the background.")
    return frozenset(values)
