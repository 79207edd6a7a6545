"""Remote patients: what a DICOMweb server lists, patient by patient, under the study's pseudonyms.

What the server calls a patient is never stored: the pseudonym is made with a key of the study, as
for a folder tree, so that a patient has one name whichever road they come by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from han5k_review.imaging.dicom.web_server import RemoteSeries
from han5k_review.importing.tree_sources import TreeChoice, open_namer
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit
from han5k_review.texts.counts import choose_form, say_count

AUDIT_ACTION = "retrieve patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePatient:
    """The CT series of a patient, and their contours.

    `identifier` is what the server calls the patient: for the hospital alone. `listed` is a hash of
    all that it says of them; when it is another, something changed there.
    """

    pseudonym: str
    identifier: str
    series: tuple[RemoteSeries, ...]
    listed: str

    @property
    def sentence(self) -> str:
        """The patient in one line, before anything of them was retrieved."""
        images = [one for one in self.series if one.modality == "CT"]
        numbers = [one.instances for one in images]
        counts = ", ".join(str(number or "unknown") for number in numbers)
        word = choose_form(numbers[0] or 0, "image", "images") if len(numbers) == 1 else "images"
        found = say_count(len(images), "CT series", "CT series")
        drawn = say_count(sum(one.holds_contours for one in self.series), "series", "series")
        doses = sum(one.modality == "RTDOSE" for one in self.series)
        planned = f", {say_count(doses, 'series', 'series')} of doses" if doses else ""
        return f"{self.pseudonym}: {found} ({counts} {word}), {drawn} of contours{planned}"


def build_remote_patients(
    series: Iterable[RemoteSeries], study: Study, choice: TreeChoice
) -> tuple[RemotePatient, ...]:
    """The patients with a CT series, by their identifiers at the server."""
    namer = open_namer(study, choice)
    by_patient: dict[str, list[RemoteSeries]] = {}
    for one in series:
        with_doses = choice.doses and one.holds_doses
        if one.modality == "CT" or one.holds_contours or with_doses:
            by_patient.setdefault(one.patient, []).append(one)
    return tuple(
        RemotePatient(
            pseudonym=f"P-{namer.hash(identifier)}",
            identifier=identifier,
            series=tuple(own),
            listed=namer.hash(repr([(one.series_uid, one.instances, one.objects) for one in own])),
        )
        for identifier, own in sorted(by_patient.items())
        if any(one.modality == "CT" for one in own)
    )


def is_retrieved(session: Session, patient: RemotePatient) -> bool:
    """Whether the patient was imported from what the server lists now."""
    last = session.exec(
        select(Audit)
        .where(Audit.action == AUDIT_ACTION, Audit.subject == f"patient {patient.pseudonym}")
        .order_by(col(Audit.id).desc())
    ).first()
    return last is not None and last.detail.get("listed") == patient.listed
