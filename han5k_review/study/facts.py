"""A study's identity row and its own tables, each read once and again when its file has changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.errors import ConfigError, StorageError
from han5k_review.store.study import Study
from han5k_review.store.tables import StudyInfo
from han5k_review.study.scale import Scale, read_scales

_STUDY_ID = 1
_Stamp = tuple[int, int, int] | None


def find_study_info(session: Session) -> StudyInfo | None:
    """The row that says what study the database holds; None in an empty database."""
    return session.get(StudyInfo, _STUDY_ID)


def get_study_info(session: Session) -> StudyInfo:
    """The study's name, protocol version and scale; StorageError when it was never finished."""
    info = find_study_info(session)
    if info is None:
        raise StorageError(
            "A finished study was expected, its identity row is missing; run `han5k init` again "
            "for this study."
        )
    return info


def read_study_catalogue(study: Study) -> Catalogue:
    """The study's own structure table; ConfigError when it is wrong."""
    path = study.tables / "structures.csv"
    return _read_catalogue(path, _stamp(path))


def read_study_scales(study: Study) -> Mapping[str, Scale]:
    """Every scale the study's table knows, by name; ConfigError when the table is wrong."""
    path = study.tables / "scales.csv"
    return _read_scales(path, _stamp(path))


def read_study_scale(study: Study, info: StudyInfo) -> Scale:
    """The scale this study grades with; ConfigError when its table lacks it."""
    scales = read_study_scales(study)
    if info.scale not in scales:
        raise ConfigError(
            f"The scale {info.scale!r} was expected in {study.tables / 'scales.csv'}, found "
            f"{', '.join(scales) or 'none'}."
        )
    return scales[info.scale]


@lru_cache(maxsize=8)
def _read_catalogue(path: Path, stamp: _Stamp) -> Catalogue:
    return read_catalogue(path)


@lru_cache(maxsize=8)
def _read_scales(path: Path, stamp: _Stamp) -> Mapping[str, Scale]:
    return read_scales(path)


def _stamp(path: Path) -> _Stamp:
    """What changes with the file; None when there is none: reading it says so."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
