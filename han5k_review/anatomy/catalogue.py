"""The catalogue: a study's structures, read from CSV, and the resolution of foreign names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from han5k_review.anatomy.structure import Structure, StructureName
from han5k_review.errors import ConfigError

DEFAULT_TOLERANCE_MM = 1.0
_REQUIRED = ("order", "name", "group", "window", "color_rgb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Structures by name, in the order of the file. Iterates over `Structure`."""

    structures: Mapping[StructureName, Structure]
    _names: Mapping[str, StructureName]

    def __iter__(self) -> Iterator[Structure]:
        return iter(self.structures.values())

    def __len__(self) -> int:
        return len(self.structures)

    def get_structure(self, name: str) -> Structure:
        """The structure of exactly this name; ConfigError when the catalogue lacks it."""
        try:
            return self.structures[StructureName(name)]
        except KeyError:
            raise ConfigError(
                f"A structure of the study's table was expected, found {name!r}; add a row to "
                "structures.csv."
            ) from None

    def find_name(self, foreign: str) -> StructureName | None:
        """Resolve a foreign name by name, TG-263 name or alias; None when nothing matches.

        Letter case and the characters space, `_`, `-`, `.` do not count.
        """
        return self._names.get(_plain(foreign))


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).casefold()


def read_catalogue(*paths: Path) -> Catalogue:
    """Read one or more structure tables (later files add rows).

    Raises ConfigError that names file and line for a missing column, a bad cell, a name given
    twice, an alias that two structures claim, or a relation to an unknown structure.
    """
    structures: dict[StructureName, Structure] = {}
    for path in paths:
        for line, row in _rows(path):
            structure = _structure(row, path, line)
            if structure.name in structures:
                raise ConfigError(
                    f"{path.name} line {line}: each structure once was expected, found "
                    f"{structure.name} again."
                )
            structures[structure.name] = structure
    for structure in structures.values():
        for relation in (structure.pair, structure.inside):
            if relation is not None and relation not in structures:
                raise ConfigError(
                    f"{structure.name} names {relation}, which is not in the structure table."
                )
    return Catalogue(structures=structures, _names=_build_names(structures))


def _build_names(structures: Mapping[StructureName, Structure]) -> dict[str, StructureName]:
    names: dict[str, StructureName] = {}
    for structure in structures.values():
        for foreign in (structure.name, *structure.aliases):
            owner = names.setdefault(_plain(foreign), structure.name)
            if owner != structure.name:
                raise ConfigError(f"{foreign!r} is claimed by both {owner} and {structure.name}.")
    shared: dict[str, set[StructureName]] = {}
    for structure in structures.values():
        if structure.tg263:
            shared.setdefault(_plain(structure.tg263), set()).add(structure.name)
    for foreign, owners in shared.items():
        if len(owners) == 1:
            names.setdefault(foreign, next(iter(owners)))
    return names


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [c for c in _REQUIRED if c not in (reader.fieldnames or [])]
            if missing:
                raise ConfigError(f"{path.name}: columns {', '.join(missing)} were expected.")
            return [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"A structure table was expected at {path}, found: {error}.") from error


def _structure(row: Mapping[str, str | None], path: Path, line: int) -> Structure:
    cells = {k: (v or "").strip() or None for k, v in row.items() if isinstance(k, str)}

    def number(column: str) -> float | None:
        cell = cells.get(column)
        try:
            return None if cell is None else float(cell)
        except ValueError:
            raise ConfigError(
                f"{path.name} line {line}: a number was expected in {column}, found {cell!r}."
            ) from None

    def bounds(column: str) -> tuple[float, float] | None:
        low, high = number(f"{column}_low"), number(f"{column}_high")
        if low is None and high is None:
            return None
        if low is None or high is None or low > high:
            raise ConfigError(
                f"{path.name} line {line}: two numbers in order were expected in {column}_low and "
                f"{column}_high, or none, found {low} and {high}."
            )
        return low, high

    name = cells.get("name")
    order = number("order")
    if name is None or order is None:
        raise ConfigError(f"{path.name} line {line}: a name and an order were expected.")
    channel = number("segrap_channel")
    tolerance = number("tolerance_segrap_mm")
    pair, inside = cells.get("pair"), cells.get("inside")
    return Structure(
        order=int(order),
        name=StructureName(name),
        tg263=cells.get("tg263"),
        side=cells.get("side"),
        pair=StructureName(pair) if pair else None,
        group=cells.get("group") or "1",
        tier=cells.get("tier"),
        window=cells.get("window") or "H&N soft",
        tolerance_mm=DEFAULT_TOLERANCE_MM if tolerance is None else tolerance,
        segrap_channel=None if channel is None else int(channel),
        aliases=tuple(a.strip() for a in (cells.get("aliases") or "").split("|") if a.strip()),
        inside=StructureName(inside) if inside else None,
        reference_dsc=number("reference_dsc"),
        reference_hd95_mm=number("reference_hd95_mm"),
        color_rgb=_color(cells.get("color_rgb"), path, line),
        hint=cells.get("hint"),
        hint_source=cells.get("hint_source"),
        tolerance_nikolov_mm=number("tolerance_nikolov_mm"),
        reference_dsc_range=bounds("reference_dsc"),
        reference_hd95_mm_range=bounds("reference_hd95_mm"),
    )


def _color(cell: str | None, path: Path, line: int) -> tuple[int, int, int]:
    parts = (cell or "").split(",")
    if len(parts) != 3 or not all(p.strip().isdigit() and int(p) < 256 for p in parts):
        raise ConfigError(
            f'{path.name} line {line}: color_rgb as "red,green,blue" was expected, found {cell!r}.'
        )
    return (int(parts[0]), int(parts[1]), int(parts[2]))
