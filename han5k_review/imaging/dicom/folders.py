"""Folders: the DICOM files of a folder and what each is, told by header and never by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydicom.dataset import Dataset

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.archives import is_archive
from han5k_review.imaging.dicom.datasets import (
    find_numbers,
    find_text,
    looks_like_dicom,
    read_dataset,
    shorten_uid,
)
from han5k_review.imaging.image_names import image_suffix
from han5k_review.texts.counts import say_count

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT_CLASSES = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
STRUCTURE_SET_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
HEADER_TAGS = (
    "SpecificCharacterSet",
    "ImageType",
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "PatientName",
    "PatientPosition",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "InstanceNumber",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "BurnedInAnnotation",
    "LossyImageCompression",
    "ReferencedFrameOfReferenceSequence",
)
_MAX_FILES = 100_000
_NEUTRAL_NAME = re.compile(
    r"(im|img|image|ct|i|slice)?[-_.]?[0-9][0-9._-]*(dcm|ima)?", re.IGNORECASE
)
"""File names that can be shown: others may be made of a patient's name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DicomFile:
    """A file with its header (no pixels)."""

    path: Path
    header: Dataset

    @property
    def class_uid(self) -> str:
        """The SOP class: what kind of object it is."""
        return find_text(self.header, "SOPClassUID")

    @property
    def is_directory(self) -> bool:
        """A DICOMDIR, under any name: its class stands in the head of the file alone."""
        return find_text(self.header.file_meta, "MediaStorageSOPClassUID") == DIRECTORY_CLASS

    @property
    def series_uid(self) -> str:
        """The series; empty when the file names none."""
        return find_text(self.header, "SeriesInstanceUID")

    @property
    def is_ct(self) -> bool:
        """A CT image that is no localizer; also one without a SOP class, by its modality."""
        classes = (CT_CLASS, *ENHANCED_CT_CLASSES)
        is_image = self.class_uid in classes or (
            not self.class_uid and find_text(self.header, "Modality") == "CT"
        )
        return is_image and "LOCALIZER" not in find_text(self.header, "ImageType").upper()

    @property
    def is_labels(self) -> bool:
        """An RT structure set or a segmentation."""
        return self.class_uid in (STRUCTURE_SET_CLASS, *SEGMENTATION_CLASSES)


def holds_dicom(path: Path) -> bool:
    """A folder with DICOM files in it or below."""
    return path.is_dir() and any(looks_like_dicom(file) for file in _walk(path))


def is_dicom(path: Path) -> bool:
    """What is read as DICOM: a folder that holds some, one such file, or a .zip."""
    return holds_dicom(path) or is_dicom_file(path) or is_archive(path)


def is_dicom_folder(path: Path) -> bool:
    """A folder with DICOM files in it or below, and no image file of another format directly."""
    if not path.is_dir() or any(image_suffix(f) for f in path.iterdir() if f.is_file()):
        return False
    return holds_dicom(path)


def is_dicom_file(path: Path) -> bool:
    """A file that begins as DICOM does, and has the name of no other image format."""
    return path.is_file() and image_suffix(path) is None and looks_like_dicom(path)


def list_dicom_files(path: Path) -> tuple[Path, ...]:
    """All DICOM files of a folder and the folders below; of a file, those beside it too."""
    folder = path if path.is_dir() else path.parent
    walk = _walk(folder) if path.is_dir() else sorted(f for f in folder.iterdir() if f.is_file())
    return tuple(file for file in walk if looks_like_dicom(file))


def list_read_files(path: Path) -> tuple[Path, ...]:
    """The DICOM files that decide what is read from `path`; none where it is not DICOM.

    All of a folder tree; a structure set alone; with a CT image the files beside it.
    """
    if path.is_dir():
        return list_dicom_files(path)
    if not is_dicom_file(path):
        return ()
    header = read_dataset(path, str(path), tags=HEADER_TAGS)
    return list_dicom_files(path) if DicomFile(path=path, header=header).is_ct else (path,)


def _walk(folder: Path) -> list[Path]:
    """Files of a tree by path; links are not followed, hidden files and folders left out."""
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        for entry in sorted(waiting.pop().iterdir()):
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir():
                waiting.append(entry)
            elif entry.is_file():
                found.append(entry)
        if len(found) > _MAX_FILES:
            raise DataError(
                f"{folder}: the folder of one patient was expected, found more than {_MAX_FILES} "
                "files; name the folder of one case."
            )
    return sorted(found)


def read_folder(folder: Path, path: Path) -> tuple[DicomFile, ...]:
    """The headers of all DICOM files of `list_dicom_files`; DataError for two patients.

    `path` is what errors name: the folder itself, or the archive that it comes from.
    """
    is_folder = folder.is_dir()
    inside = folder if is_folder else folder.parent
    listed = _walk(inside) if is_folder else sorted(f for f in inside.iterdir() if f.is_file())
    return read_files(listed, path)


