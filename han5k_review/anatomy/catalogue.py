"""The catalogue: a study's structures, read from CSV, and the resolution of foreign names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from han5k_review.anatomy.structure import Structure, StructureName
from han5k_review.errors import ConfigError
from han5k_review.texts.names import compose, fold_name
from han5k_review.texts.numbers import find_number, find_whole_number
from han5k_review.texts.table_files import TableRow, read_table

DEFAULT_TOLERANCE_MM = 1.0
STRUCTURE_COLUMNS = ("order", "name", "group", "window", "color_rgb")
# Space, `_`, `-`, `.` and the dashes that word processors put in place of a hyphen.
_APART = re.compile(r"[\s_\-.\u2010-\u2015]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Structures by name, in the order of the file. Iterates over `Structure`.

    `confirmed` are names of a clinic's files (NFC) that people said the structure of (None: leave
    it out).
    """

    structures: Mapping[StructureName, Structure]
    _names: Mapping[str, StructureName]
    confirmed: dict[str, StructureName | None] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Structure]:
        return iter(self.structures.values())

    def __len__(self) -> int:
        return len(self.structures)

    def get_structure(self, name: str) -> Structure:
        """The structure of exactly this name, in NFC or NFD; ConfigError when it is not there."""
        found = self.structures.get(StructureName(name))
        if found is None:
            found = next((s for s in self if compose(s.name) == compose(name)), None)
        if found is None:
            raise ConfigError(
                f"A structure of the study's table was expected, found {name!r}; add a row to "
                "structures.csv."
            )
        return found

    def find_name(self, foreign: str) -> StructureName | None:
        """Resolve a foreign name by name, TG-263 name or alias; None when nothing matches.

        Letter case, Unicode's form (NFC, NFD), invisible characters, dashes and the characters
        space, `_`, `-`, `.` do not count.
        """
        return self._names.get(_plain(foreign))

    def find_name_within(self, text: str) -> StructureName | None:
        """The structure that a longer name speaks of, such as `HN-001_Parotid_L_corrected`.

        The most words that are a name together count; None when no words are one, or when as many
        words speak of two structures.
        """
        words = [word for word in _APART.split(text) if word]
        for length in range(len(words), 0, -1):
            spans = (words[at : at + length] for at in range(len(words) - length + 1))
            found = {name for span in spans if (name := self.find_name("".join(span)))}
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def get_outside_name(self, name: str) -> str:
        """What the structure `name` is called in files for others: as TG-263 does.

        Its own name where TG-263 has none for it, or one for several (both halves of a mandible).
        """
        tg263 = self.get_structure(name).tg263
        return tg263 if tg263 and self.find_name(tg263) == name else name

    def with_confirmed(self, names: Mapping[str, StructureName | None]) -> Catalogue:
        """The catalogue with names (as files write them) that people confirmed; later ones win."""
        confirmed = dict(self.confirmed)
        for name, structure in names.items():
            confirmed.pop(compose(name), None)
            confirmed[compose(name)] = structure
        return replace(self, confirmed=confirmed)

    def is_confirmed(self, foreign: str) -> bool:
        """Whether a person said what this name of a clinic's file is."""
        return self._find_confirmed(foreign) is not None

    def find_clinic_name(self, foreign: str) -> StructureName | None:
        """As `find_name`, but what a person confirmed comes first; None also where left out."""
        written = self._find_confirmed(foreign)
        return self.find_name(foreign) if written is None else self.confirmed[written]

    def _find_confirmed(self, foreign: str) -> str | None:
        """The confirmed writing that decides on a name.

        Exactly this one, or, where no structure answers to the name by itself, the last that
        differs from it as little as names may. So of two ROIs that both are `Parotid L` one can be
        left out.
        """
        if compose(foreign) in self.confirmed:
            return compose(foreign)
        if self.find_name(foreign) is not None:
            return None
        plain = _plain(foreign)
        return next((one for one in reversed(self.confirmed) if _plain(one) == plain), None)


def _plain(name: str) -> str:
    return _APART.sub("", fold_name(name))


