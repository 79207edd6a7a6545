"""Directories: a DICOMDIR as an index of the images below it, so that not each has to be opened.

It is an index and no authority: what it lists is read again before it is imported, and files that
it does not list are read as everywhere. Only records of CT images are taken from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydicom.dataset import Dataset

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.datasets import FOREIGN_ERRORS, find_text, read_dataset
from han5k_review.imaging.dicom.folders import CT_CLASS, DicomFile, is_dicom_file

NAME = "DICOMDIR"
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedImage:
    """A CT image that a DICOMDIR lists."""

    path: Path
    patient: str
    series_uid: str
    instance_uid: str


def is_directory_file(path: Path) -> bool:
    """A file called DICOMDIR, in any writing: what a walk over many files opens first."""
    return path.name.upper() == NAME and path.is_file()


def is_directory(path: Path) -> bool:
    """A DICOMDIR by its header, under any name; or a file that is called so."""
    if is_directory_file(path):
        return True
    try:
        return (
            is_dicom_file(path)
            and DicomFile(
                path=path, header=read_dataset(path, str(path), tags=("SOPClassUID",))
            ).is_directory
        )
    except DataError:
        return False


def read_directory(path: Path) -> tuple[ListedImage, ...]:
    """The CT images that the DICOMDIR at `path` lists within its folder; none where it is damaged.

    DataError when it is no DICOM file at all.
    """
    dataset = read_dataset(path, str(path))
    try:
        records = {item.seq_item_tell: item for item in dataset.DirectoryRecordSequence}
        first = int(dataset.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity)
        return tuple(_walk(records, first, path.parent, (), set()))
    except FOREIGN_ERRORS:
        return ()


def _walk(
    records: dict[int, Dataset],
    offset: int,
    folder: Path,
    above: tuple[Dataset, ...],
    seen: set[int],
) -> Iterator[ListedImage]:
    """The images from the record at `offset` on; a record is met once, so circles end."""
    while offset in records and offset not in seen and len(above) < _MAX_DEPTH:
        seen.add(offset)
        record = records[offset]
        image = _find_image(record, above, folder)
        if image is not None:
            yield image
        below = int(record.get("OffsetOfReferencedLowerLevelDirectoryEntity") or 0)
        yield from _walk(records, below, folder, (*above, record), seen)
        offset = int(record.get("OffsetOfTheNextDirectoryRecord") or 0)


def _find_image(record: Dataset, above: tuple[Dataset, ...], folder: Path) -> ListedImage | None:
    if find_text(record, "ReferencedSOPClassUIDInFile") != CT_CLASS:
        return None
    parts = record.get("ReferencedFileID") or ()
    written = PurePosixPath(*([parts] if isinstance(parts, str) else parts))
    if written.is_absolute() or ".." in written.parts or not written.parts:
        return None
    patient = next(filter(None, (find_text(one, "PatientID") for one in above)), "")
    series = next(filter(None, (find_text(one, "SeriesInstanceUID") for one in above)), "")
    instance = find_text(record, "ReferencedSOPInstanceUIDInFile")
    if not (patient and series and instance):
        return None
    return ListedImage(
        path=folder / written, patient=patient, series_uid=series, instance_uid=instance
    )
