"""Commands that measure and export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from han5k_review.cli.session import StudyOption, actor, console, open_chosen, progress_bar
from han5k_review.evaluation.executors import open_executor
from han5k_review.evaluation.plan import plan_evaluation
from han5k_review.evaluation.rows import list_metrics
from han5k_review.evaluation.run import EvaluationReport, run_evaluation
from han5k_review.evaluation.summary import StructureSummary, build_summary
from han5k_review.exports import write_export
from han5k_review.importing.study import read_study_catalogue
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading


def register(app: typer.Typer) -> None:
    """Add the commands `evaluate` and `export`."""
    app.command("evaluate")(evaluate)
    app.command("export")(export)


def evaluate(
    study: StudyOption = None,
    case: Annotated[list[str] | None, typer.Option(help="Only these cases; repeatable.")] = None,
    structure: Annotated[list[str] | None, typer.Option(help="Only these structures.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
) -> None:
    """Measure each pseudo-label against its reference; what is stored already is skipped."""
    opened = open_chosen(study)
    catalogue = read_study_catalogue(opened)
    with reading(opened.engine) as session:
        plan = plan_evaluation(session, catalogue, cases=case or None, structures=structure or None)
    with progress_bar() as bar, open_executor(processes or get_settings().processes) as executor:
        task = bar.add_task("measuring", total=len(plan.pairs))
        report = run_evaluation(
            opened,
            plan,
            executor=executor,
            progress=lambda p: bar.update(task, completed=p.done, total=p.total),
            actor=actor(),
        )
    with reading(opened.engine) as session:
        rows = list_metrics(session, plan)
    _print_summary(build_summary(rows))
    _print_report(report)
    if report.failed:
        raise typer.Exit(2)


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


def _print_report(report: EvaluationReport) -> None:
    for gap in report.failed:
        console.print(f"failed: {gap.case} {gap.structure}: {gap.reason}")
    reasons: dict[str, int] = {}
    for gap in report.gaps:
        reasons[gap.reason] = reasons.get(gap.reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        console.print(f"{count} without a pair: {reason}")
    console.print(
        f"{report.planned} pairs: {report.measured} measured, {report.already_stored} stored "
        f"before, {len(report.failed)} failed, {len(report.gaps)} without a pair"
    )


def export(
    out: Annotated[Path, typer.Option(help="The .xlsx, .csv or .zip to write.")],
    study: StudyOption = None,
) -> None:
    """Write grades and metrics as a spreadsheet."""
    opened = open_chosen(study)
    report = write_export(opened, out, actor=actor(), now=utc_now())
    for name, count in report.rows.items():
        console.print(f"{name}: {count} rows")
    console.print(f"written: {', '.join(str(path) for path in report.paths)}")
