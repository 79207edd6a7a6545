"""Case contours: label versions of a case as contours for files, with name, colour and maker."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from han5k_review.exports.contour_files import Contour
from han5k_review.imaging.grid import Grid
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, ModelVersion
from han5k_review.store.vocabulary import LabelSource
from han5k_review.study import read_study_catalogue

ALGORITHMS: Mapping[LabelSource, str] = {
    LabelSource.PSEUDO: "AUTOMATIC",
    LabelSource.PREDICTION: "AUTOMATIC",
    LabelSource.REVISION: "SEMIAUTOMATIC",
}


def read_case_contours(
    session: Session,
    study: Study,
    grid: Grid,
    versions: Mapping[str, LabelVersion],
    *,
    blinded: bool = False,
) -> list[Contour]:
    """Read the masks of structure -> label version, on the case's `grid`, by name.

    `blinded`: nothing in them tells who or what made a contour.
    """
    catalogue = read_study_catalogue(study)
    known = {str(one.name): one for one in catalogue}
    contours = []
    for structure, version in sorted(versions.items()):
        row = known.get(structure)
        contours.append(
            Contour(
                structure=structure,
                mask=study.labels.get_mask(version.mask_sha256, grid),
                **({"colour_rgb": row.color_rgb} if row else {}),
                outside_name=catalogue.get_outside_name(structure) if row else structure,
                algorithm="" if blinded else ALGORITHMS.get(version.source, ""),
                made_by="" if blinded else _describe_maker(session, version),
                version="" if blinded else f"label version {version.id}",
            )
        )
    return contours


def _describe_maker(session: Session, version: LabelVersion) -> str:
    """Where the contour comes from: its kind and model; never a person."""
    if version.model_version_id is None:
        return describe_maker(version)
    return describe_maker(version, session.get_one(ModelVersion, version.model_version_id).name)


def describe_maker(version: LabelVersion, model: str | None = None) -> str:
    """The same sentence when the model's name is known."""
    text = f"HaN5K {version.source.value}"
    return text if model is None else f"{text}, {model}"
