"""Case doses: the planned dose of a source, read with its case and kept beside its CT."""

from __future__ import annotations

from han5k_review.imaging.ct_files import CtReading
from han5k_review.imaging.dicom.doses import DoseReading, read_dose
from han5k_review.importing.case_contents import ReadDose
from han5k_review.importing.sources import CaseSource
from han5k_review.store.dose_files import DoseFiles


def read_case_dose(
    source: CaseSource, ct: CtReading | None, warnings: list[str], channels: list[str]
) -> DoseReading | None:
    """The dose of the source, if it has one; what is to be said of it joins the two lists."""
    if source.dose is None:
        return None
    dose = read_dose(source.dose, ct.frame_uid if ct else "")
    warnings += [f"dose: {notice}" for notice in dose.notices]
    channels.append(f"planned dose of up to {dose.volume.gy.max():.2f} Gy")
    return dose


def keep_dose(doses: DoseFiles, image_sha256: str, dose: DoseReading, *, write: bool) -> ReadDose:
    """What comes of a dose; the import keeps it (`write`), the newest again changes nothing."""
    before = doses.find_newest(image_sha256)
    sha256 = doses.put_dose(image_sha256, dose.volume) if write else ""
    is_new = write and doses.find_newest(image_sha256) != before
    return ReadDose(sha256=sha256, is_new=is_new)
