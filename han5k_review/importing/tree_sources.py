"""Tree sources: the CT series and contours that were found in a folder tree -> cases to import.

A case is named by a pseudonym of the patient, made with a key of the study, or by the patient's
identifier where that is a pseudonym already. What cannot be told is refused in one sentence.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from han5k_review.accounts.study_key import read_or_create_key
from han5k_review.imaging.dicom.tree_files import TreeFile
from han5k_review.imaging.dicom.trees import FoundTree, TreeSeries
from han5k_review.importing.sources import BadSource, CaseSource, Source, is_case_name
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import LabelSource, Split
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
    """How a tree becomes cases: what its contours are, how cases are named, the split of all."""

    contours: LabelSource = LabelSource.PSEUDO
    naming: CaseNaming = CaseNaming.PSEUDONYM
    split: Split | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSources:
    """The sources of a tree, and who is behind each case: for the hospital alone."""

    sources: tuple[Source, ...]
    patients: Mapping[str, str]


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
    contours: dict[str, list[TreeFile]] = {}
    for label in found.labels:
        contours.setdefault(label.patient, []).append(label)
    patients: dict[str, str] = {}
    for patient, own in sorted(by_patient.items()):
        labels = contours.pop(patient, [])
        for source in _build_patient(patient, own, labels, found, namer):
            sources.append(source)
            patients[source.name] = patient
    for orphans in contours.values():
        sources += [_refuse_orphan(label, "?", found) for label in orphans]
    sources += [
        BadSource(name="?", origin=_show(file.path, found), sentence=file.word)
        for file in found.damaged
    ]
    return TreeSources(sources=tuple(sources), patients=patients)


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


def _build_patient(
    patient: str,
    own: Sequence[TreeSeries],
    labels: Sequence[TreeFile],
    found: FoundTree,
    namer: PatientNamer,
) -> Iterator[Source]:
    name = namer.name(patient)
    if not name:
        yield BadSource(
            name="?",
            origin=_show(own[0].folder, found),
            sentence="a patient identifier of letters, digits, space, '.', '_' or '-' was expected "
            "to name the case by, found another (not shown here); name cases by pseudonym.",
        )
        return
    drawn: dict[str, list[TreeFile]] = {}
    for label in labels:
        target = _find_series(label, own)
        if target is None:
            yield _refuse_orphan(label, name, found)
        else:
            drawn.setdefault(target.series_uid, []).append(label)
    chosen = [series for series in own if series.series_uid in drawn] or list(own)
    for series in chosen:
        several = len(chosen) > 1
        yield _build_source(
            series,
            drawn.get(series.series_uid, []),
            name=f"{name}-{namer.hash(series.series_uid)[:_SHOWN]}" if several else name,
            patient=name,
            left=len(own) - len(chosen),
            found=found,
            choice=namer.choice,
        )


def _find_series(label: TreeFile, own: Sequence[TreeSeries]) -> TreeSeries | None:
    """The series a file of contours names; else the one in its frame of reference; else the one."""
    named = [series for series in own if series.series_uid in label.about_series]
    frames = label.about_frames - {""}
    framed = [series for series in own if series.frame_uid in frames]
    is_about_one = bool(label.about_series - {""} or frames)
    candidates = named or framed if is_about_one else list(own)
    return candidates[0] if len(candidates) == 1 else None


def _build_source(
    series: TreeSeries,
    labels: Sequence[TreeFile],
    *,
    name: str,
    patient: str,
    left: int,
    found: FoundTree,
    choice: TreeChoice,
) -> Source:
    origin = _show(series.folder, found)
    if len(labels) > 1:
        files = ", ".join(_show(label.path, found) for label in labels[:_SHOWN])
        return BadSource(
            name=name,
            origin=origin,
            sentence=f"one file of contours of this CT was expected, found {len(labels)} "
            f"({files}); import the case by a manifest that names one, or move the others away.",
        )
    notices = []
    if series.copies:
        notices.append(f"{series.copies} files are copies of images of the same series; left out")
    if left:
        notices.append(f"{left} other CT series of the patient have no contours; left out")
    contours = labels[0].path if labels else None
    is_pseudo = choice.contours is LabelSource.PSEUDO
    return CaseSource(
        name=name,
        patient=patient,
        split=choice.split,
        ct=series.folder,
        labels=contours if is_pseudo else None,
        reference=None if is_pseudo else contours,
        label_map=None,
        reference_label_map=None,
        origin=origin,
        notices=tuple(notices),
        ct_files=series.files,
        ct_shape=series.shape,
    )


def _refuse_mixed(series: TreeSeries, found: FoundTree) -> BadSource:
    return BadSource(
        name="?",
        origin=_show(series.folder, found),
        sentence=f"a CT series of one patient was expected, found one whose images name "
        f"{len(series.patients)} (by their identifiers, which are not shown here); "
        "export it again.",
    )


def _refuse_orphan(label: TreeFile, name: str, found: FoundTree) -> BadSource:
    return BadSource(
        name=name,
        origin=_show(label.path, found),
        sentence="contours of one CT series of the same patient in this folder were expected, "
        "found some of none or of several; put the series there, or import the case by a manifest.",
    )


def _show(path: Path, found: FoundTree) -> str:
    """A path as a report names it: from the tree's own folder on."""
    return str(path.relative_to(found.root)) if path != found.root else "."
