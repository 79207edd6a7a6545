"""Case rules: what forbids a case. A CT never moves, a patient stays in one split."""

from __future__ import annotations

from han5k_review.errors import RuleError
from han5k_review.imaging.grid import Grid
from han5k_review.importing.known_cases import KnownCase
from han5k_review.importing.sources import CaseSource
from han5k_review.store.vocabulary import Split


def resolve_split(source: CaseSource, patient_split: Split | None) -> Split:
    """The split of a case; RuleError when its patient is in another one already."""
    if patient_split is not None and source.split not in (None, patient_split):
        raise RuleError(
            f"the split {patient_split} of patient {source.patient} was expected, found "
            f"{source.split}; a patient stays in one split, so that held-out patients never train."
        )
    return source.split or patient_split or Split.TRAIN


def check_known(source: CaseSource, known: KnownCase) -> None:
    """RuleError when a known case comes under another patient or split."""
    if source.patient not in (known.patient, source.name) or source.split not in (
        None,
        known.split,
    ):
        raise RuleError(
            f"patient {known.patient} and split {known.split} were expected for this case, found "
            f"{source.patient} and {source.split or 'none'}; neither changes after the import."
        )


def check_image(source: CaseSource, known: KnownCase, image_sha256: str, grid: Grid) -> None:
    """RuleError when a known case comes with another CT."""
    if known.image_sha256 != image_sha256:
        raise RuleError(
            f"the CT of this case was expected (hash {known.image_sha256[:12]}, "
            f"{known.grid.describe()}), {source.ct or source.origin} is another (hash "
            f"{image_sha256[:12]}, {grid.describe()}); a CT never changes under its case, give it "
            "a new name."
        )


def check_grid(source: CaseSource, known: KnownCase, grid: Grid) -> None:
    """RuleError when a known case comes with a CT on another grid."""
    if not grid.is_near(known.grid):
        raise RuleError(
            f"the CT of this case was expected ({known.grid.describe()}), "
            f"{source.ct or source.origin} is another ({grid.describe()}); a CT never changes "
            "under its case, give it a new name."
        )


def duplicate_error(source: CaseSource, owner: str) -> RuleError:
    """The refusal of a CT that another case holds already."""
    return RuleError(
        f"a CT that no other case holds was expected, {source.ct or source.origin} is the CT of "
        f"case {owner}; import further labels under that name."
    )
