"""Commands that bring cases and corrected contours into a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import select

from han5k_review.accounts.readers import get_reader
from han5k_review.cli.session import StudyOption, actor, console, open_chosen, progress_bar
from han5k_review.errors import ConfigError, DataError, RuleError
from han5k_review.evaluation.executors import open_executor
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.label_images import read_mask
from han5k_review.importing.imports import plan_import, run_import
from han5k_review.importing.reports import CaseReport
from han5k_review.importing.sources import BadSource, CaseSource, build_source, read_manifest
from han5k_review.importing.study import read_study_catalogue
from han5k_review.review.labels import list_under_review
from han5k_review.review.revising import decide_revision, submit_revision
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Decision, Split


def register(app: typer.Typer) -> None:
    """Add the commands `import`, `revise` and `decide`."""
    app.command("import")(import_cases)
    app.command("revise")(revise)
    app.command("decide")(decide)


def import_cases(
    manifest: Annotated[
        Path | None, typer.Argument(help="Manifest CSV: case, patient, split, ct, labels, ...")
    ] = None,
    ct: Annotated[Path | None, typer.Option(help="CT: NIfTI, NRRD or MHA.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Pseudo-labels: a label map, a folder of masks, 4-D MHA.")
    ] = None,
    reference: Annotated[Path | None, typer.Option(help="References, as --labels.")] = None,
    label_map: Annotated[
        str | None, typer.Option(help="CSV of structure and values, or one of the study's own.")
    ] = None,
    reference_label_map: Annotated[
        str | None, typer.Option(help="For the references; else --label-map.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="Pseudonym; else the CT's file name.")] = None,
    patient: Annotated[str | None, typer.Option(help="Patient pseudonym; else the case.")] = None,
    split: Annotated[Split | None, typer.Option(help="train or held_out, by patient.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen.")] = False,
    processes: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    study: StudyOption = None,
) -> None:
    """Import cases: one by options, or many by a manifest. Importing again changes nothing."""
    opened = open_chosen(study)
    cells = {
        "case": case,
        "patient": patient,
        "split": split.value if split else None,
        "ct": str(ct) if ct else None,
        "labels": str(labels) if labels else None,
        "reference": str(reference) if reference else None,
        "label_map": label_map,
        "reference_label_map": reference_label_map,
    }
    sources = _sources(opened, manifest, cells)
    catalogue = read_study_catalogue(opened)
    workers = min(processes or get_settings().processes, len(sources))
    with progress_bar() as bar, open_executor(workers) as executor:
        task = bar.add_task("reading", total=len(sources))

        def show(_case: CaseReport, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if dry_run:
            report = plan_import(opened, catalogue, sources, executor=executor, progress=show)
        else:
            report = run_import(
                opened,
                catalogue,
                sources,
                actor=actor(),
                now=utc_now,
                executor=executor,
                progress=show,
            )
    for found in report.cases:
        console.print(found.sentence, markup=False)
    console.print(report.sentence, markup=False)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _sources(
    study: Study, manifest: Path | None, cells: dict[str, str | None]
) -> tuple[CaseSource | BadSource, ...]:
    given = [name for name, cell in cells.items() if cell]
    if manifest is not None:
        if given:
            raise ConfigError(
                f"Either a manifest or --{given[0].replace('_', '-')} was expected, found both."
            )
        return read_manifest(manifest, study)
    if not given:
        raise ConfigError("A manifest CSV, or at least --ct, was expected; see `han5k import -h`.")
    return (build_source(cells, folder=Path(), study=study, origin="command line"),)


def revise(
    case: Annotated[str, typer.Option(help="Case name.")],
    structure: Annotated[str, typer.Option(help="Structure of the study's table.")],
    mask: Annotated[Path, typer.Option(help="Corrected mask on the CT's grid.")],
    reader: Annotated[str, typer.Option(help="Account that made the correction.")],
    study: StudyOption = None,
) -> None:
    """Submit a corrected contour as a revision of the pseudo-label under review."""
    opened = open_chosen(study)
    name = read_study_catalogue(opened).get_structure(structure).name
    with reading(opened.engine) as session:
        row = session.exec(select(Case).where(Case.name == case)).one_or_none()
        if row is None or row.id is None:
            raise DataError(f"A case of the study was expected, found {case!r}.")
        present = list_under_review(session, row.id).get(name)
        session.expunge(row)
    if present is None:
        raise RuleError(f"{case}: {name} has no pseudo-label under review to revise.")
    grid = Grid.from_rows(row.shape_ijk, row.affine_ras)
    before = opened.labels.get_mask(present.mask_sha256, grid)
    after = read_mask(mask, grid)
    with transaction(opened.engine) as session:
        revision = submit_revision(
            session,
            opened.labels,
            case=row,
            structure=name,
            before=before,
            after=after,
            reader=get_reader(session, reader),
            now=utc_now(),
        )
        console.print(
            f"revision {revision.id} of {case} {name}: VRD {100 * (revision.vrd or 0):.1f} %, "
            "waits for an adjudicator"
        )


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
