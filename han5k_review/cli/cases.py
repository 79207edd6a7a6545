"""The command that brings cases into a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.cli.session import StudyOption, actor, console, open_chosen, progress_bar
from han5k_review.errors import ConfigError
from han5k_review.imaging.dicom.roi_masks import FillRule
from han5k_review.importing.confirmed_names import read_clinic_catalogue
from han5k_review.importing.imports import plan_import, run_import
from han5k_review.importing.name_list import build_name_rows, write_name_table
from han5k_review.importing.reports import CaseReport, ImportReport
from han5k_review.importing.sources import BadSource, CaseSource, build_source, read_manifest
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split
from han5k_review.study import read_study_catalogue
from han5k_review.workforce import open_executor


def register(app: typer.Typer) -> None:
    """Add the command `import`."""
    app.command("import")(import_cases)


def import_cases(
    manifest: Annotated[
        Path | None, typer.Argument(help="Manifest (CSV, XLSX): case, patient, split, ct, ...")
    ] = None,
    ct: Annotated[
        Path | None, typer.Option(help="CT: NIfTI, NRRD, MHA, or a DICOM folder.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Pseudo-labels: label map, masks, 4-D MHA, RTSTRUCT or SEG (auto: beside --ct)."
        ),
    ] = None,
    reference: Annotated[Path | None, typer.Option(help="References, as --labels.")] = None,
    label_map: Annotated[
        str | None, typer.Option(help="CSV of structure and values, or one of the study's own.")
    ] = None,
    reference_label_map: Annotated[
        str | None, typer.Option(help="For the references; else --label-map.")
    ] = None,
    fill: Annotated[
        FillRule | None, typer.Option(help="RTSTRUCT: what contours within one another mean.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="Pseudonym; else the CT's file name.")] = None,
    patient: Annotated[str | None, typer.Option(help="Patient pseudonym; else the case.")] = None,
    split: Annotated[Split | None, typer.Option(help="train or held_out, by patient.")] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would happen; of a manifest, from headers."),
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Dry run: voxels too. Import: hash unchanged files too.")
    ] = False,
    names: Annotated[
        Path | None, typer.Option(help="Write the ROI names of all files here (CSV), to confirm.")
    ] = None,
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
        "fill": fill,
    }
    sources = _sources(opened, manifest, cells)
    with reading(opened.engine) as session:
        catalogue = read_clinic_catalogue(session, read_study_catalogue(opened))
    workers = min(processes or get_settings().processes, len(sources))
    with progress_bar() as bar, open_executor(workers) as executor:
        task = bar.add_task("reading", total=len(sources))

        def show(_case: CaseReport, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if dry_run:
            # One case takes seconds; what only its voxels tell is worth them.
            reads_voxels = deep or manifest is None
            report = plan_import(
                opened, catalogue, sources, deep=reads_voxels, executor=executor, progress=show
            )
        else:
            report = run_import(
                opened,
                catalogue,
                sources,
                actor=actor(),
                now=utc_now,
                deep=deep,
                executor=executor,
                progress=show,
            )
    _print(report, catalogue, names)


def _print(report: ImportReport, catalogue: Catalogue, table: Path | None) -> None:
    """Every case, the names of a dry run, then the whole; leaves with the report's exit code."""
    for found in report.cases:
        console.print(found.sentence, markup=False)
    rows = build_name_rows((name for case in report.cases for name in case.names), catalogue)
    for row in rows if report.dry_run else ():
        console.print(f"ROI name {row.sentence}", markup=False)
    if table is not None:
        write_name_table(table, rows)
        console.print(f"{table}: {len(rows)} ROI names; fill in structures, then `han5k names`.")
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
        raise ConfigError("A manifest, or at least --ct, was expected; see `han5k import -h`.")
    return (build_source(cells, folder=Path(), study=study, origin="command line"),)
