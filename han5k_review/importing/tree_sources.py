"""Tree sources: the CT series and contours that were found in a folder tree -> cases to import.

A case is named by a pseudonym of the patient, made with a key of the study, or by the patient's
identifier where that is a pseudonym already. What cannot be told is refused in one sentence.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from han5k_review.accounts.study_key import read_or_create_key
from han5k_review.errors import DataError
from han5k_review.imaging.dicom.tree_files import FileKind, TreeFile
from han5k_review.imaging.dicom.trees import FoundTree, TreeSeries
from han5k_review.importing.sources import BadSource, CaseSource, Source, is_case_name
from han5k_review.importing.structure_set_choice import SetChoice, choose_sets, describe_titles
from han5k_review.importing.tree_doses import LinkedDose, choose_dose, link_doses
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import LabelSource, Split
from han5k_review.texts.counts import say_count
from han5k_review.texts.names import tidy_name
from han5k_review.texts.table_files import build_csv

KEY_NAME = "pseudonyms.key"
_DIGITS = 10
_SHOWN = 4


class CaseNaming(StrEnum):
    """What cases of a tree are called by."""

    PSEUDONYM = "pseudonym"
    PATIENT_ID = "patient-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeChoice:
    """How a tree becomes cases: what its contours are, how cases are named, the split of all.

    `sets` chooses among several structure sets of a CT. With `doses` the planned dose of a CT comes
    with it. `in_place` leaves CTs where they are.
    """

    contours: LabelSource = LabelSource.PSEUDO
    naming: CaseNaming = CaseNaming.PSEUDONYM
    split: Split | None = None
    sets: SetChoice = field(default_factory=SetChoice)
    doses: bool = True
    in_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSources:
    """The sources of a tree, and who is behind each case: for the hospital alone.

    `notices` are about the tree as a whole.
    """

    sources: tuple[Source, ...]
    patients: Mapping[str, str]
    notices: tuple[str, ...] = ()


def build_tree_sources(found: FoundTree, study: Study, choice: TreeChoice) -> TreeSources:
    """One source for each series that becomes a case; refused ones are `BadSource`.

    Of a patient with several series those with contours are taken, or all where none has any.
    """
    namer = open_namer(study, choice)
    by_patient: dict[str, list[TreeSeries]] = {}
    sources: list[Source] = []
    for series in found.series:
        if len(series.patients) > 1:
            sources.append(_refuse_mixed(series, found))
        else:
            by_patient.setdefault(series.patients[0], []).append(series)
    beside = _group_by_patient((*found.labels, *(found.doses if choice.doses else ())))
    plans = {plan.instance_uid: plan for plan in found.plans}
    patients: dict[str, str] = {}
    several: list[list[TreeFile]] = []
    for patient, own in sorted(by_patient.items()):
        files = beside.pop(patient, [])
        one = _TreePatient(own=own, files=files, plans=plans, found=found, namer=namer)
        for source in one.build(patient, several):
            sources.append(source)
            patients[source.name] = patient
    for orphans in beside.values():
        sources += [_refuse_orphan(file, "?", found) for file in orphans]
    sources += [
        BadSource(name="?", origin=_show(file.path, found), sentence=file.word)
        for file in found.damaged
    ]
    return TreeSources(sources=tuple(sources), patients=patients, notices=describe_titles(several))


def _group_by_patient(files: Sequence[TreeFile]) -> dict[str, list[TreeFile]]:
    grouped: dict[str, list[TreeFile]] = {}
    for file in files:
        grouped.setdefault(file.patient, []).append(file)
    return grouped


def write_patient_table(path: Path, found: TreeSources) -> None:
    """Which patient is behind each case: names of people, for the hospital alone."""
    rows = [{"case": case, "patient": patient} for case, patient in found.patients.items()]
    write_atomically(path, build_csv(("case", "patient"), rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientNamer:
    """Makes the names of patients with a key of the study."""

    choice: TreeChoice
    key: bytes

    def name(self, patient: str) -> str:
        """The patient's pseudonym, or an empty text where the identifier can be none."""
        if self.choice.naming is CaseNaming.PATIENT_ID:
            tidy = tidy_name(patient)
            return tidy if is_case_name(tidy) else ""
        return f"P-{self.hash(patient)}"

    def hash(self, text: str) -> str:
        """A short hash that nobody without the key can make."""
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def open_namer(study: Study, choice: TreeChoice) -> PatientNamer:
    """The namer of a study; its key is made at the first use."""
    return PatientNamer(choice=choice, key=read_or_create_key(study.root / KEY_NAME))


