"""Commands that measure and export."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Annotated

import typer
from rich.table import Table

from han5k_review.cli.session import StudyOption, actor, console, open_chosen, progress_bar
from han5k_review.evaluation.choice import get_choice
from han5k_review.evaluation.frames import build_metrics_frame
from han5k_review.evaluation.plan import EvaluationPlan, plan_evaluation
from han5k_review.evaluation.rows import list_metrics
from han5k_review.evaluation.run import EvaluationReport, run_evaluation
from han5k_review.evaluation.summary import StructureSummary, build_summary
from han5k_review.evaluation.tolerances import read_tolerances
from han5k_review.exports import Selection, write_export
from han5k_review.exports.frame_csv import export_frame
from han5k_review.metrics import Definition, segrap
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split
from han5k_review.study import read_study_catalogue
from han5k_review.texts.counts import say_count
from han5k_review.workforce import open_workforce

_STOPPED = 130  # the exit code of a program that Ctrl-C ended
_SOURCES = "ai, pseudo, reference, accepted or model:NAME"


def register(app: typer.Typer) -> None:
    """Add the commands `evaluate` and `export`."""
    app.command("evaluate")(evaluate)
    app.command("export")(export)


def evaluate(
    study: StudyOption = None,
    reference: Annotated[str, typer.Option(help=f"What is right: {_SOURCES}.")] = "reference",
    prediction: Annotated[str, typer.Option(help="What is measured: likewise.")] = "ai",
    case: Annotated[list[str] | None, typer.Option(help="Only these cases; repeatable.")] = None,
    structure: Annotated[list[str] | None, typer.Option(help="Only these structures.")] = None,
    split: Annotated[Split | None, typer.Option(help="Only cases of this split.")] = None,
    definition: Annotated[
        Definition, typer.Option(help="How surface distances are defined.")
    ] = Definition.SURFEL,
    tolerances: Annotated[
        str,
        typer.Option(
            help="Surface-Dice tolerances: study, segrap (with the challenge's scores), nikolov, "
            "or one number in mm."
        ),
    ] = "study",
    processes: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    dask: Annotated[
        str | None,
        typer.Option(help="Measure on this Dask cluster; default: HAN5K_DASK_ADDRESS."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write every row to this .csv.")] = None,
) -> None:
    """Measure two label sources against each other; what is stored already is skipped."""
    opened = open_chosen(study)
    catalogue = read_study_catalogue(opened)
    with reading(opened.engine) as session:
        plan = plan_evaluation(
            session,
            catalogue,
            reference=get_choice(session, reference),
            prediction=get_choice(session, prediction),
            definition=definition,
            tolerances=read_tolerances(tolerances),
            cases=case or None,
            structures=structure or None,
            split=split,
        )
    settings = get_settings()
    # An asked-for number of processes means here, whatever the environment says of a cluster.
    address = dask or (None if processes else settings.dask_address)
    report = _measure(opened, plan, processes or settings.processes, address)
    with reading(opened.engine) as session:
        rows = list_metrics(session, plan)
    if out is not None:
        frame = build_metrics_frame(rows, segrap=plan.is_segrap)
        content = export_frame(opened, frame, out.name, actor=actor(), now=utc_now())
        write_atomically(out, content)
    _print_summary(build_summary(rows))
    if plan.is_segrap:
        _print_segrap([segrap.score(row.panel) for row in rows if row.panel is not None])
    _print_report(report)
    if report.is_cancelled:
        raise typer.Exit(_STOPPED)
    if report.failed:
        raise typer.Exit(2)


def _measure(
    study: Study, plan: EvaluationPlan, processes: int, dask_address: str | None
) -> EvaluationReport:
    with progress_bar() as bar, open_workforce(processes, dask_address) as workforce:
        task = bar.add_task("measuring", total=len(plan.pairs))
        with stop_on_interrupt() as stop:
            return run_evaluation(
                study,
                plan,
                executor=workforce.executor,
                progress=lambda p: bar.update(task, completed=p.done, total=p.total),
                cancel=stop.is_set,
                actor=actor(),
                cases_per_task=workforce.cases_per_task(len(plan.cases)),
                broken=workforce.broken,
            )


@contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """Ctrl-C sets the event, so that what is in work is still stored; a second one breaks off."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def ask(_number: int, _frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _print_summary(summaries: list[StructureSummary]) -> None:
    table = Table("structure", "n", "not measured", "Dice median", "HD95 mm median", box=None)
    for row in summaries:
        table.add_row(
            row.structure,
            str(row.measured),
            str(row.not_measured),
            f"{row.dice.median:.3f}",
            f"{row.hd95_mm.median:.2f}",
        )
    console.print(table)


def _print_segrap(scores: list[segrap.SegrapScore]) -> None:
    if scores:
        dice, surface = (fmean(s.dice for s in scores), fmean(s.surface_dice for s in scores))
        console.print(
            f"SegRap2023's scores of {say_count(len(scores), 'pair')}: mean "
            f"Dice {dice:.4f}, mean surface Dice "
            f"{surface:.4f} (both masks empty count as 1)"
        )


def _print_report(report: EvaluationReport) -> None:
    for gap in report.failed:
        console.print(f"failed: {gap.case} {gap.structure}: {gap.reason}")
    reasons: dict[str, int] = {}
    for gap in report.gaps:
        reasons[gap.reason] = reasons.get(gap.reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        console.print(f"{count} without a pair: {reason}")
    console.print(
        f"{say_count(report.planned, 'pair')}: {report.measured} "
        f"measured, {report.already_stored} stored "
        f"before, {len(report.failed)} failed, {len(report.gaps)} without a pair"
    )
    if report.is_cancelled:
        console.print(
            f"Stopped with {say_count(report.left_over, 'pair')} left; the same command goes on."
        )


def export(
    out: Annotated[
        Path, typer.Option(help="The .xlsx, .csv or .zip to write; .html for the report.")
    ],
    study: StudyOption = None,
    what: Annotated[
        Selection,
        typer.Option(
            help="All sheets; those of grades, metrics, or agreement and certificates; the report; "
            "or the checklist of reporting guidelines."
        ),
    ] = Selection.ALL,
) -> None:
    """Write grades, metrics and agreement as a spreadsheet, or the report."""
    opened = open_chosen(study)
    report = write_export(opened, out, actor=actor(), now=utc_now(), what=what)
    for name, count in report.rows.items():
        console.print(f"{name}: {say_count(count, 'row')}")
    console.print(f"written: {', '.join(str(path) for path in report.paths)}")
