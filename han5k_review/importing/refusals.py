"""Refusals: why a case cannot be imported, by kind, so that a report can count and sort them."""

from __future__ import annotations

from enum import StrEnum

from han5k_review.errors import DataError, GeometryError, RuleError, StorageError


class RefusalKind(StrEnum):
    """What kind of reason it is."""

    SOURCE = "source"
    FILE = "file"
    GEOMETRY = "geometry"
    NAMES = "names"
    DUPLICATE = "duplicate"
    SPLIT = "two splits"
    RULE = "rule"
    STORAGE = "storage"
    PROGRAM = "program"


class DuplicateCtError(RuleError):
    """The CT is that of another case."""


class TwinCtError(DuplicateCtError):
    """As `DuplicateCtError`, told by a worker that knows hashes alone: `sha256` is the owner's."""

    def __init__(self, sha256: str) -> None:
        super().__init__("The CT is that of another case.")
        self.sha256 = sha256


class TwoSplitsError(RuleError):
    """A patient would stand in two splits."""


class UnfitLabelsError(DataError):
    """The names of a file do not fit the structures of the study."""


_KINDS = (
    (StorageError, RefusalKind.STORAGE),
    (GeometryError, RefusalKind.GEOMETRY),
    (UnfitLabelsError, RefusalKind.NAMES),
    (DuplicateCtError, RefusalKind.DUPLICATE),
    (TwoSplitsError, RefusalKind.SPLIT),
    (RuleError, RefusalKind.RULE),
)


def find_kind(error: Exception) -> RefusalKind:
    """The kind of an error of this project; of any other what stands in files."""
    return next((kind for known, kind in _KINDS if isinstance(error, known)), RefusalKind.FILE)
