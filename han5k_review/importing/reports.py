"""Reports: what an import would do, or did, case by case, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from han5k_review.anatomy.structure import StructureName
from han5k_review.importing.case_contents import ReadLabel
from han5k_review.importing.case_outlines import OutlinedLabel
from han5k_review.importing.refusals import RefusalKind
from han5k_review.importing.roi_names import FoundName
from han5k_review.store.vocabulary import LabelSource
from han5k_review.texts.counts import say_count
from han5k_review.texts.names import show_line

Label = ReadLabel | OutlinedLabel
_WORDS = {LabelSource.PSEUDO: "pseudo-label", LabelSource.REFERENCE: "reference"}

_ROLES = {
    "ct": "CT",
    "label_map": "label map",
    "reference_label_map": "label map of the reference",
    "structures": "structure table",
    "fill": "rule of filling contours",
    "dose": "planned dose",
}
NOT_READ = "voxels not read (--deep reads them)"


class CaseOutcome(StrEnum):
    """What becomes of one case."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """One case of a report.

    `labels` are the label versions that are new, `matched` all structures that were read,
    `unmatched` names that no structure of the study answers to; `channels` says of each 4-D file
    which channel, and of each structure set which ROI, is which structure; `refusal` says why, or
    is empty, and `kind` what kind of reason that is. After a quick dry run `labels` are those that
    the files name, and `changed` the inputs that differ from the last import; None when voxels were
    read.
    """

    name: str
    origin: str
    outcome: CaseOutcome
    geometry: str = ""
    matched: tuple[StructureName, ...] = ()
    labels: tuple[Label, ...] = ()
    unmatched: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    changed: tuple[str, ...] | None = None
    refusal: str = ""
    kind: RefusalKind | None = None
    names: tuple[FoundName, ...] = ()

    @property
    def sentence(self) -> str:
        """The case in one line."""
        return show_line(self._sentence())

    def _sentence(self) -> str:
        if self.outcome is CaseOutcome.REFUSED:
            return f"{self.name}: refused ({self.origin}): {self.refusal}"
        if self.outcome is CaseOutcome.UNCHANGED:
            text = f"{self.name}: unchanged"
        elif self.outcome is CaseOutcome.NEW:
            text = f"{self.name}: new case with {self._counts()}; CT {self.geometry}"
        elif self.changed is not None:
            roles = ", ".join(_ROLES.get(role, role) for role in self.changed)
            text = f"{self.name}: changed since its last import: {roles} ({self._counts()})"
        elif not self.labels:
            text = f"{self.name}: changed, with no new labels"
        else:
            names = ", ".join(dict.fromkeys(label.structure for label in self.labels))
            text = f"{self.name}: changed labels, new versions of {self._counts()} ({names})"
        text += "".join(f"; {channels}" for channels in self.channels)
        if self.changed is not None and self.outcome is not CaseOutcome.UNCHANGED:
            text += f"; {NOT_READ}"
        if self.unmatched:
            text += f"; not matched: {', '.join(self.unmatched)}"
        return text + "".join(f"; warning: {warning}" for warning in self.warnings)

    def _counts(self) -> str:
        parts = []
        for kind, word in _WORDS.items():
            number = sum(label.source is kind for label in self.labels)
            parts.append(say_count(number, word))
        return " and ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """All cases of a dry run (`dry_run`) or of an import, in the order they were given.

    A dry run that is not `deep` has read no voxels.
    """

    cases: tuple[CaseReport, ...]
    dry_run: bool
    deep: bool = False

    def count(self, outcome: CaseOutcome) -> int:
        """How many cases came out so."""
        return sum(case.outcome is outcome for case in self.cases)

    @property
    def exit_code(self) -> int:
        """2 when a case was refused, 0 otherwise."""
        return 2 if self.count(CaseOutcome.REFUSED) else 0

    @property
    def sentence(self) -> str:
        """The whole in one line."""
        counts = ", ".join(f"{self.count(outcome)} {outcome}" for outcome in CaseOutcome)
        depth = "" if self.deep else ", voxels not read; --deep reads them"
        end = f"nothing was written (dry run{depth})" if self.dry_run else "done"
        return f"{say_count(len(self.cases), 'case')}: {counts}; {end}."
