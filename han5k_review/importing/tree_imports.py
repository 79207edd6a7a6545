"""Tree imports: a folder tree of many patients, from the search to the last case.

The command line and the process of an import that a page started both come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConfigError
from han5k_review.imaging.dicom.archives import is_archive, unpack_named
from han5k_review.imaging.dicom.directories import is_directory
from han5k_review.imaging.dicom.spools import open_spool
from han5k_review.imaging.dicom.trees import Told, find_tree
from han5k_review.importing.imports import Progress, plan_import, run_import
from han5k_review.importing.reports import ImportReport
from han5k_review.importing.sources import Source
from han5k_review.importing.tree_sources import TreeChoice, TreeSources, build_tree_sources
from han5k_review.store.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeOrder:
    """What is to be done with the tree below `root`; `deep` as `plan_import` and `run_import`.

    `archive` is the .zip that lies unpacked in `root` (see `unpacked_order`).
    """

    root: Path
    archive: Path | None = None
    choice: TreeChoice = field(default_factory=TreeChoice)
    dry_run: bool = False
    deep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSources:
    """What the search found: sources in their order, and sentences about the tree as a whole."""

    sources: TreeSources
    notices: tuple[str, ...] = ()
    files: int = 0

    @classmethod
    def of(cls, sources: Sequence[Source]) -> FoundSources:
        """Sources that were given and not searched for, as those of a manifest."""
        return cls(sources=TreeSources(sources=tuple(sources), patients={}))


def is_tree(path: Path) -> bool:
    """What is searched for patients: a folder, a DICOMDIR under any name, or a .zip."""
    return path.is_dir() or is_archive(path) or is_directory(path)


@contextmanager
def unpacked_order(order: TreeOrder, spool: Path | None = None) -> Iterator[TreeOrder]:
    """The order; of a .zip with the folder where it lies unpacked below `spool` meanwhile.

    ConfigError where CTs of an archive are to be left in place; else as `unpack_named`.
    """
    if not is_archive(order.root):
        yield order
        return
    if order.choice.in_place:
        raise ConfigError(
            f"{order.root}: a folder was expected with --in-place, found an archive, from which "
            "CTs are always copied; unpack it, or leave --in-place."
        )
    with open_spool(spool) as folder:
        unpack_named(order.root, folder, is_tree=True)
        yield replace(order, root=folder, archive=order.root)


def find_tree_sources(
    study: Study, order: TreeOrder, *, executor: Executor | None = None, told: Told | None = None
) -> FoundSources:
    """Search the tree; DataError when it is no folder."""
    order.choice.sets.check(order.choice.contours)
    found = find_tree(order.root, executor=executor, told=told)
    sources = build_tree_sources(found, study, order.choice)
    notices = (*found.notices, *sources.notices)
    return FoundSources(
        sources=sources,
        notices=tuple(_name_archive(notice, order) for notice in notices),
        files=found.files,
    )


def import_tree(
    study: Study,
    catalogue: Catalogue,
    found: FoundSources,
    order: TreeOrder,
    *,
    actor: str,
    now: Callable[[], datetime],
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import what was found, or say what would happen; as `run_import` and `plan_import`."""
    if order.dry_run:
        report = plan_import(
            study,
            catalogue,
            found.sources.sources,
            deep=order.deep,
            executor=executor,
            progress=progress,
        )
    else:
        report = run_import(
            study,
            catalogue,
            found.sources.sources,
            actor=actor,
            now=now,
            deep=order.deep,
            executor=executor,
            progress=progress,
        )
    return report if order.archive is None else _name_archives(report, order)


def _name_archives(report: ImportReport, order: TreeOrder) -> ImportReport:
    """The report with the archive where the folder stands that is gone when it is read."""
    cases = tuple(
        replace(
            case,
            refusal=_name_archive(case.refusal, order),
            warnings=tuple(_name_archive(one, order) for one in case.warnings),
        )
        for case in report.cases
    )
    return replace(report, cases=cases)


def _name_archive(sentence: str, order: TreeOrder) -> str:
    archive = order.archive
    return sentence if archive is None else sentence.replace(str(order.root), str(archive))
