"""Trees: every CT series and every file of contours below a folder, told by header.

Names of files and folders say nothing here: a series may lie in several folders, and a folder may
hold several patients. Links are not followed, so that no circle can be walked.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path

from han5k_review.errors import DataError, StorageError
from han5k_review.imaging.dicom.directories import (
    ListedImage,
    is_directory,
    is_directory_file,
    read_directory,
)
from han5k_review.imaging.dicom.folders import say_kinds
from han5k_review.imaging.dicom.tree_files import FileKind, TreeFile, read_tree_files
from han5k_review.texts.counts import choose_form, say_count

_FILES_PER_TASK = 200
Told = Callable[[int], None]
"""Gets the number of files looked at so far; may raise to end the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSeries:
    """A CT series: its files in one order on every machine, and the folder that holds them all.

    `patients` are those that its images name: one, or the series is no series. `copies` counts
    files left out as copies of another.
    """

    patients: tuple[str, ...]
    series_uid: str
    frame_uid: str
    folder: Path
    files: tuple[Path, ...]
    size: tuple[int, int]
    copies: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Columns, rows and images."""
        return (*self.size, len(self.files))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTree:
    """What lies below `root`: series, files of contours, doses and their plans, damaged files.

    `notices` count what is left out.
    """

    root: Path
    series: tuple[TreeSeries, ...]
    labels: tuple[TreeFile, ...]
    damaged: tuple[TreeFile, ...]
    notices: tuple[str, ...]
    files: int
    doses: tuple[TreeFile, ...] = ()
    plans: tuple[TreeFile, ...] = ()


@dataclass(slots=True)
class _Walked:
    """The files below a folder, and what the walk met beside them."""

    files: list[Path] = field(default_factory=list)
    links: int = 0
    closed: list[Path] = field(default_factory=list)


def find_tree(
    path: Path, *, executor: Executor | None = None, told: Told | None = None
) -> FoundTree:
    """Look at every file below `path` (a folder, or a DICOMDIR of any name: its folder is meant).

    DataError when it is no folder; StorageError when a process that reads dies.
    """
    root = path.parent if is_directory(path) else path
    if not root.is_dir():
        raise DataError(f"A folder of DICOM was expected at {path}, found none.")
    walked = _walk(root)
    listed = _read_directories(f for f in walked.files if f == path or is_directory_file(f))
    seen: list[TreeFile] = []
    unlisted = [file for file in walked.files if file not in listed]
    first = _choose_first(listed, walked.files)
    for found in _read_all([*unlisted, *first], executor):
        seen += found
        if told is not None:
            told(len(seen))
    seen += _build_listed(listed, walked.files, {one.path: one for one in seen})
    return _sort(root, seen, walked, missing=len(listed.keys() - set(walked.files)))


def _walk(root: Path) -> _Walked:
    """All files by path; links and hidden files are left out."""
    walked = _Walked()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        walked.links += 1
                    elif entry.name.startswith("."):
                        continue
                    elif entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        walked.files.append(Path(entry.path))
        except OSError:
            walked.closed.append(folder)
    walked.files.sort()
    return walked


def _read_directories(files: Iterable[Path]) -> Mapping[Path, ListedImage]:
    listed: dict[Path, ListedImage] = {}
    for file in files:
        try:
            listed |= {image.path: image for image in read_directory(file)}
        except DataError:
            continue  # it is read with the other files, and counted there as what it is
    return listed


def _choose_first(listed: Mapping[Path, ListedImage], files: Sequence[Path]) -> list[Path]:
    """One file of each series that a DICOMDIR lists: it tells what its record does not."""
    there = (listed[file] for file in files if file in listed)
    return list({image.series_uid: image.path for image in there}.values())


def _build_listed(
    listed: Mapping[Path, ListedImage], files: Sequence[Path], read: Mapping[Path, TreeFile]
) -> Iterator[TreeFile]:
    """The listed images as if each had been read, where the one that was read agrees."""
    if not listed:
        return
    known = {(one.patient, one.series_uid): one for one in read.values() if one.path in listed}
    doubtful = []
    for file in files:
        image = listed.get(file)
        if image is None or file in read:
            continue
        like = known.get((image.patient, image.series_uid))
        if like is not None and like.kind is FileKind.CT:
            yield replace(like, path=file, instance_uid=image.instance_uid)
        else:
            doubtful.append(file)
    yield from read_tree_files(doubtful)


def _read_all(files: Sequence[Path], executor: Executor | None) -> Iterator[list[TreeFile]]:
    starts = range(0, len(files), _FILES_PER_TASK)
    tasks = [files[at : at + _FILES_PER_TASK] for at in starts]
    if executor is None:
        yield from map(read_tree_files, tasks)
        return
    try:
        yield from executor.map(read_tree_files, tasks)
    except Exception as error:  # `read_tree_files` raises nothing: it is the executor that failed
        raise StorageError(
            "The processes that read headers were expected to go on, one of them ended by itself "
            "(memory may have run out); start again with fewer processes."
        ) from error


_KEPT = (FileKind.LABELS, FileKind.DOSE, FileKind.PLAN, FileKind.DAMAGED)
_COPIED = (FileKind.LABELS, FileKind.DOSE, FileKind.PLAN)
_COUNTED = (FileKind.PLAN, FileKind.OTHER, FileKind.STRANGE)


def _sort(root: Path, seen: Iterable[TreeFile], walked: _Walked, *, missing: int) -> FoundTree:
    images: dict[str, list[TreeFile]] = {}
    kept: dict[FileKind, list[TreeFile]] = {kind: [] for kind in _KEPT}
    others: Counter[str] = Counter()
    for file in sorted(seen, key=lambda one: one.path):
        if file.kind is FileKind.CT:
            images.setdefault(file.series_uid or str(file.path.parent), []).append(file)
        elif file.kind in kept:
            kept[file.kind].append(file)
        if file.kind in _COUNTED:
            others[file.word or "file without DICOM"] += 1
    copies = 0
    for kind in _COPIED:
        kept[kind], found = _leave_out_copies(kept[kind])
        copies += found
    notices = [f"left out: {say_kinds(count, word)}" for word, count in sorted(others.items())]
    if not images:
        notices.append(f"no CT series (DICOM) was found in {root}; other formats need a manifest")
    if copies:
        said = say_count(copies, "copy", "copies")
        notices.append(f"left out: {said} of structure sets, doses or plans with the same bytes")
    if walked.links:
        verb = choose_form(walked.links, "was", "were")
        notices.append(f"{say_count(walked.links, 'link')} {verb} not followed")
    if missing:
        verb = choose_form(missing, "is", "are")
        notices.append(f"{say_count(missing, 'file')} that a DICOMDIR lists {verb} not there")
    notices += [f"the folder {folder} cannot be opened" for folder in walked.closed]
    return FoundTree(
        root=root,
        series=tuple(_build_series(own) for own in images.values()),
        labels=tuple(kept[FileKind.LABELS]),
        damaged=tuple(kept[FileKind.DAMAGED]),
        notices=tuple(notices),
        files=len(walked.files),
        doses=tuple(kept[FileKind.DOSE]),
        plans=tuple(kept[FileKind.PLAN]),
    )


def _build_series(images: list[TreeFile]) -> TreeSeries:
    kept, copies = _leave_out_copies(sorted(images, key=lambda one: one.path))
    folders = sorted({str(one.path.parent) for one in kept})
    return TreeSeries(
        patients=tuple(sorted({one.patient for one in images})),
        series_uid=kept[0].series_uid,
        frame_uid=kept[0].frame_uid,
        folder=Path(folders[0] if len(folders) == 1 else os.path.commonpath(folders)),
        files=tuple(one.path for one in kept),
        size=kept[0].size,
        copies=copies,
    )


def _leave_out_copies(images: list[TreeFile]) -> tuple[list[TreeFile], int]:
    """Of files with one identifier and the same bytes the first; others stay, and are refused."""
    by_instance: dict[str, list[TreeFile]] = {}
    for image in images:
        by_instance.setdefault(image.instance_uid or str(image.path), []).append(image)
    if len(by_instance) == len(images):
        return images, 0
    kept = []
    for own in by_instance.values():
        kept += [
            image
            for number, image in enumerate(own)
            if not any(_are_equal(image.path, other.path) for other in own[:number])
        ]
    return sorted(kept, key=lambda one: one.path), len(images) - len(kept)


def _are_equal(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
    except OSError:
        return False