def read_files(files: Sequence[Path], path: Path) -> tuple[DicomFile, ...]:
    """The headers of those of `files` that are DICOM, as `read_folder`; OSError when one is gone.

    What was found before (`trees.py`) is read so: the files of one series, wherever they lie.
    """
    stamps = tuple((f, (info := f.stat()).st_size, info.st_mtime_ns, info.st_ino) for f in files)
    return _read_headers(path, stamps)


_Stamp = tuple[Path, int, int, int]


@lru_cache(maxsize=4)
def _read_headers(path: Path, stamps: tuple[_Stamp, ...]) -> tuple[DicomFile, ...]:
    """The headers, kept while the files have these stamps: a case is looked at several times."""
    files = []
    there = (file for file, *_ in stamps if looks_like_dicom(file))
    for number, file in enumerate(there, start=1):
        what = f"{path}: DICOM file {number} of the folder"
        header = read_dataset(file, what, tags=HEADER_TAGS)
        found = DicomFile(path=file, header=header)
        if not found.is_directory and len(header):
            files.append(found)
    _check_one_patient(files, path)
    return tuple(files)


def choose_series(files: tuple[DicomFile, ...], path: Path) -> tuple[DicomFile, ...]:
    """The files of the one CT series; where `path` is a file, of the series it belongs to.

    DataError when there is none, or several to choose from: they are counted and told apart by
    their number, size and the end of their UID, never by a description, which may hold names.
    """
    images = [file for file in files if file.is_ct]
    if path.is_file() and not is_archive(path):
        own = [file.series_uid for file in images if file.path == path]
        if not own:
            raise DataError(
                f"{path}: a CT image was expected, found another DICOM file; name a file of the CT "
                "series, or its folder."
            )
        images = [file for file in images if file.series_uid == own[0]]
    series = Counter(file.series_uid for file in images)
    if not series:
        raise DataError(
            f"{path}: the images of a CT series were expected, found {_describe_others(files)}."
        )
    if len(series) > 1:
        listed = "; ".join(_describe_series(images, uid) for uid in series)
        raise DataError(
            f"{path}: one CT series was expected, found {len(series)}: {listed}; name one file of "
            "the series that you mean instead of the folder."
        )
    return tuple(images)


def describe_left_out(files: tuple[DicomFile, ...], chosen: tuple[DicomFile, ...]) -> str | None:
    """A notice that counts what else lies in the folder, by kind; None when nothing does."""
    taken = {file.path for file in chosen}
    others = tuple(f for f in files if f.path not in taken and not f.is_labels)
    return None if not others else f"left out of the folder: {_describe_others(others)}"


def _describe_others(files: tuple[DicomFile, ...]) -> str:
    kinds = Counter(describe_kind(file) for file in files)
    return ", ".join(say_kinds(count, kind) for kind, count in sorted(kinds.items())) or "none"


def say_kinds(count: int, kind: str) -> str:
    """`2 files of modality PT`: how many of a kind of `describe_kind`; its noun takes the s."""
    noun = next(word for word in ("image", "file", "archive") if word in kind)
    return say_count(count, kind, kind.replace(noun, f"{noun}s", 1))


def describe_kind(file: DicomFile) -> str:
    """What one file is that is not taken, in words without any of its own."""
    if "LOCALIZER" in find_text(file.header, "ImageType").upper():
        return "localizer (scout) image"
    if file.is_ct:
        return "CT image of another series"
    modality = find_text(file.header, "Modality").upper()
    return f"file of modality {modality}" if modality in _MODALITIES else "other file"


_MODALITIES = frozenset(
    ("CT", "MR", "NM", "OT", "PT", "REG", "RTDOSE", "RTIMAGE", "RTPLAN", "SC", "SEG", "SR")
)


def _describe_series(images: list[DicomFile], uid: str) -> str:
    own = [file for file in images if file.series_uid == uid]
    first = own[0].header
    number = find_text(first, "SeriesNumber")
    named = f"number {number}, " if number.isdigit() and len(number) <= 5 else ""
    spacing = find_numbers(first, "SliceThickness", 1)
    thick = f" of {spacing[0]:g} mm" if spacing is not None else ""
    name = own[0].path.name
    shown = f", file {name}" if _NEUTRAL_NAME.fullmatch(name) else ""
    slices = say_count(len(own), "slice")
    return f"series {shorten_uid(uid)} ({named}{slices}{thick}{shown})"


def _check_one_patient(files: list[DicomFile], path: Path) -> None:
    found = {
        find_text(file.header, "PatientID") or find_text(file.header, "PatientName")
        for file in files
    } - {""}
    if len(found) > 1:
        raise DataError(
            f"{path}: the files of one patient were expected, found those of {len(found)} patients "
            "(by their identifiers, which are not shown here); put each into a folder of its own."
        )