@dataclass(frozen=True, slots=True, kw_only=True)
class _TreePatient:
    """What was found of one patient: CT series `own`, and `files` of contours and doses."""

    own: Sequence[TreeSeries]
    files: Sequence[TreeFile]
    plans: Mapping[str, TreeFile]
    found: FoundTree
    namer: PatientNamer

    def build(self, patient: str, several: list[list[TreeFile]]) -> Iterator[Source]:
        """The sources; structure sets of a CT that has more than one join `several`."""
        name = self.namer.name(patient)
        if not name:
            yield BadSource(
                name="?",
                origin=_show(self.own[0].folder, self.found),
                sentence="a patient identifier of letters, digits, space, '.', '_' or '-' was "
                "expected to name the case by, found another (not shown here); name cases by "
                "pseudonym.",
            )
            return
        drawn: dict[str, list[TreeFile]] = {}
        for label in self.files:
            target = _find_series(label, self.own)
            if label.kind is FileKind.LABELS and target is not None:
                drawn.setdefault(target.series_uid, []).append(label)
            elif label.kind is FileKind.LABELS:
                yield _refuse_orphan(label, name, self.found)
        several += [files for files in drawn.values() if len(files) > 1]
        doses = [file for file in self.files if file.kind is FileKind.DOSE]
        links = link_doses(doses, self.plans, drawn, self.own)
        for dose, sentence in links.refused:
            origin = _show(dose.path, self.found)
            yield BadSource(name=name, origin=origin, sentence=sentence)
        chosen = [series for series in self.own if series.series_uid in drawn] or list(self.own)
        for series in chosen:
            end = f"-{self.namer.hash(series.series_uid)[:_SHOWN]}" if len(chosen) > 1 else ""
            beside = _Beside(
                labels=drawn.get(series.series_uid, ()),
                doses=links.by_series.get(series.series_uid, ()),
                left=len(self.own) - len(chosen),
            )
            yield self._build_source(series, beside, f"{name}{end}", name)

    def _build_source(self, series: TreeSeries, beside: _Beside, name: str, patient: str) -> Source:
        choice = self.namer.choice
        origin = _show(series.folder, self.found)

        def show(path: Path) -> str:
            return _show(path, self.found)

        try:
            sets = choose_sets(beside.labels, choice.sets, show)
        except DataError as error:
            return BadSource(name=name, origin=origin, sentence=str(error))
        dose = choose_dose(beside.doses, sets.contours or sets.reference, show)
        contours = sets.contours.path if sets.contours else None
        named = sets.reference.path if sets.reference else None
        is_pseudo = choice.contours is LabelSource.PSEUDO
        return CaseSource(
            name=name,
            patient=patient,
            split=choice.split,
            ct=series.folder,
            labels=contours if is_pseudo else None,
            reference=named if is_pseudo else contours,
            label_map=None,
            reference_label_map=None,
            origin=origin,
            notices=(*_list_left(series, beside), *sets.notices, *dose.notices),
            dose=dose.path,
            ct_files=series.files,
            ct_shape=series.shape,
            in_place=choice.in_place,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What belongs to a CT series, and how many others of the patient are `left` out."""

    labels: Sequence[TreeFile]
    doses: Sequence[LinkedDose]
    left: int


def _list_left(series: TreeSeries, beside: _Beside) -> Iterator[str]:
    if series.copies:
        copies = say_count(series.copies, "file is a copy", "files are copies")
        yield f"{copies} of images of the same series; left out"
    if beside.left:
        several = "other CT series of the patient have"
        left = say_count(beside.left, "other CT series of the patient has", several)
        yield f"{left} no contours; left out"


def _find_series(label: TreeFile, own: Sequence[TreeSeries]) -> TreeSeries | None:
    """The series a file of contours names; else the one in its frame of reference; else the one."""
    named = [series for series in own if series.series_uid in label.about_series]
    frames = label.about_frames - {""}
    framed = [series for series in own if series.frame_uid in frames]
    is_about_one = bool(label.about_series - {""} or frames)
    candidates = named or framed if is_about_one else list(own)
    return candidates[0] if len(candidates) == 1 else None


def _refuse_mixed(series: TreeSeries, found: FoundTree) -> BadSource:
    return BadSource(
        name="?",
        origin=_show(series.folder, found),
        sentence=f"a CT series of one patient was expected, found one whose images name "
        f"{len(series.patients)} (by their identifiers, which are not shown here); "
        "export it again.",
    )


def _refuse_orphan(file: TreeFile, name: str, found: FoundTree) -> BadSource:
    is_dose = file.kind is FileKind.DOSE
    what, were = ("a dose", "was") if is_dose else ("contours", "were")
    return BadSource(
        name=name,
        origin=_show(file.path, found),
        sentence=f"{what} of one CT series of the same patient in this folder {were} expected, "
        "found some of none or of several; put the series there, or import the case by a manifest.",
    )


def _show(path: Path, found: FoundTree) -> str:
    """A path as a report names it: from the tree's own folder on."""
    return str(path.relative_to(found.root)) if path != found.root else "."
