"""What the command `import` takes, and what of it cannot be said together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from han5k_review.errors import ConfigError
from han5k_review.importing.structure_set_choice import SetChoice
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice
from han5k_review.store.vocabulary import LabelSource, Split

Cells = Mapping[str, str | None]


class Contours(StrEnum):
    """What the contours of a tree are taken for."""

    PSEUDO = "pseudo"
    REFERENCE = "reference"

    @property
    def source(self) -> LabelSource:
        """As the study calls it."""
        return LabelSource(self.value)


def build_choice(
    contours: Contours,
    naming: CaseNaming,
    split: Split | None,
    sets: SetChoice,
    *,
    doses: bool,
    in_place: bool,
) -> TreeChoice:
    """How a tree becomes cases, from the options of the command."""
    return TreeChoice(
        contours=contours.source,
        naming=naming,
        split=split,
        sets=sets,
        doses=doses,
        in_place=in_place,
    )


def refuse_with_tree(cells: Cells) -> None:
    """ConfigError for options of a single case beside a folder tree."""
    given = [name for name, cell in cells.items() if cell and name != "split"]
    if given:
        raise ConfigError(
            f"Either a folder tree or --{given[0].replace('_', '-')} was expected, found both; "
            "import single cases by --case and --ct."
        )


def refuse_with_server(manifest: Path | None, cells: Cells, *, in_place: bool) -> None:
    """ConfigError for files beside a DICOMweb server, or files of a server left in their place."""
    given = [name for name, cell in cells.items() if cell and name != "split"]
    if in_place:
        raise ConfigError("CTs of a DICOMweb server have no place to be left in; leave --in-place.")
    if manifest is not None or given:
        other = f"--{given[0].replace('_', '-')}" if given else "a manifest"
        raise ConfigError(f"Either --dicomweb or {other} was expected, found both.")


def refuse_without_tree(sets: SetChoice) -> None:
    """ConfigError for a choice among structure sets where files are named one by one."""
    if sets != SetChoice():
        raise ConfigError(
            "A folder tree was expected with --structure-sets, --rtstruct-label and "
            "--reference-label; a manifest or --labels names the file itself."
        )
