"""Structure set choice: which of several files of contours of one CT is taken, by a rule.

Without a rule several are refused. What is taken and what is left out is said of each case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from han5k_review.errors import ConfigError, DataError
from han5k_review.imaging.dicom.tree_files import TreeFile
from han5k_review.store.vocabulary import LabelSource
from han5k_review.texts.counts import say_count
from han5k_review.texts.names import fold_name

Show = Callable[[Path], str]
_SHOWN = 4
_SHOWN_TITLES = 20


class SetRule(StrEnum):
    """Which of several structure sets (or segmentations) of one CT is taken."""

    ONE = "one"
    NEWEST = "newest"
    NEWEST_APPROVED = "newest-approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChoice:
    """The rule, and what labels or series descriptions hold of those that are meant.

    With `label` only those that hold it are contours; those that hold `reference_label` are
    references beside the others. Capitals do not count.
    """

    rule: SetRule = SetRule.ONE
    label: str = ""
    reference_label: str = ""

    def check(self, contours: LabelSource) -> None:
        """ConfigError where the references of a tree would come from two places."""
        if self.reference_label and contours is LabelSource.REFERENCE:
            raise ConfigError(
                "Contours as pseudo-labels were expected beside a label of the references, found "
                "all contours to be references; leave one of the two out."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSets:
    """The contours and the references of one CT, either may be None, and what is to be said."""

    contours: TreeFile | None = None
    reference: TreeFile | None = None
    notices: tuple[str, ...] = ()


def choose_sets(files: Sequence[TreeFile], choice: SetChoice, show: Show) -> ChosenSets:
    """The structure sets of one CT that the choice means; DataError where it means several."""
    references = [file for file in files if _holds(file, choice.reference_label)]
    others = [file for file in files if file not in references]
    meant = [file for file in others if _holds(file, choice.label)] if choice.label else others
    if choice.label and others and not meant:
        raise DataError(
            f"a structure set whose label or series description holds {choice.label!r} was "
            f"expected, found {len(others)} without ({_describe(others, show)})."
        )
    notices = []
    if len(meant) < len(others):
        left = len(others) - len(meant)
        notices.append(f"{left} structure sets without {choice.label!r} in their label; left out")
    if choice.reference_label and files and not references:
        notices.append(
            f"no structure set has {choice.reference_label!r} in its label: no reference"
        )
    contours = _choose(meant, choice.rule, show, notices)
    reference = _choose(references, choice.rule, show, notices)
    return ChosenSets(contours=contours, reference=reference, notices=tuple(notices))


def _holds(file: TreeFile, text: str) -> bool:
    return bool(text) and any(fold_name(text) in fold_name(title) for title in file.titles)


def _choose(
    files: Sequence[TreeFile], rule: SetRule, show: Show, notices: list[str]
) -> TreeFile | None:
    if len(files) < 2:
        return files[0] if files else None
    meant = [f for f in files if f.is_approved] if rule is SetRule.NEWEST_APPROVED else list(files)
    newest = max((file.written_at for file in meant), default="")
    found = [file for file in meant if file.written_at == newest]
    if rule is SetRule.ONE or len(found) != 1 or not newest:
        raise DataError(_refuse(files, rule, show, approved=len(meant)))
    words = "newest approved" if rule is SetRule.NEWEST_APPROVED else "newest"
    notices.append(
        f"of {len(files)} structure sets ({_describe(files, show)}) the {words} is taken: "
        f"{show(found[0].path)}"
    )
    return found[0]


def _refuse(files: Sequence[TreeFile], rule: SetRule, show: Show, *, approved: int) -> str:
    listed = f"found {len(files)} ({_describe(files, show)})"
    if rule is SetRule.ONE:
        return (
            f"one file of contours of this CT was expected, {listed}; say which one is meant "
            "(--structure-sets, --rtstruct-label; on the page Import: Several structure sets), "
            "import the case by a manifest that names one, or move the others away."
        )
    if rule is SetRule.NEWEST_APPROVED and not approved:
        return (
            f"an approved structure set of this CT was expected, {listed}; approve the one meant."
        )
    return (
        f"one newest structure set of this CT was expected, {listed}, two of them of the same "
        "time or without a time; name the one meant (--rtstruct-label)."
    )


def _describe(files: Sequence[TreeFile], show: Show) -> str:
    """Files from the newest to the oldest; dates and labels are not shown, they may name people."""
    ordered = sorted(files, key=lambda file: file.written_at, reverse=True)
    words = [
        f"{show(file.path)}, {'approved' if file.is_approved else 'not approved'}"
        for file in ordered[:_SHOWN]
    ]
    return "; ".join([*words, *(["..."] if len(files) > _SHOWN else [])])


def describe_titles(groups: Sequence[Sequence[TreeFile]]) -> tuple[str, ...]:
    """What structure sets are called where a CT has several, with counts: to choose a label by."""
    titles = Counter(title for files in groups for file in files for title in set(file.titles))
    if not titles:
        return ()
    ordered = sorted(titles.items(), key=lambda title: (-title[1], title[0]))[:_SHOWN_TITLES]
    listed = ", ".join(f"{title!r} ({n})" for title, n in ordered)
    have = say_count(len(groups), "CT has", "CTs have")
    return (f"{have} several structure sets; their labels are: {listed}",)
