"""Sources: which files make up a case, given one by one or as a manifest CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import ConfigError, DataError, Han5kError
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split

MANIFEST_COLUMNS = (
    "case",
    "patient",
    "split",
    "ct",
    "labels",
    "reference",
    "label_map",
    "reference_label_map",
)
_NAME = re.compile(r"\w[\w .\-]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSource:
    """The files of one case.

    `ct` may be None for a case the study knows; `split` None means the patient's own, or train;
    `reference_label_map` None means `label_map`. `origin` says where the source was given.
    """

    name: str
    patient: str
    split: Split | None
    ct: Path | None
    labels: Path | None
    reference: Path | None
    label_map: Path | None
    reference_label_map: Path | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadSource:
    """A manifest row that is no source: what it was called, where it stands, what is wrong."""

    name: str
    origin: str
    sentence: str


def build_source(
    cells: Mapping[str, str | None], *, folder: Path, study: Study, origin: str
) -> CaseSource:
    """Build a source from texts under the names of `MANIFEST_COLUMNS`.

    Paths are relative to `folder`; a label map may also be the name of one of the study's own. An
    empty `case` takes the CT file's name, an empty `patient` the case's. Raises DataError.
    """
    texts = {column: (cells.get(column) or "").strip() for column in MANIFEST_COLUMNS}

    def path(column: str) -> Path | None:
        return folder / Path(texts[column]).expanduser() if texts[column] else None

    ct = path("ct")
    name = texts["case"] or (ct.name.split(".")[0] if ct else "")
    if not _NAME.fullmatch(name):
        raise DataError(
            f"{origin}: a case name of letters, digits, space, '.', '_' or '-' was expected, "
            f"found {name!r}."
        )
    label_map = _find_label_map(texts["label_map"], folder, study, origin)
    own = _find_label_map(texts["reference_label_map"], folder, study, origin)
    return CaseSource(
        name=name,
        patient=texts["patient"] or name,
        split=_split(texts["split"], origin),
        ct=ct,
        labels=path("labels"),
        reference=path("reference"),
        label_map=label_map,
        reference_label_map=own or label_map,
        origin=origin,
    )


def read_manifest(path: Path, study: Study) -> tuple[CaseSource | BadSource, ...]:
    """Read a manifest CSV with the columns `case`, `ct` and any of `MANIFEST_COLUMNS`.

    A row that makes no sense becomes a `BadSource` with its line. Raises ConfigError when the file
    as a whole is no manifest.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"A manifest CSV was expected at {path}, found: {error}.") from error
    missing = [c for c in ("case", "ct") if c not in columns]
    strange = [str(c) for c in columns if c not in MANIFEST_COLUMNS]
    if missing or strange:
        raise ConfigError(
            f"{path}: the columns {', '.join(MANIFEST_COLUMNS)} were expected (case and ct at "
            f"least), found {', '.join(map(str, columns)) or 'none'}."
        )
    if not rows:
        raise ConfigError(f"{path}: at least one case was expected, found none.")
    return tuple(_row(row, path, line, study) for line, row in rows)


def _row(
    row: Mapping[str | None, str | None], path: Path, line: int, study: Study
) -> CaseSource | BadSource:
    origin = f"{path.name} line {line}"
    cells = {key: value for key, value in row.items() if key is not None}
    try:
        if None in row or None in row.values():
            raise DataError(f"{origin}: as many cells as columns were expected.")
        return build_source(cells, folder=path.parent, study=study, origin=origin)
    except Han5kError as error:
        return BadSource(name=cells.get("case") or "?", origin=origin, sentence=str(error))


def _split(text: str, origin: str) -> Split | None:
    try:
        return Split(text) if text else None
    except ValueError:
        raise DataError(
            f"{origin}: a split of {', '.join(Split)} was expected, found {text!r}."
        ) from None


def _find_label_map(text: str, folder: Path, study: Study, origin: str) -> Path | None:
    if not text:
        return None
    own = study.tables / "label_maps" / (text if text.endswith(".csv") else f"{text}.csv")
    for candidate in (folder / Path(text).expanduser(), own):
        if candidate.is_file():
            return candidate
    known = sorted(p.stem for p in (study.tables / "label_maps").glob("*.csv"))
    raise DataError(
        f"{origin}: a label map was expected at {folder / text} or among the study's own "
        f"({', '.join(known) or 'none'}), found none."
    )
