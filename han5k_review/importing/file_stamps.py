"""File stamps: what the file system says of the files of a case, to hash only what may differ.

Size, time of the last write, time of the last change of any kind, and the file's number. Whoever
writes into a file changes one of them; a program may set the time of writing back (rsync, a file
manager), but not the time of change. So equal stamps mean equal files, except on file systems
without a time of change (FAT, some network shares) or with a clock that was set back. `--deep`
hashes always.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.importing.fingerprints import list_inputs, list_role_files
from han5k_review.importing.sources import CaseSource
from han5k_review.texts.paths import describe_unreadable

SETTLE_S = 2.0
"""A file written within this time could be rewritten under the same times (FAT counts in 2 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStamp:
    """`key` of all files of a case; `newest_ns` is the last time one of them was touched."""

    key: str
    newest_ns: int


def measure_stamp(source: CaseSource) -> CaseStamp:
    """The stamp of every file a case is read from; DataError when one cannot be found."""
    lines: list[str] = []
    newest = 0
    for role, path in list_inputs(source).items():
        for file in list_role_files(source, role, path):
            status = _stat(file, role)
            times = (status.st_mtime_ns, status.st_ctime_ns)
            newest = max(newest, *times)
            lines.append(f"{role} {file} {status.st_size} {times} {status.st_ino}")
    return CaseStamp(
        key=hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest(), newest_ns=newest
    )


def settle_stamp(source: CaseSource, before: CaseStamp, settle_s: float) -> str:
    """The key to remember once a case was read; empty while its files are too new to trust times.

    `before` was measured before the first byte was read. DataError when a file changed since.
    """
    after = measure_stamp(source)
    if after != before:
        raise DataError(
            "files that stay as they are while they are read were expected, one of this case was "
            "changed meanwhile; import it again."
        )
    return after.key if time.time_ns() - after.newest_ns > settle_s * 1e9 else ""


def _stat(file: Path, role: str) -> os.stat_result:
    words = role.replace("_", " ")
    try:
        return file.stat()
    except FileNotFoundError as error:
        raise DataError(f"the {words} was expected at {file}, found nothing.") from error
    except OSError as error:
        raise DataError(describe_unreadable(error)) from error
