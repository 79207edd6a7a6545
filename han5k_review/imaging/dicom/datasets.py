"""Datasets: one DICOM file read with tolerance, and the words for what is wrong with it.

No sentence of this room holds a value of a text element: names, identifiers, dates and
institutions stand there. Files are named by the path that the user gave, slices by their number.
"""

from __future__ import annotations

import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from han5k_review.errors import DataError

FOREIGN_ERRORS = (
    InvalidDicomError,
    BytesLengthException,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    TypeError,
    UnicodeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pydicom and its decoders raise on files that break the standard."""

# Its log repeats values of files: what matters of it becomes a sentence of ours.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

_PREAMBLE_BYTES = 128
_HEAD_BYTES = 256
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_UID_TAIL = 6
_LONGEST_NAME = 64


@contextmanager
def tolerant_reading() -> Iterator[None]:
    """Take values of a wrong form as they are, and let no warning of pydicom repeat them."""
    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        config.settings.reading_validation_mode = before


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does: with a preamble, or at once with its first group."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    return has_preamble(head) or _begins_at_once(head)


def has_preamble(head: bytes) -> bool:
    """Whether the first bytes of a file hold the 128 of a preamble and `DICM`."""
    return head[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"DICM"


def _begins_at_once(head: bytes) -> bool:
    """A first element of group 2 or 8 with a plausible length (0 to 64 bytes), in either form."""
    if len(head) < 12 or head[:2] not in _FIRST_GROUPS or head[3] != 0:
        return False
    if head[4:6].isalpha() and head[4:6].isupper():
        return int.from_bytes(head[6:8], "little") <= 64
    return int.from_bytes(head[4:8], "little") <= 64


def read_dataset(
    path: Path, what: str, *, tags: Sequence[str] | None = None, pixels: bool = False
) -> Dataset:
    """Read a DICOM file, or only the elements named `tags`; `what` names it in errors.

    DataError when it is none, is cut off, or is a program as well; pydicom's words are not told,
    as they may repeat values of the file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            if has_preamble(head) and head.startswith(_PROGRAMS):
                raise DataError(
                    f"{what}: a DICOM file was expected, found one that is a program as well (in "
                    "its preamble); do not open it, and ask whoever sent it."
                )
            file.seek(0)
            with tolerant_reading():
                dataset = dcmread(
                    file,
                    force=True,
                    stop_before_pixels=not pixels,
                    specific_tags=None if tags is None else list(tags),
                )
                _name_encoding(dataset)
                return dataset
    except OSError as error:
        raise DataError(
            f"{what}: a readable file was expected, found: {error.strerror}."
        ) from error
    except FOREIGN_ERRORS as error:
        raise unreadable(what, error) from error


def _name_encoding(dataset: Dataset) -> None:
    """A file without a head says nothing of its encoding: it is the one that could be read."""
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        plain = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else plain


def unreadable(what: str, error: Exception) -> DataError:
    """The refusal of a file that pydicom cannot read; names the kind of error, not its words."""
    return DataError(
        f"{what}: a whole DICOM file was expected, found a damaged or cut off one "
        f"({type(error).__name__}); copy it again from its source."
    )


def find_text(dataset: Dataset, name: str) -> str:
    """A text element without white space around it; empty when it is absent or unreadable."""
    try:
        with tolerant_reading():
            value = dataset.get(name)
            return "" if value is None else str(value).strip().strip("\0")
    except FOREIGN_ERRORS:
        return ""


def find_numbers(dataset: Dataset, name: str, count: int) -> NDArray[np.float64] | None:
    """The numbers (count,) of an element in its own unit; None if absent, or not so many."""
    try:
        with tolerant_reading():
            value = dataset.get(name)
            if value is None or value == "":
                return None
            if isinstance(value, bytes):
                value = value.decode("ascii").strip("\0 ").split("\\")
            parts = [value] if isinstance(value, (str, int, float)) else list(value)
            numbers = np.array([float(part) for part in parts], dtype=np.float64)
    except FOREIGN_ERRORS:
        return None
    return numbers if numbers.size == count else None


def find_number(dataset: Dataset, name: str) -> float | None:
    """One finite number; None when it is absent, several, or not finite."""
    numbers = find_numbers(dataset, name, 1)
    return None if numbers is None or not math.isfinite(numbers[0]) else float(numbers[0])


def find_whole(dataset: Dataset, name: str) -> int | None:
    """One whole number; None when it is absent, or has a fraction."""
    number = find_number(dataset, name)
    return None if number is None or number != int(number) else int(number)


def shorten_uid(uid: str) -> str:
    """The end of a UID, enough to tell it from its neighbours."""
    return f"...{uid[-_UID_TAIL:]}" if uid else "without a UID"


def tidy_name(name: str) -> str:
    """A name of an ROI or segment in one printable line, as long as DICOM allows."""
    return "".join(c if c.isprintable() else " " for c in name).strip()[:_LONGEST_NAME]
