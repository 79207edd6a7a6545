"""The command that makes the demo study: as it is after five weeks, or with nothing read yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import func, select

from han5k_review.accounts.readers import add_reader, find_reader
from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.cli.demo_calendar import Calendar
from han5k_review.cli.demo_life import add_life, check_new
from han5k_review.cli.demo_review import (
    DEMO_ACCOUNTS,
    REDRAWN,
    REVISED,
    Truth,
    add_revisions,
    find_model_folder,
    predict_with_model,
)
from han5k_review.cli.session import StudyOption, actor, console, progress_bar, study_folder
from han5k_review.demo.dicom_files import write_dicom_entry, write_dicom_manifest
from han5k_review.demo.study import (
    DEMO_CASES,
    DEMO_REFERENCES,
    DEMO_SEED,
    DemoEntry,
    iterate_demo_cases,
)
from han5k_review.importing.made_cases import MadeCase, store_case
from han5k_review.importing.study import create_study, default_tables
from han5k_review.retraining.models.shipped_model import read_shipped_model
from han5k_review.review.assigning import assign_cases
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import Role, Split
from han5k_review.study import (
    list_cases,
    read_study_catalogue,
)
from han5k_review.texts.counts import say_count
from han5k_review.workforce import open_executor

DEMO_PASSWORD = "han5k-demo"
_DONE = "demo-complete"


def register(app: typer.Typer) -> None:
    """Add the command `demo`."""
    app.command("demo")(demo)


def demo(
    cases: Annotated[int, typer.Option(min=2, max=50, help="How many synthetic CTs.")] = DEMO_CASES,
    seed: Annotated[int, typer.Option(help="The same seed makes the same study.")] = DEMO_SEED,
    dicom: Annotated[
        Path | None,
        typer.Option(help="No study: write the patients here as DICOM, to import them."),
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Nothing is read yet: no protocol, reads, runs.")
    ] = False,
    study: StudyOption = None,
) -> None:
    """Build a synthetic study that is at work: CTs, a model, grades, revisions, numbers, a run."""
    if dicom is not None:
        _write_dicom(dicom, cases, seed)
        return
    folder = study_folder(study)
    calendar = Calendar(end=utc_now(), is_empty=empty)
    opened = create_study(
        folder,
        "Synthetic demo",
        now_utc=calendar.begin,
        protocol_version="demo",
        database_url=get_settings().database_url,
        actor=actor(),
    )
    if not empty:
        check_new(opened)
    truth = _add_cases(opened, cases, seed, calendar)
    _add_people(opened, calendar)
    predict_with_model(opened, calendar.tell_prediction)
    if empty:
        add_revisions(opened, truth)
    else:
        add_life(opened, truth, calendar, seed)
    with reading(opened.engine) as session:
        stored = session.exec(select(func.count()).select_from(Case)).one()
        labels = session.exec(select(func.count()).select_from(LabelVersion)).one()
    names = ", ".join(name for name, _ in DEMO_ACCOUNTS)
    text = f"Demo accounts: {names}; the password of each is {DEMO_PASSWORD}."
    write_atomically(folder / _DONE, f"{text}\n".encode())
    console.print(f"{say_count(stored, 'case')}, {say_count(labels, 'contour')} in {folder}")
    console.print(text)


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
    console.print(
        f"{say_count(cases, 'patient')} as DICOM; next: han5k import {manifest} --dry-run"
    )


def _add_cases(study: Study, cases: int, seed: int, calendar: Calendar) -> Truth:
    """Store the cases; what the model predicts has no pseudo-label of another origin."""
    catalogue = read_study_catalogue(study)
    predicted = read_shipped_model(find_model_folder()).labels
    truth = {}
    with progress_bar() as bar, open_executor(get_settings().processes) as executor:
        task = bar.add_task("building synthetic cases", total=cases)
        for made in iterate_demo_cases(
            catalogue,
            cases=cases,
            references_for=min(DEMO_REFERENCES, cases),
            seed=seed,
            executor=executor,
        ):
            _store(study, made, predicted, calendar)
            if made.split is Split.TRAIN:
                truth[made.name] = {name: made.truth[name] for name in (*REVISED, REDRAWN)}
            bar.advance(task)
    return truth


def _store(study: Study, made: DemoEntry, predicted: Mapping[str, int], calendar: Calendar) -> None:
    store_case(
        study,
        MadeCase(
            name=made.name,
            patient=made.patient,
            split=made.split,
            volume=made.ct,
            pseudo={name: mask for name, mask in made.pseudo.items() if name not in predicted},
            reference=made.reference,
            origin="han5k demo",
        ),
        actor=actor(),
        now=calendar.begin,
    )


def _add_people(study: Study, calendar: Calendar) -> None:
    for name, role in DEMO_ACCOUNTS:
        with transaction(study.engine) as session:
            reader = find_reader(session, name) or add_reader(
                session,
                name=name,
                password=DEMO_PASSWORD,
                role=role,
                actor=actor(),
                now=calendar.begin,
            )
            # A lead with reads of their own would be blind to the cases.
            if role is Role.READER and calendar.is_empty:
                rows = list_cases(session)
                assign_cases(session, reader=reader, cases=rows, actor=actor(), now=calendar.end)
