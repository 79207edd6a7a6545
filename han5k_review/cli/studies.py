"""Commands that make and check a study."""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import func, select

from han5k_review.accounts.readers import add_reader, find_reader
from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.cli.session import (
    StudyOption,
    actor,
    console,
    open_chosen,
    progress_bar,
    study_folder,
)
from han5k_review.demo.dicom_files import write_dicom_entry, write_dicom_manifest
from han5k_review.demo.study import (
    DEMO_CASES,
    DEMO_REFERENCES,
    DEMO_SEED,
    iterate_demo_cases,
)
from han5k_review.errors import Han5kError, RuleError
from han5k_review.importing.made_cases import MadeCase, store_case
from han5k_review.importing.study import create_study, default_tables, target_table
from han5k_review.review.assigning import assign_cases
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import Role
from han5k_review.study import list_cases, read_study_catalogue
from han5k_review.workforce import open_executor

DEMO_PASSWORD = "han5k-demo"
# Two who read and two who may decide, so that each one's own work has a second person.
DEMO_ACCOUNTS = (
    ("anna", Role.READER),
    ("ben", Role.READER),
    ("ada", Role.ADJUDICATOR),
    ("lead", Role.LEAD),
)
_DONE = "demo-complete"


def register(app: typer.Typer) -> None:
    """Add the commands `init`, `demo` and `doctor`."""
    app.command("init")(init)
    app.command("demo")(demo)
    app.command("doctor")(doctor)


def init(
    name: Annotated[str, typer.Option(help="What the study is called.")] = "HaN5K review",
    structures: Annotated[
        list[Path] | None, typer.Option(help="Structure table instead of the project's own.")
    ] = None,
    add_structures: Annotated[
        list[Path] | None, typer.Option(help="CSV with further structures; repeatable.")
    ] = None,
    targets: Annotated[
        bool, typer.Option("--targets", help="Take GTV, CTV and PTV as further structures.")
    ] = False,
    scales: Annotated[Path | None, typer.Option(help="Grading scales (CSV).")] = None,
    scale: Annotated[str, typer.Option(help="The scale this study grades by.")] = "han5k-3",
    windows: Annotated[Path | None, typer.Option(help="CT windows (CSV).")] = None,
    label_map: Annotated[
        list[Path] | None, typer.Option(help="Further label maps (CSV); repeatable.")
    ] = None,
    protocol_version: Annotated[str, typer.Option(help="Version of the protocol.")] = "1",
    study: StudyOption = None,
) -> None:
    """Make an empty study with its own copies of the tables."""
    opened = create_study(
        study_folder(study),
        name,
        now_utc=utc_now(),
        structures=structures or (),
        add_structures=[*(add_structures or ()), *([target_table()] if targets else [])],
        scales=scales,
        windows=windows,
        label_maps=label_map or (),
        scale=scale,
        protocol_version=protocol_version,
        database_url=get_settings().database_url,
    )
    catalogue = read_study_catalogue(opened)
    console.print(f"{opened.root}: {name}, {len(catalogue)} structures, scale {scale}")


def demo(
    cases: Annotated[int, typer.Option(min=2, max=50, help="How many synthetic CTs.")] = DEMO_CASES,
    seed: Annotated[int, typer.Option(help="The same seed makes the same study.")] = DEMO_SEED,
    dicom: Annotated[
        Path | None,
        typer.Option(help="No study: write the patients here as DICOM, to import them."),
    ] = None,
    study: StudyOption = None,
) -> None:
    """Build a synthetic study: CTs, pseudo-labels with errors, references, four accounts."""
    if dicom is not None:
        _write_dicom(dicom, cases, seed)
        return
    folder = study_folder(study)
    opened = create_study(
        folder,
        "Synthetic demo",
        now_utc=utc_now(),
        protocol_version="demo",
        database_url=get_settings().database_url,
    )
    _add_demo_cases(opened, cases, seed)
    _add_demo_people(opened)
    with reading(opened.engine) as session:
        stored = session.exec(select(func.count()).select_from(Case)).one()
        labels = session.exec(select(func.count()).select_from(LabelVersion)).one()
    names = ", ".join(name for name, _ in DEMO_ACCOUNTS)
    text = f"Demo accounts: {names}; the password of each is {DEMO_PASSWORD}."
    write_atomically(folder / _DONE, f"{text}\n".encode())
    console.print(f"{stored} cases, {labels} contours in {folder}")
    console.print(text)


