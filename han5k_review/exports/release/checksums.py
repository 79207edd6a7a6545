"""SHA256SUMS: the checksums of a release, as `sha256sum` writes and reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from han5k_review.errors import DataError
from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.release.case_work import WrittenFile

SUMS_NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def build_sums(files: Iterable[WrittenFile]) -> bytes:
    """One line per file, by path; the first line says what it is for."""
    lines = [f"{one.sha256}  {one.path}" for one in sorted(files, key=lambda one: one.path)]
    return ("\n".join([f"# {RESEARCH_USE}", *lines]) + "\n").encode()


def read_sums(folder: Path) -> Mapping[str, str]:
    """Path in the release -> SHA-256. DataError where there is no such file, or it is no such."""
    path = folder / SUMS_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(
            f"A release with its {SUMS_NAME} was expected in {folder}, found: "
            f"{getattr(error, 'strerror', None) or error}."
        ) from error
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or not _is_inside(found[2]) or found[2] in sums:
            raise DataError(
                f"{path}, line {number}: a checksum and a path inside the release, each once, were "
                "expected; the file was altered, take another copy."
            )
        sums[found[2]] = found[1]
    if not sums:
        raise DataError(f"{path}: checksums of a release were expected, found none.")
    return sums


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and "\\" not in path and not {"..", "."} & set(parts)