def read_catalogue(*paths: Path) -> Catalogue:
    """Read one or more structure tables (later files add rows).

    Raises ConfigError that names file and line for a missing column, a bad cell, a name given
    twice, an alias that two structures claim, or a relation to an unknown structure.
    """
    structures: dict[StructureName, Structure] = {}
    written: dict[str, StructureName] = {}
    for path in paths:
        table = read_table(path, what="A structure table", required=STRUCTURE_COLUMNS)
        for row in table.good_rows:
            structure = _structure(row)
            if compose(structure.name) in written:
                raise ConfigError(
                    f"{row.where}: each structure once was expected, found {structure.name} again."
                )
            written[compose(structure.name)] = structure.name
            structures[structure.name] = structure
    related = {name: _relate(found, written) for name, found in structures.items()}
    return Catalogue(structures=related, _names=_build_names(related))


def _relate(structure: Structure, written: Mapping[str, StructureName]) -> Structure:
    """The structure with its relations as the table writes the names of those structures."""

    def find(name: StructureName | None) -> StructureName | None:
        if name is not None and compose(name) not in written:
            raise ConfigError(
                f"{structure.name} names {name}, which is not in the structure table."
            )
        return None if name is None else written[compose(name)]

    return replace(structure, pair=find(structure.pair), inside=find(structure.inside))


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


def _structure(row: TableRow) -> Structure:
    cells = {column: text or None for column, text in row.cells.items()}

    def number(column: str) -> float | None:
        cell = cells.get(column)
        value = None if cell is None else find_number(cell)
        if cell is not None and value is None:
            raise ConfigError(f"{row.where}: a number was expected in {column}, found {cell!r}.")
        return value

    def whole(column: str) -> int | None:
        value = number(column)
        if value is not None and not value.is_integer():
            raise ConfigError(
                f"{row.where}: a whole number was expected in {column}, found {value}."
            )
        return None if value is None else int(value)

    def bounds(column: str) -> tuple[float, float] | None:
        low, high = number(f"{column}_low"), number(f"{column}_high")
        if low is None and high is None:
            return None
        if low is None or high is None or low > high:
            raise ConfigError(
                f"{row.where}: two numbers in order were expected in {column}_low and "
                f"{column}_high, or none, found {low} and {high}."
            )
        return low, high

    name = cells.get("name")
    order = whole("order")
    if name is None or order is None:
        raise ConfigError(f"{row.where}: a name and an order were expected.")
    tolerance = number("tolerance_segrap_mm")
    pair, inside = cells.get("pair"), cells.get("inside")
    safe = cells.get("color_safe_rgb")
    return Structure(
        order=order,
        name=StructureName(name),
        tg263=cells.get("tg263"),
        side=cells.get("side"),
        pair=StructureName(pair) if pair else None,
        group=cells.get("group") or "1",
        tier=cells.get("tier"),
        window=cells.get("window") or "H&N soft",
        tolerance_mm=DEFAULT_TOLERANCE_MM if tolerance is None else tolerance,
        segrap_channel=whole("segrap_channel"),
        aliases=_list_names(cells.get("aliases")),
        inside=StructureName(inside) if inside else None,
        reference_dsc=number("reference_dsc"),
        reference_hd95_mm=number("reference_hd95_mm"),
        color_rgb=_color(cells.get("color_rgb"), row.where, "color_rgb"),
        hint=cells.get("hint"),
        hint_source=cells.get("hint_source"),
        tolerance_nikolov_mm=number("tolerance_nikolov_mm"),
        reference_dsc_range=bounds("reference_dsc"),
        reference_hd95_mm_range=bounds("reference_hd95_mm"),
        color_safe_rgb=_color(safe, row.where, "color_safe_rgb") if safe else None,
        touches=_list_names(cells.get("touches")),
        words=cells.get("title"),
    )


def _list_names(cell: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (cell or "").split("|") if name.strip())


def _color(cell: str | None, where: str, column: str) -> tuple[int, int, int]:
    parts = [find_whole_number(part.strip()) for part in (cell or "").split(",")]
    bytes_ = [part for part in parts if part is not None and part < 256]
    if len(parts) != 3 or len(bytes_) != 3:
        raise ConfigError(f'{where}: {column} as "red,green,blue" was expected, found {cell!r}.')
    return (bytes_[0], bytes_[1], bytes_[2])
