"""Commands that bring corrected contours into a study, and decide on them."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from han5k_review.accounts.readers import get_reader
from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.cli.session import StudyOption, console, open_chosen
from han5k_review.errors import DataError
from han5k_review.imaging.brought_files import read_brought
from han5k_review.importing.confirmed_names import read_clinic_catalogue
from han5k_review.review.corrections import (
    Correction,
    CorrectionPlan,
    plan_corrections,
    take_corrections,
)
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.vocabulary import Decision
from han5k_review.study import ct_of, get_case, read_study_catalogue
from han5k_review.texts.counts import say_count


def register(app: typer.Typer) -> None:
    """Add the commands `revise` and `decide`."""
    app.command("revise")(revise)
    app.command("decide")(decide)


def revise(
    case: Annotated[str, typer.Option(help="Case name.")],
    mask: Annotated[
        Path,
        typer.Option(
            help="Corrected NIfTI, NRRD, MHA, .seg.nrrd, RTSTRUCT, SEG, or a .zip of them."
        ),
    ],
    reader: Annotated[str, typer.Option(help="Account that made the correction.")],
    structure: Annotated[
        str | None,
        typer.Option(help="Structure of a single mask, by name or alias; other files name theirs."),
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Resample a file on another grid (nearest).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change.")] = False,
    study: StudyOption = None,
) -> None:
    """Submit corrected contours as revisions of the pseudo-labels under review."""
    opened = open_chosen(study)
    with reading(opened.engine) as session:
        catalogue = read_clinic_catalogue(session, read_study_catalogue(opened))
        name = _find_structure(catalogue, structure) if structure else None
        row = get_case(session, case)
        session.expunge(row)
        file = read_brought(mask, ct_of(row), catalogue.find_clinic_name, resample=resample)
        plan = plan_corrections(
            session,
            opened.labels,
            catalogue,
            case=row,
            contours=file,
            structure=name,
            notices=file.notices,
        )
        get_reader(session, reader)
    _tell(case, plan)
    if dry_run:
        console.print("dry run: nothing was stored", markup=False)
        return
    with transaction(opened.engine) as session:
        revisions = take_corrections(
            session,
            opened.labels,
            case=row,
            corrections=plan.taken,
            reader=get_reader(session, reader),
            now=utc_now(),
        )
        numbers = [
            (found.id, one.structure) for found, one in zip(revisions, plan.taken, strict=True)
        ]
    for number, taken in numbers:
        console.print(f"revision {number} of {case} {taken} waits for an adjudicator")


def _find_structure(catalogue: Catalogue, text: str) -> str:
    name = catalogue.find_name(text)
    if name is None:
        near = ", ".join(get_close_matches(text, [one.name for one in catalogue])) or "none"
        raise DataError(
            "A structure of the study's table, by name or alias, was expected for --structure, "
            f"found {text!r}; names like it: {near}."
        )
    return name


def _tell(case: str, plan: CorrectionPlan) -> None:
    for notice in plan.notices:
        console.print(f"warning: {notice}", markup=False)
    for one in plan.emptied:
        console.print(
            f"warning: the file empties {one.structure}: {one.before.volume_cc:.2f} cc before, "
            "nothing after",
            markup=False,
        )
    for one in plan.taken:
        if one.doubt is not None:
            console.print(f"warning: {one.doubt}", markup=False, style="red")
    for one in plan.corrections:
        console.print(f"{case} {one.structure}: {_describe(one)}", markup=False)
        for note in one.notes:
            console.print(f"  {note}", markup=False)
    for name in plan.unmatched:
        console.print(f"{name}: not a structure of this case, left out", markup=False)


def _describe(one: Correction) -> str:
    panel = one.panel
    numbers = (
        f"{one.before.volume_cc:.2f} -> {one.after.volume_cc:.2f} cc, VRD {100 * panel.vrd:.1f} %, "
        f"Dice {panel.dice:.3f}, APL {panel.apl_mm:.0f} mm, "
        f"{say_count(one.slices_changed, 'slice')} changed"
    )
    return numbers if one.refusal is None else f"{numbers}; left out: {one.refusal}"


def decide(
    revision: int,
    decision: Annotated[Decision, typer.Option(help="accepted or rejected.")],
    adjudicator: Annotated[str, typer.Option(help="Account that decides.")],
    reason: Annotated[str, typer.Option(help="Needed to reject.")] = "",
    study: StudyOption = None,
) -> None:
    """Accept or reject a submitted revision."""
    with transaction(open_chosen(study).engine) as session:
        decide_revision(
            session,
            revision_id=revision,
            decision=decision,
            reason=reason,
            adjudicator=get_reader(session, adjudicator),
            now=utc_now(),
        )
    console.print(f"revision {revision}: {decision.value}")
