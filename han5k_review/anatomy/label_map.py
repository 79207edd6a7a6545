"""Label maps: which integer values of a label image make up which structure."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import ConfigError

_MAX_RANGE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMap:
    """`structures`: structure -> label values whose union it is; `ignored`: values left out.

    `unmatched` lists the names of the file that the catalogue does not know.
    """

    structures: Mapping[StructureName, frozenset[int]]
    ignored: frozenset[int]
    unmatched: tuple[str, ...]

    @property
    def known_values(self) -> frozenset[int]:
        """Every value the map speaks of."""
        return frozenset().union(self.ignored, *self.structures.values())


def read_label_map(path: Path, catalogue: Catalogue) -> LabelMap:
    """Read a CSV with the columns `structure` and `values`.

    `values` is one or more integers or ranges joined by `|`, e.g. `1-9` or `16|18|20`: the
    structure is the union of these label values; a value may serve several structures. An empty
    `structure` cell, or a name the catalogue lacks, means the value is known and left out. Raises
    ConfigError with file and line.
    """
    structures: dict[StructureName, frozenset[int]] = {}
    ignored: set[int] = set()
    unmatched: list[str] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not {"structure", "values"} <= set(reader.fieldnames or []):
                raise ConfigError(f"{path.name}: the columns structure, values were expected.")
            rows = [(reader.line_num, dict(row)) for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"A label map was expected at {path}, found: {error}.") from error
    for line, row in rows:
        values = _values(row.get("values") or "", f"{path.name} line {line}")
        foreign = (row.get("structure") or "").strip()
        name = catalogue.find_name(foreign) if foreign else None
        if name is None:
            ignored |= values
            if foreign:
                unmatched.append(foreign)
            continue
        structures[name] = structures.get(name, frozenset()) | values
    return LabelMap(structures=structures, ignored=frozenset(ignored), unmatched=tuple(unmatched))


def build_channel_map(catalogue: Catalogue) -> dict[int, StructureName]:
    """Channel of a SegRap 4-D one-hot file -> structure (column `segrap_channel`)."""
    return {s.segrap_channel: s.name for s in catalogue if s.segrap_channel is not None}


def _values(text: str, where: str) -> frozenset[int]:
    values: set[int] = set()
    for part in filter(None, (p.strip() for p in text.split("|"))):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
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
