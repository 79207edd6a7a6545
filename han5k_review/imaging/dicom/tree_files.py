"""Tree files: what one file of a folder tree is, in as few words as sorting many of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pydicom.dataset import Dataset

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.archives import is_archive
from han5k_review.imaging.dicom.datasets import (
    FOREIGN_ERRORS,
    find_text,
    find_whole,
    looks_like_dicom,
    read_dataset,
    tidy_name,
)
from han5k_review.imaging.dicom.doses import DOSE_CLASS
from han5k_review.imaging.dicom.folders import DicomFile, describe_kind
from han5k_review.texts.paths import describe_unreadable

_TAGS = (
    "SpecificCharacterSet",
    "ImageType",
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "PatientName",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Rows",
    "Columns",
    "ReferencedSeriesSequence",
    "ReferencedFrameOfReferenceSequence",
)
_TITLE_TAGS = ("SeriesDescription", "StructureSetLabel", "StructureSetName", "ContentLabel")
_BESIDE_TAGS = (
    *_TITLE_TAGS,
    "ApprovalStatus",
    "StructureSetDate",
    "StructureSetTime",
    "ContentDate",
    "ContentTime",
    "DoseSummationType",
    "ReferencedRTPlanSequence",
    "ReferencedStructureSetSequence",
)
_ARCHIVE = "zip archive within the folder (import each by itself, or unpack it)"
PLAN_CLASS = "1.2.840.10008.5.1.4.1.1.481.5"


class FileKind(StrEnum):
    """What becomes of a file of a tree."""

    CT = "CT image"
    LABELS = "structure set or segmentation"
    DOSE = "dose"
    PLAN = "plan"
    OTHER = "other DICOM"
    DIRECTORY = "DICOMDIR"
    STRANGE = "no DICOM"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """One file; identifiers stand here to sort by, and are shown and stored nowhere.

    `patient` is the identifier, else the name, else the study. Labels name the series and frames of
    reference that they are `about`; a dose names plans and structure sets, a plan structure sets
    (`about_objects`). Of labels, `titles` are what people called them, `written_at` sorts them by
    time, `is_approved` is what the planning system says. `summation` is what a dose is the sum of.
    `word` says what another file is, or why one is damaged.
    """

    path: Path
    kind: FileKind
    patient: str = ""
    series_uid: str = ""
    frame_uid: str = ""
    instance_uid: str = ""
    size: tuple[int, int] = (0, 0)
    about_series: frozenset[str] = frozenset()
    about_frames: frozenset[str] = frozenset()
    about_objects: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    written_at: str = ""
    is_approved: bool = False
    summation: str = ""
    word: str = ""


def read_tree_files(paths: Sequence[Path]) -> list[TreeFile]:
    """What these files are; runs in any executor's worker. None is an error of the others."""
    return [_read(path) for path in paths]


def _read(path: Path) -> TreeFile:
    try:
        with path.open("rb"):
            pass
    except FileNotFoundError:
        return TreeFile(path=path, kind=FileKind.DAMAGED, word="it is not there any more")
    except OSError as error:
        return TreeFile(path=path, kind=FileKind.DAMAGED, word=describe_unreadable(error))
    if not looks_like_dicom(path):
        word = _ARCHIVE if is_archive(path) else ""
        return TreeFile(path=path, kind=FileKind.STRANGE, word=word)
    try:
        header = read_dataset(path, str(path), tags=(*_TAGS, *_BESIDE_TAGS))
    except DataError as error:
        return TreeFile(path=path, kind=FileKind.DAMAGED, word=str(error))
    file = DicomFile(path=path, header=header)
    kind, word = _find_kind(file)
    found = TreeFile(
        path=path,
        kind=kind,
        patient=_find_patient(header),
        series_uid=file.series_uid,
        frame_uid=find_text(header, "FrameOfReferenceUID"),
        instance_uid=find_text(header, "SOPInstanceUID"),
        size=(find_whole(header, "Columns") or 0, find_whole(header, "Rows") or 0),
        word=word,
    )
    return _add_references(found, header) if kind in _BESIDE else found


def _add_references(found: TreeFile, header: Dataset) -> TreeFile:
    """The file with what it says of itself and of others, which of CT images nobody asks."""
    if found.kind is not FileKind.LABELS:
        return replace(
            found,
            about_objects=frozenset(_list_objects(header)),
            summation=find_text(header, "DoseSummationType").upper(),
        )
    own = next((name for name in _TIMES if find_text(header, f"{name}Date")), _TIMES[0])
    return replace(
        found,
        about_series=frozenset(_list_series(header)),
        about_frames=frozenset(_list_frames(header)),
        titles=tuple(filter(None, (tidy_name(find_text(header, tag)) for tag in _TITLE_TAGS))),
        written_at=f"{find_text(header, f'{own}Date')} {find_text(header, f'{own}Time')}".strip(),
        is_approved=find_text(header, "ApprovalStatus").upper() == "APPROVED",
    )


_TIMES = ("StructureSet", "Content")
_BESIDE = (FileKind.LABELS, FileKind.DOSE, FileKind.PLAN)


_RADIOTHERAPY = {DOSE_CLASS: FileKind.DOSE, PLAN_CLASS: FileKind.PLAN}


def _find_kind(file: DicomFile) -> tuple[FileKind, str]:
    if file.is_directory:
        return FileKind.DIRECTORY, ""
    if file.is_ct:
        return FileKind.CT, ""
    if file.is_labels:
        return FileKind.LABELS, ""
    if file.class_uid in _RADIOTHERAPY:
        return _RADIOTHERAPY[file.class_uid], describe_kind(file)
    if len(file.header):
        return FileKind.OTHER, describe_kind(file)
    return FileKind.DAMAGED, (
        "a DICOM file that says what it is was expected, found one without class, patient and "
        "series (it may be cut off); copy it again from its source."
    )


def _find_patient(header: Dataset) -> str:
    names = ("PatientID", "PatientName", "StudyInstanceUID")
    return next(filter(None, (find_text(header, name) for name in names)), "")


def _list_series(header: Dataset) -> Iterator[str]:
    yield from (find_text(item, "SeriesInstanceUID") for item in _items(header, "Series"))
    for frame in _items(header, "FrameOfReference"):
        for study in _items(frame, "RTReferencedStudySequence"):
            for series in _items(study, "RTReferencedSeriesSequence"):
                yield find_text(series, "SeriesInstanceUID")


def _list_frames(header: Dataset) -> Iterator[str]:
    yield find_text(header, "FrameOfReferenceUID")
    for frame in _items(header, "FrameOfReference"):
        yield find_text(frame, "FrameOfReferenceUID")


def _list_objects(header: Dataset) -> Iterator[str]:
    for name in ("RTPlan", "StructureSet"):
        for item in _items(header, name):
            yield find_text(item, "ReferencedSOPInstanceUID")


def _items(dataset: Dataset, name: str) -> list[Dataset]:
    """The items of `Referenced<name>Sequence`, or of the sequence of this very name."""
    whole = name if name.endswith("Sequence") else f"Referenced{name}Sequence"
    try:
        return list(dataset.get(whole) or ())
    except FOREIGN_ERRORS:
        return []
