"""Commands of triage: which contours may be wrong, and why."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from han5k_review.cli.scores import stop_on_interrupt
from han5k_review.cli.session import StudyOption, actor, console, open_chosen, progress_bar
from han5k_review.settings import get_settings
from han5k_review.store.engine import reading
from han5k_review.store.triage_tables import TriageRound
from han5k_review.store.vocabulary import TriageKind
from han5k_review.study import get_case, read_study_catalogue
from han5k_review.texts.counts import say_count
from han5k_review.triage.doubts import find_scores
from han5k_review.triage.run import TriageReport, run_triage
from han5k_review.triage.stored import find_round, list_works
from han5k_review.triage.worklist import measure_case_doubts
from han5k_review.workforce import open_workforce

_STOPPED = 130  # the exit code of a program that Ctrl-C ended
_NO_ROUND = "No scores yet; run `han5k triage compute` first."


def register(app: typer.Typer) -> None:
    """Add the command `triage`."""
    triage = typer.Typer(
        help="Contours that may be wrong, and why: compute, list, explain.", no_args_is_help=True
    )
    triage.command("compute")(compute)
    triage.command("list")(list_cases)
    triage.command("explain")(explain)
    app.add_typer(triage, name="triage")


def compute(
    case: Annotated[
        list[str] | None, typer.Option(help="Measure only these cases; repeatable.")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    dask: Annotated[
        str | None,
        typer.Option(help="Measure on this Dask cluster; default: HAN5K_DASK_ADDRESS."),
    ] = None,
    study: StudyOption = None,
) -> None:
    """Measure contours that are not measured yet, then score all; called again it goes on."""
    opened = open_chosen(study)
    settings = get_settings()
    address = dask or (None if processes else settings.dask_address)
    with (
        progress_bar() as bar,
        open_workforce(processes or settings.processes, address) as workforce,
        stop_on_interrupt() as stop,
    ):
        task = bar.add_task("measuring", total=None)
        report = run_triage(
            opened,
            read_study_catalogue(opened),
            workforce=workforce,
            actor=actor(),
            cases=case or None,
            progress=lambda p: bar.update(task, completed=p.done, total=p.total),
            cancel=stop.is_set,
        )
    _print_report(report)
    with reading(opened.engine) as session:
        newest = find_round(session)
        if newest is not None and not report.left:
            console.print(_describe(newest))
    if report.left:
        raise typer.Exit(_STOPPED)
    if report.failed:
        raise typer.Exit(2)


def _print_report(report: TriageReport) -> None:
    for name, reason in report.failed:
        console.print(f"failed: {name}: {reason}")
    console.print(
        f"{say_count(report.cases, 'case')}: {report.measured} measured, {report.known} measured "
        f"before, {len(report.failed)} failed"
    )
    if report.left:
        left = say_count(report.left, "case")
        console.print(f"Stopped with {left} left; the same command goes on.")
    elif report.round_id is None:
        console.print("Nothing changed since the last scores.")


def _describe(newest: TriageRound) -> str:
    scored = f"{say_count(newest.contours, 'contour')} scored"
    if newest.kind is TriageKind.COHORT:
        return f"{scored} against the cohort; too few grades to learn from ({newest.graded})"
    return (
        f"{scored} by what "
        f"{say_count(newest.graded, 'grade teaches', 'grades teach')}; area under the ROC curve "
        f"{newest.area:.2f} in cross-validation by patient"
    )


def list_cases(
    most: Annotated[int, typer.Option(min=1, help="How many cases.")] = 20,
    study: StudyOption = None,
) -> None:
    """Cases with the most contours to be revised first, by the newest scores."""
    with reading(open_chosen(study).engine) as session:
        if find_round(session) is None:
            console.print(_NO_ROUND)
            return
        scores = find_scores(session)
        works = {work.case: work for work in list_works(session)}
        ordered = sorted(measure_case_doubts(session).items(), key=lambda one: (-one[1], one[0]))
    table = Table("case", "sum of scores", "doubtful", "contours", box=None)
    for name, doubt in ordered[:most]:
        numbers = [one.contour for one in works[name].contours]
        doubtful = sum(n in scores and scores[n].is_doubtful for n in numbers)
        table.add_row(name, f"{doubt:.1f}", str(doubtful), str(len(numbers)))
    console.print(table)


def explain(case: str, study: StudyOption = None) -> None:
    """Every contour of a case with its score and the reasons, most doubtful first."""
    with reading(open_chosen(study).engine) as session:
        name = get_case(session, case).name
        if find_round(session) is None:
            console.print(_NO_ROUND)
            return
        contours = [one for work in list_works(session, [name]) for one in work.contours]
        scores = find_scores(session, [one.contour for one in contours])
    known = [(scores[one.contour], one.structure) for one in contours if one.contour in scores]
    for score, structure in sorted(known, key=lambda one: (-one[0].doubt, one[1])):
        mark = ", doubtful" if score.is_doubtful else ""
        console.print(f"{structure}: {score.doubt:.2f}{mark}")
        for reason in score.reasons:
            console.print(f"  {reason}")