def _add_demo_cases(study: Study, cases: int, seed: int) -> None:
    catalogue = read_study_catalogue(study)
    with progress_bar() as bar, open_executor(get_settings().processes) as executor:
        task = bar.add_task("building synthetic cases", total=cases)
        for made in iterate_demo_cases(
            catalogue,
            cases=cases,
            references_for=min(DEMO_REFERENCES, cases),
            seed=seed,
            executor=executor,
        ):
            store_case(
                study,
                MadeCase(
                    name=made.name,
                    patient=made.patient,
                    split=made.split,
                    volume=made.ct,
                    pseudo=made.pseudo,
                    reference=made.reference,
                    origin="han5k demo",
                ),
                actor=actor(),
                now=utc_now(),
            )
            bar.advance(task)


def _write_dicom(folder: Path, cases: int, seed: int) -> None:
    catalogue = read_catalogue(default_tables() / "structures.csv")
    rows = []
    with progress_bar() as bar, open_executor(get_settings().processes) as executor:
        task = bar.add_task("writing synthetic patients", total=cases)
        made = iterate_demo_cases(
            catalogue,
            cases=cases,
            references_for=min(DEMO_REFERENCES, cases),
            seed=seed,
            executor=executor,
        )
        for number, entry in enumerate(made):
            rows.append(write_dicom_entry(folder, entry, catalogue, number))
            bar.advance(task)
    manifest = write_dicom_manifest(folder, rows)
    console.print(f"{cases} patients as DICOM; next: han5k import {manifest} --dry-run")


def _add_demo_people(study: Study) -> None:
    for name, role in DEMO_ACCOUNTS:
        with transaction(study.engine) as session:
            reader = find_reader(session, name) or add_reader(
                session,
                name=name,
                password=DEMO_PASSWORD,
                role=role,
                actor=actor(),
                now=utc_now(),
            )
            if role is not Role.ADJUDICATOR:
                rows = list_cases(session)
                assign_cases(session, reader=reader, cases=rows, actor=actor(), now=utc_now())


def doctor(study: StudyOption = None) -> None:
    """Check this machine and, if there is one, the study: disk, tables, files, database."""
    problems = 0
    folder = study_folder(study)
    base = folder if folder.exists() else Path(tempfile.gettempdir())
    free_gb = shutil.disk_usage(base).free / 1e9
    console.print(f"Python {platform.python_version()}, {free_gb:.0f} GB free beside {base}")
    try:
        opened = open_chosen(study)
        console.print(f"study {opened.root}: {len(read_study_catalogue(opened))} structures")
        problems += _check_files(opened)
    except Han5kError as error:
        console.print(f"problem: {error}", style="red")
        problems += 1
    if problems:
        raise RuleError(f"{problems} problems were found; mend them in the order shown.")
    console.print("no problem found")


def _check_files(study: Study) -> int:
    """Count stored masks and volumes whose file is missing."""
    missing = 0
    with reading(study.engine) as session:
        images = session.exec(select(Case.name, Case.image_sha256)).all()
        masks = session.exec(select(LabelVersion.id, LabelVersion.mask_sha256)).all()
    for name, sha256 in images:
        if not (study.volumes.path(sha256) / "index.json").is_file():
            console.print(f"problem: the CT of {name} is missing: {sha256}", style="red")
            missing += 1
    for number, sha256 in masks:
        if not study.labels.path(sha256).is_file():
            console.print(f"problem: the mask of label version {number} is missing", style="red")
            missing += 1
    console.print(f"{len(images)} CTs and {len(masks)} contours looked for, {missing} missing")
    return missing
