"""Tree imports: a folder tree of many patients, from the search to the last case.

The command line and the process of an import that a page started both come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.imaging.dicom.directories import is_directory_file
from han5k_review.imaging.dicom.trees import Told, find_tree
from han5k_review.importing.imports import Progress, plan_import, run_import
from han5k_review.importing.reports import ImportReport
from han5k_review.importing.sources import Source
from han5k_review.importing.tree_sources import TreeChoice, TreeSources, build_tree_sources
from han5k_review.store.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeOrder:
    """What is to be done with the tree below `root`; `deep` as `plan_import` and `run_import`."""

    root: Path
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
    """What is searched for patients: a folder, or a DICOMDIR."""
    return path.is_dir() or is_directory_file(path)


def find_tree_sources(
    study: Study, order: TreeOrder, *, executor: Executor | None = None, told: Told | None = None
) -> FoundSources:
    """Search the tree; DataError when it is no folder."""
    order.choice.sets.check(order.choice.contours)
    found = find_tree(order.root, executor=executor, told=told)
    sources = build_tree_sources(found, study, order.choice)
    return FoundSources(
        sources=sources,
        notices=(*found.notices, *sources.notices),
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
        return plan_import(
            study,
            catalogue,
            found.sources.sources,
            deep=order.deep,
            executor=executor,
            progress=progress,
        )
    return run_import(
        study,
        catalogue,
        found.sources.sources,
        actor=actor,
        now=now,
        deep=order.deep,
        executor=executor,
        progress=progress,
    )
