"""Case contours: label versions of a case as contours for files, with name, colour and maker."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from han5k_review.exports.contour_files import Contour, Maker
from han5k_review.imaging.grid import Grid
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, ModelVersion
from han5k_review.store.vocabulary import LabelSource
from han5k_review.study import read_study_catalogue

_ALGORITHMS = {
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
                maker=Maker() if blinded else build_maker(version, _find_model(session, version)),
            )
        )
    return contours


def build_maker(version: LabelVersion, model: str | None = None) -> Maker:
    """What made a contour, never a person: the algorithm of the SEG that it was imported from.

    Else its kind in this study, with the name of its model, and the number of the label version.
    """
    kind = version.algorithm_kind or _ALGORITHMS.get(version.source, "")
    if version.algorithm_name:
        return Maker(kind=kind, name=version.algorithm_name, version=version.algorithm_version)
    text = f"HaN5K {version.source.value}"
    return Maker(
        kind=kind,
        name=text if model is None else f"{text}, {model}",
        version=f"label version {version.id}",
    )


def _find_model(session: Session, version: LabelVersion) -> str | None:
    if version.model_version_id is None:
        return None
    return session.get_one(ModelVersion, version.model_version_id).name
