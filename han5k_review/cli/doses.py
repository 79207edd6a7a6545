"""The command that puts a planned dose beside the CT of a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.imaging.dicom.doses import read_dose
from han5k_review.imaging.dicom.references import build_series_reference
from han5k_review.imaging.dicom.series import read_series_outline
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.study import get_case, grid_of


def register(app: typer.Typer) -> None:
    """Add the command `dose`."""
    app.command("dose")(dose)


def dose(
    case: Annotated[str, typer.Argument(help="Case name.")],
    file: Annotated[Path, typer.Argument(help="RTDOSE.")],
    series: Annotated[
        Path | None,
        typer.Option(help="Folder of the CT's DICOM series, whose frame the dose must have."),
    ] = None,
    prescription: Annotated[
        float | None,
        typer.Option(min=0.01, max=200, help="Prescribed dose in Gy, for levels in % of it."),
    ] = None,
    study: StudyOption = None,
) -> None:
    """Keep a planned dose (RTDOSE) beside the CT of a case, for its DVH and the viewer."""
    opened = open_chosen(study)
    with reading(opened.engine) as session:
        row = get_case(session, case)
        grid = grid_of(row)
        image_sha256, name = row.image_sha256, row.name
    frame_uid = ""
    if series is not None:
        frame_uid = build_series_reference(read_series_outline(series), grid).frame_uid
    found = read_dose(file, frame_uid)
    volume = replace(found.volume, prescription_gy=prescription)
    sha256 = opened.doses.put_dose(image_sha256, volume)
    with transaction(opened.engine) as session:
        add_audit(
            session,
            at_utc=utc_now(),
            actor=actor(),
            action="dose",
            subject=f"case {name}",
            sha256=sha256,
            notices=list(found.notices),
        )
    for notice in found.notices:
        console.print(f"warning: {notice}", markup=False)
    highest = float(found.volume.gy.max())
    console.print(f"{name}: dose of up to {highest:.2f} Gy on {found.volume.grid.describe()}")
