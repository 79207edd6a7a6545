"""Placed CTs: CTs that an import leaves where they are, and whether they are still there."""

from __future__ import annotations

from collections.abc import Iterator

from han5k_review.errors import DataError
from han5k_review.importing.fingerprints import Fingerprint, digest_files, list_role_files
from han5k_review.importing.sources import CaseSource
from han5k_review.store.ct_places import CtPlace, PlacedFile, build_place
from han5k_review.texts.counts import say_count


def place_ct(source: CaseSource, fingerprint: Fingerprint) -> CtPlace:
    """Where the CT of a source lies, as its files are now; DataError when it has none."""
    if source.ct is None:
        raise DataError("a CT was expected to be left in its place, found none.")
    return build_place(
        source.ct,
        list_role_files(source, "ct", source.ct),
        is_series=bool(source.ct_files),
        files_sha256=fingerprint["ct"],
    )


def find_trouble(place: CtPlace, *, deep: bool = False) -> str:
    """What is wrong with a CT in its place, with the first file; empty when it is as it was.

    Files of the same size and time of writing are taken as unchanged; with `deep` they are hashed.
    """
    lost = [one.path for one in place.files if not one.path.is_file()]
    if lost:
        files = say_count(len(place.files), "file")
        return f"{len(lost)} of {files} missing, the first is {lost[0]}"
    touched = list(_list_touched(place))
    if not touched and not deep:
        return ""
    try:
        found = digest_files(place.ct, tuple(one.path for one in place.files))
    except OSError as error:
        return f"its files cannot be read ({error.strerror}), the first is {place.files[0].path}"
    if found == place.files_sha256:
        return ""
    first = touched[0].path if touched else place.ct
    return f"its files are no longer those that were imported, look at {first}"


def _list_touched(place: CtPlace) -> Iterator[PlacedFile]:
    for one in place.files:
        status = one.path.stat()
        if (status.st_size, status.st_mtime_ns) != (one.nbytes, one.written_ns):
            yield one
