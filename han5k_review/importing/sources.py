"""Sources: which files make up a case, given one by one or as a manifest (CSV or XLSX)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from han5k_review.errors import ConfigError, DataError, Han5kError
from han5k_review.imaging.dicom.archives import is_archive
from han5k_review.imaging.dicom.folders import is_dicom_file
from han5k_review.imaging.dicom.roi_masks import FillRule
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split
from han5k_review.texts.names import fold_name, tidy_name
from han5k_review.texts.paths import find_same_name, find_written_path
from han5k_review.texts.table_files import TableRow, read_table

MANIFEST_COLUMNS = (
    "case",
    "patient",
    "split",
    "ct",
    "labels",
    "reference",
    "dose",
    "label_map",
    "reference_label_map",
    "fill",
)
_NAMES = ("case", "patient")
_LONGEST_NAME = 80
AUTO = "auto"
_BETWEEN = " .-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSource:
    """The files of one case.

    `ct` may be None for a case the study knows; `split` None means the patient's own, or train;
    `reference_label_map` None means `label_map`. `fill` says what overlapping contours of an
    RTSTRUCT mean. `dose` is an RTDOSE. `origin` says where the source was given.
    `notices` are what a person should read about the row itself. `ct_files` are the files of a
    DICOM series where they are known, and `ct_shape` its sizes in any order. `in_place` leaves the
    CT where it is: the study keeps its path and hashes.
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
    notices: tuple[str, ...] = ()
    fill: FillRule = FillRule.EVEN_ODD
    dose: Path | None = None
    ct_files: tuple[Path, ...] = ()
    ct_shape: tuple[int, ...] = ()
    in_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BadSource:
    """A manifest row that is no source: what it was called, where it stands, what is wrong."""

    name: str
    origin: str
    sentence: str


Source = CaseSource | BadSource


def build_source(
    cells: Mapping[str, str | None], *, folder: Path, study: Study, origin: str
) -> CaseSource:
    """Build a source from texts under the names of `MANIFEST_COLUMNS`.

    Paths are relative to `folder`; a label map may also be the name of one of the study's own. An
    empty `case` takes the CT file's name, an empty `patient` the case's. Labels `auto` are the
    structure set in the folder of a DICOM CT. Raises DataError.
    """
    texts = {column: (cells.get(column) or "").strip() for column in MANIFEST_COLUMNS}

    def path(column: str) -> Path | None:
        return find_written_path(folder, texts[column]) if texts[column] else None

    ct = path("ct")
    if ct is not None and not texts["case"] and (ct.is_dir() or is_archive(ct)):
        raise DataError(
            f"{origin}: a case name was expected with DICOM, found none; the name of the folder or "
            "archive may be the patient's."
        )
    written = texts["case"] or (ct.name.split(".")[0] if ct else "")
    name = tidy_name(written)
    if not is_case_name(name):
        raise DataError(
            f"{origin}: a case name of letters, digits, space, '.', '_' or '-' was expected, "
            f"found {written!r}."
        )
    patient = tidy_name(texts["patient"]) or name
    if not patient.isprintable() or len(patient) > _LONGEST_NAME:
        raise DataError(
            f"{origin}: a patient's pseudonym of up to {_LONGEST_NAME} printable characters was "
            f"expected, found {patient!r}."
        )
    label_map = _find_label_map(texts["label_map"], folder, study, origin)
    own = _find_label_map(texts["reference_label_map"], folder, study, origin)
    return CaseSource(
        name=name,
        patient=patient,
        split=_split(texts["split"], origin),
        ct=ct,
        labels=_find_labels("labels", texts, ct, path, origin),
        reference=_find_labels("reference", texts, ct, path, origin),
        label_map=label_map,
        reference_label_map=own or label_map,
        origin=origin,
        fill=_find_fill(texts["fill"], origin),
        dose=path("dose"),
    )


