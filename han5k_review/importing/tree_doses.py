"""Tree doses: which CT an RTDOSE of a folder tree belongs to, and which one of several is kept.

A dose names its plan, a plan its structure set, a structure set its CT. Where that chain is broken
the frame of reference decides. Doses are never added up here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.tree_files import TreeFile
from han5k_review.imaging.dicom.trees import TreeSeries
from han5k_review.texts.counts import say_count

Show = Callable[[Path], str]
_PARTS = ("FRACTION", "BEAM", "BRACHY", "CONTROL_POINT", "FRACTION_SESSION", "BEAM_SESSION")
_SUM = "MULTI_PLAN"
_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDose:
    """A dose, and the instances of those structure sets of the tree that its plan was made on."""

    file: TreeFile
    sets: frozenset[str]

    @property
    def is_part(self) -> bool:
        """Whether it is that of single beams or fractions."""
        return self.file.summation in _PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLinks:
    """The doses of a patient: by the identifier of their CT series, and those without one."""

    by_series: Mapping[str, Sequence[LinkedDose]] = field(default_factory=dict)
    refused: Sequence[tuple[TreeFile, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenDose:
    """The dose of a CT, or None; and what is to be said."""

    path: Path | None = None
    notices: tuple[str, ...] = ()


def link_doses(
    doses: Sequence[TreeFile],
    plans: Mapping[str, TreeFile],
    drawn: Mapping[str, Sequence[TreeFile]],
    own: Sequence[TreeSeries],
) -> DoseLinks:
    """The doses of one patient beside the CT series `own`.

    `plans` are by instance, `drawn` the structure sets by the identifier of their series.
    """
    found: dict[str, list[LinkedDose]] = {}
    refused = []
    known = frozenset(one.instance_uid for files in drawn.values() for one in files) - {""}
    for dose in doses:
        linked = LinkedDose(file=dose, sets=frozenset(known & _follow(dose, plans)))
        try:
            found.setdefault(_find_series(linked, drawn, own).series_uid, []).append(linked)
        except DataError as error:
            refused.append((dose, str(error)))
    return DoseLinks(by_series=found, refused=tuple(refused))


def _follow(dose: TreeFile, plans: Mapping[str, TreeFile]) -> frozenset[str]:
    """What the dose and its plans name, structure sets among them."""
    through = [plans[uid].about_objects for uid in dose.about_objects if uid in plans]
    return dose.about_objects.union(*through)


def _find_series(
    dose: LinkedDose, drawn: Mapping[str, Sequence[TreeFile]], own: Sequence[TreeSeries]
) -> TreeSeries:
    frame = dose.file.frame_uid
    chained = {
        uid for uid, files in drawn.items() if any(one.instance_uid in dose.sets for one in files)
    }
    named = [series for series in own if series.series_uid in chained]
    framed = [s for s in own if frame and s.frame_uid == frame]
    candidates = named or framed or ([] if frame else list(own))
    if len(candidates) != 1:
        raise DataError(
            "the dose of one CT series of the same patient in this folder was expected, found one "
            f"of {'none' if not candidates else len(candidates)} (by its plan, structure set and "
            "frame of reference); import the case, then add the dose by `han5k dose`."
        )
    if frame and candidates[0].frame_uid not in ("", frame):
        raise DataError(
            "a dose in the frame of reference of the CT was expected, found one whose plan leads "
            "to a CT in another; export plan, structure set and dose again."
        )
    return candidates[0]


def choose_dose(doses: Sequence[LinkedDose], contours: TreeFile | None, show: Show) -> ChosenDose:
    """The one dose of a whole plan; of several the sum, or the one planned on these contours."""
    notices = []
    whole = [dose for dose in doses if not dose.is_part]
    parts = len(doses) - len(whole)
    if parts:
        notices.append(
            f"{say_count(parts, 'dose')} of single beams or fractions, parts of a plan; left out"
        )
    uid = contours.instance_uid if contours else ""
    meant = [d for d in whole if d.file.summation == _SUM] or [d for d in whole if uid in d.sets]
    if len(whole) == 1:
        meant = whole
    elif len(meant) != 1:
        if whole:
            listed = ", ".join(show(dose.file.path) for dose in whole[:_SHOWN])
            notices.append(
                f"{len(whole)} doses ({listed}) were found, none is kept: doses are not added up "
                "here; export their sum, or name one by `han5k dose`"
            )
        return ChosenDose(notices=tuple(notices))
    else:
        kind = "the sum" if meant[0].file.summation == _SUM else "the one planned on these contours"
        notices.append(f"of {len(whole)} doses {kind} is taken: {show(meant[0].file.path)}")
    if uid and meant[0].sets and uid not in meant[0].sets:
        notices.append("the dose was planned on other contours than those that are taken")
    return ChosenDose(path=meant[0].file.path, notices=tuple(notices))
