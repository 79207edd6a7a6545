"""Is this machine fit for a study: its disk, its clock, the versions of what it runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import sqlalchemy as sa
from packaging.requirements import Requirement

from han5k_review.store.audit import find_audit_head
from han5k_review.store.columns import format_utc
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.upkeep.finding import Finding

_PYTHONS = ((3, 11), (3, 13))
_FULL_BELOW_GB, _NARROW_BELOW_GB = 2, 20
_SQLITE = (3, 35, 0)
_POSTGRES = 14
_CLOCKS_APART = timedelta(seconds=30)


def list_version_findings() -> Iterator[Finding]:
    """Python, SQLite, and the packages that this one asks for."""
    if not _PYTHONS[0] <= sys.version_info[:2] <= _PYTHONS[1]:
        yield Finding(
            sentence=f"Python 3.11 to 3.13 was expected, found {sys.version.split()[0]}.",
            mend="Make the environment anew with one of them (HAN5K_PYTHON, scripts/serve).",
        )
    if sqlite3.sqlite_version_info < _SQLITE:
        yield Finding(
            sentence=f"SQLite 3.35 or newer was expected, found {sqlite3.sqlite_version}.",
            mend="Use a Python that was built with a newer SQLite.",
        )
    for line in metadata.requires("han5k-review") or ():
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(needed.name)
        except metadata.PackageNotFoundError:
            found = "none"
        if found == "none" or not needed.specifier.contains(found, prereleases=True):
            yield Finding(
                sentence=f"The package {needed} was expected, found {found}.",
                mend="Install the pinned ones: .venv/bin/pip install -r requirements.txt.",
            )


def list_disk_findings(folder: Path) -> Iterator[Finding]:
    """Free space where the study lies, and whether it can be written to."""
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < _NARROW_BELOW_GB:
        yield Finding(
            sentence=f"{free_gb:.1f} GB are free on the disk of {folder}.",
            mend="Make room: old runs in runs/ take most of it.",
            is_problem=free_gb < _FULL_BELOW_GB,
        )
    if not os.access(folder, os.W_OK):
        yield Finding(
            sentence=f"The folder {folder} cannot be written to by this account.",
            mend="Give it to the account that runs the web app and the worker (chown).",
        )


def list_clock_findings(study: Study, now: datetime) -> Iterator[Finding]:
    """This machine's clock beside the disk's, the database server's, and the newest audit row."""
    clocks = {"the disk of the study": _read_disk_clock(study.root)}
    with reading(study.engine) as session:
        if session.get_bind().dialect.name == "postgresql":
            (told,) = session.execute(sa.text("SELECT clock_timestamp()")).one()
            clocks["the database server"] = told
        head = find_audit_head(session)
    for whose, time in clocks.items():
        if abs(time - datetime.now(UTC)) > _CLOCKS_APART:
            yield Finding(
                sentence=f"The clock of {whose} says {format_utc(time, 'seconds')}, this machine's "
                f"{format_utc(datetime.now(UTC), 'seconds')}.",
                mend="Let both follow one time server (chrony, systemd-timesyncd).",
            )
    if head is not None and head.recorded_at_utc > now + _CLOCKS_APART:
        yield Finding(
            sentence=f"The newest row of the audit trail is of {format_utc(head.recorded_at_utc)}, "
            "later than now: a clock was set back.",
            mend="Set the clock right; rows go on with that time until it has passed.",
        )


def list_server_findings(study: Study) -> Iterator[Finding]:
    """The version of the database server."""
    if study.engine.dialect.name != "postgresql":
        return
    with study.engine.connect() as connection:
        found = int((connection.dialect.server_version_info or (0,))[0])
    if found < _POSTGRES:
        yield Finding(
            sentence=f"PostgreSQL {_POSTGRES} or newer was expected, found {found}.",
            mend="Back up, set up a newer server, and restore into it.",
        )


def _read_disk_clock(folder: Path) -> datetime:
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".tmp") as file:
        return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
