"""The command that brings cases into a study."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.cli.dicom_servers import (
    ServerFilters,
    import_patients,
    list_patients,
    open_server,
)
from han5k_review.cli.import_choices import (
    Contours,
    build_choice,
    refuse_with_server,
    refuse_with_tree,
    refuse_without_tree,
)
from han5k_review.cli.session import StudyOption, actor, console, open_chosen, progress_bar
from han5k_review.errors import ConfigError
from han5k_review.imaging.dicom.roi_masks import FillRule
from han5k_review.importing.confirmed_names import read_clinic_catalogue
from han5k_review.importing.name_list import build_name_rows, write_name_table
from han5k_review.importing.remote_imports import RemoteOrder
from han5k_review.importing.report_files import write_report
from han5k_review.importing.reports import CaseReport, ImportReport
from han5k_review.importing.sources import BadSource, CaseSource, build_source, read_manifest
from han5k_review.importing.structure_set_choice import SetChoice, SetRule
from han5k_review.importing.tree_imports import (
    FoundSources,
    TreeOrder,
    find_tree_sources,
    import_tree,
    is_tree,
    unpacked_order,
)
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice, write_patient_table
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split
from han5k_review.study import read_study_catalogue
from han5k_review.workforce import open_workforce


def register(app: typer.Typer) -> None:
    """Add the command `import`."""
    app.command("import")(import_cases)


def import_cases(
    manifest: Annotated[
        Path | None,
        typer.Argument(
            help="Manifest (CSV, XLSX): case, ct, ...; or a folder tree, DICOMDIR or zip of DICOM."
        ),
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
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Leave CTs where they are; keep path and hashes.")
    ] = False,
    names: Annotated[
        Path | None, typer.Option(help="Write the ROI names of all files here (CSV), to confirm.")
    ] = None,
    contours: Annotated[
        Contours, typer.Option(help="Tree, DICOMweb: what the contours are, pseudo or reference.")
    ] = Contours.PSEUDO,
    case_names: Annotated[
        CaseNaming,
        typer.Option(help="Tree, DICOMweb: pseudonym, or patient-id where that is one already."),
    ] = CaseNaming.PSEUDONYM,
    structure_sets: Annotated[
        SetRule, typer.Option(help="Tree, DICOMweb: which of several structure sets of a CT.")
    ] = SetRule.ONE,
    rtstruct_label: Annotated[
        str, typer.Option(help="Tree, DICOMweb: only sets whose label or series holds this.")
    ] = "",
    reference_label: Annotated[
        str, typer.Option(help="Tree, DICOMweb: sets whose label holds this are references.")
    ] = "",
    doses: Annotated[
        bool, typer.Option(help="Tree, DICOMweb: keep the planned dose of each CT.")
    ] = True,
    who: Annotated[
        Path | None,
        typer.Option(help="Tree, DICOMweb: write case and patient here (CSV), for the hospital."),
    ] = None,
    dicomweb: Annotated[
        str | None,
        typer.Option(help="Import from this DICOMweb server (setting: HAN5K_DICOMWEB_URL)."),
    ] = None,
    patient_id: Annotated[
        str, typer.Option(help="DICOMweb: only this patient, as the server calls them.")
    ] = "",
    study_uid: Annotated[str, typer.Option(help="DICOMweb: only this study, by its UID.")] = "",
    spool: Annotated[
        Path | None, typer.Option(help="DICOMweb, zip: folder for the files on their way.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the report here: <name>.html and <name>.csv.")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    dask: Annotated[
        str | None, typer.Option(help="Read on this Dask cluster (it must see the same folders).")
    ] = None,
    study: StudyOption = None,
) -> None:
    """Import cases: one by options, or many by a manifest or tree. Again changes nothing."""
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
    with reading(opened.engine) as session:
        catalogue = read_clinic_catalogue(session, read_study_catalogue(opened))
    sets = SetChoice(rule=structure_sets, label=rtstruct_label, reference_label=reference_label)
    choice = build_choice(contours, case_names, split, sets, doses=doses, in_place=in_place)
    if dicomweb is not None:
        refuse_with_server(manifest, cells, in_place=in_place)
        wanted = RemoteOrder(server=open_server(dicomweb), choice=choice, spool=spool, deep=deep)
        filters = ServerFilters(patient=patient_id, study_uid=study_uid)
        patients = list_patients(opened, wanted, filters, who)
        if not dry_run:
            done = import_patients(opened, catalogue, patients, wanted, processes)
            _print(done, catalogue, (), names=names, report=report)
        return
    # One case takes seconds; what only its voxels tell is worth them.
    reads_voxels = deep or (dry_run and manifest is None)
    order = TreeOrder(root=manifest or Path(), choice=choice, dry_run=dry_run, deep=reads_voxels)
    workers = processes or get_settings().processes
    given = _find_given(opened, manifest, cells, choice)
    workers = min(workers, len(given.sources.sources)) if given else workers
    unpacking = nullcontext(order) if given else unpacked_order(order, spool)
    with open_workforce(workers, dask) as workforce, unpacking as order:
        found, done = _import(opened, catalogue, order, given, workforce.executor)
    if who is not None:
        write_patient_table(who, found.sources)
        console.print(f"{who}: who is behind each case; keep it in the hospital.")
    _print(done, catalogue, found.notices, names=names, report=report)


def _find_given(
    study: Study, manifest: Path | None, cells: dict[str, str | None], choice: TreeChoice
) -> FoundSources | None:
    """The sources of options or of a manifest; None where a tree is to be searched."""
    if manifest is not None and is_tree(manifest):
        refuse_with_tree(cells)
        return None
    return FoundSources.of(_sources(study, manifest, cells, choice))


def _import(
    study: Study,
    catalogue: Catalogue,
    order: TreeOrder,
    given: FoundSources | None,
    executor: Executor | None,
) -> tuple[FoundSources, ImportReport]:
    """What was given, or is found in the tree, and what became of it; with a bar."""
    with progress_bar() as bar:
        found = given or find_tree_sources(study, order, executor=executor, told=_tell_files(bar))
        done = import_tree(
            study,
            catalogue,
            found,
            order,
            actor=actor(),
            now=utc_now,
            executor=executor,
            progress=_tell_cases(bar, len(found.sources.sources)),
        )
    return found, done


def _tell_files(bar: Progress) -> Callable[[int], None]:
    task = bar.add_task("searching", total=None)
    return lambda files: bar.update(task, completed=files)


def _tell_cases(bar: Progress, total: int) -> Callable[[CaseReport, int, int], None]:
    task = bar.add_task("reading", total=total)
    return lambda _case, done, _total: bar.update(task, completed=done)


def _print(
    done: ImportReport,
    catalogue: Catalogue,
    notices: tuple[str, ...],
    *,
    names: Path | None,
    report: Path | None,
) -> None:
    """Every case, the names of a dry run, then the whole; leaves with the report's exit code."""
    for found in done.cases:
        console.print(found.sentence, markup=False)
    rows = build_name_rows((name for case in done.cases for name in case.names), catalogue)
    for row in rows if done.dry_run else ():
        console.print(f"ROI name {row.sentence}", markup=False)
    for notice in notices:
        console.print(notice, markup=False)
    if names is not None:
        write_name_table(names, rows)
        console.print(f"{names}: {len(rows)} ROI names; fill in structures, then `han5k names`.")
    if report is not None:
        page, table = write_report(report, done, rows, notices)
        console.print(f"report: {page} and {table}", markup=False)
    console.print(done.sentence, markup=False)
    if done.exit_code:
        raise typer.Exit(done.exit_code)


def _sources(
    study: Study, manifest: Path | None, cells: dict[str, str | None], choice: TreeChoice
) -> tuple[CaseSource | BadSource, ...]:
    refuse_without_tree(choice.sets)
    return tuple(
        replace(one, in_place=choice.in_place) if isinstance(one, CaseSource) else one
        for one in _read_sources(study, manifest, cells)
    )


def _read_sources(
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
        raise ConfigError("A manifest, or at least --ct, was expected; see `han5k import --help`.")
    return (build_source(cells, folder=Path(), study=study, origin="command line"),)