def _find_fill(text: str, origin: str) -> FillRule:
    try:
        return FillRule(fold_name(text)) if text else FillRule.EVEN_ODD
    except ValueError:
        raise DataError(
            f"{origin}: a rule of filling contours ({', '.join(FillRule)}) was expected, found "
            f"{text!r}."
        ) from None


def _find_labels(
    column: str,
    texts: Mapping[str, str],
    ct: Path | None,
    path: Callable[[str], Path | None],
    origin: str,
) -> Path | None:
    """The labels; `auto` means the structure set in the folder of the CT's DICOM series."""
    if fold_name(texts[column]) != AUTO:
        return path(column)
    if ct is None:
        raise DataError(
            f"{origin}: a CT was expected with {column} {AUTO!r} (the RTSTRUCT in its folder), "
            "found none."
        )
    return ct if ct.is_dir() or is_archive(ct) else ct.parent


def read_manifest(path: Path, study: Study) -> tuple[CaseSource | BadSource, ...]:
    """Read a manifest (CSV or XLSX) of the columns `case`, `ct` and any of `MANIFEST_COLUMNS`.

    A row that makes no sense becomes a `BadSource` with its line. Raises ConfigError when the file
    as a whole is no manifest.
    """
    if is_dicom_file(path):
        raise ConfigError(
            f"A manifest or a folder was expected, found one DICOM file at {path}; name the folder "
            "it lies in, or give it as --ct or --labels."
        )
    table = read_table(path, what="A manifest", required=("case", "ct"), optional=MANIFEST_COLUMNS)
    strange = [column for column in table.columns if column not in MANIFEST_COLUMNS]
    if strange:
        raise ConfigError(
            f"{path}: the columns {', '.join(MANIFEST_COLUMNS)} were expected (case and ct at "
            f"least), found {', '.join(table.columns)}; delete {', '.join(strange)}."
        )
    if not table.rows:
        raise ConfigError(f"{path}: at least one case was expected, found none.")
    return tuple(_read_row(row, path.parent, study) for row in table.rows)


def _read_row(row: TableRow, folder: Path, study: Study) -> CaseSource | BadSource:
    try:
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        if row.is_short:
            raise DataError(f"{row.where}: as many cells as columns were expected, found fewer.")
        source = build_source(row.cells, folder=folder, study=study, origin=row.where)
        numbers = [column for column in _NAMES if column in row.numbers]
        notices = tuple(
            f"the {column} {row.cells[column]} is stored as a number, which loses zeros in front; "
            "format the column as text if there were any"
            for column in numbers
        )
        return replace(source, notices=notices)
    except Han5kError as error:
        name = tidy_name(row.cells.get("case", "")) or "?"
        return BadSource(name=name, origin=row.where, sentence=str(error))


def is_case_name(name: str) -> bool:
    """Whether a case can be called so: letters, marks, digits; within it space, `.`, `-`, `_`."""
    kinds = [unicodedata.category(c)[0] for c in name]
    fits = all(kind in "LMN" or c in _BETWEEN for c, kind in zip(name, kinds, strict=True))
    return fits and 1 <= len(name) <= _LONGEST_NAME and (kinds[0] in "LN" or name[0] == "_")


def _split(text: str, origin: str) -> Split | None:
    written = fold_name(text).replace("-", "_").replace(" ", "_")
    try:
        return Split(written) if written else None
    except ValueError:
        raise DataError(
            f"{origin}: a split of {', '.join(Split)} was expected, found {text!r}."
        ) from None


def _find_label_map(text: str, folder: Path, study: Study, origin: str) -> Path | None:
    if not text:
        return None
    own = study.tables / "label_maps"
    for candidate in (
        find_written_path(folder, text),
        find_written_path(own, text),
        find_written_path(own, f"{text}.csv"),
    ):
        found = find_same_name(candidate)
        if found is not None and found.is_file():
            return found
    known = sorted(p.stem for p in (study.tables / "label_maps").glob("*.csv"))
    raise DataError(
        f"{origin}: a label map was expected at {folder / text} or among the study's own "
        f"({', '.join(known) or 'none'}), found none."
    )
