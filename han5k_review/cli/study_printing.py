"""What the commands of the reader study print."""

from __future__ import annotations

from rich.table import Table

from han5k_review.cli.session import console
from han5k_review.protocol.reads import ReadPlan
from han5k_review.protocol.size import StudyPlan
from han5k_review.protocol.words import say_share
from han5k_review.texts.counts import say_count


def print_study(found: StudyPlan) -> None:
    """The planner's answer: effort, repeats, and what the certificate does."""
    effort = found.effort
    console.print(
        f"{say_count(found.cases, 'case')}, "
        f"{say_count(found.readers, 'reader')}: {say_count(effort.grades, 'grade')} "
        f"({say_count(effort.repeats, 'repeat')}, {effort.calibration:,} calibration, "
        f"{say_count(found.planted, 'planted error')} in place of a contour)"
    )
    console.print(
        f"expert time: {effort.minutes:,.0f} minutes, {effort.minutes_per_reader:,.0f} per reader"
    )
    console.print(
        f"repeats: {say_count(found.repeats_needed, 'contour')} read "
        "twice would tell agreement with oneself within "
        "0.1 (when it is 0.8)"
    )
    if found.fixed is not None:
        console.print(
            f"fixed certificate: {say_count(found.fixed.reads, 'patient')} with at most "
            f"{say_count(found.fixed.failures, 'failure')}"
        )
    if found.points:
        table = Table(
            "truly acceptable", "released", "median reads", "mean reads", box=None, padding=(0, 2)
        )
        for point in found.points:
            median = "-" if point.median_reads is None else str(point.median_reads)
            table.add_row(
                say_share(point.share),
                f"{100 * point.release_chance:.0f} %",
                median,
                f"{point.mean_reads:.0f}",
            )
        console.print(table)
        console.print(f"of one structure, at an error rate of {say_share(found.error_rate)}")
    for doubt in found.doubts:
        console.print(f"note: {doubt}")


def print_reads(found: ReadPlan) -> None:
    """What would come to whose list."""
    console.print(
        f"version {found.number}: {say_count(found.cases, 'new case')}, "
        f"{found.known} on the lists already"
    )
    table = Table(
        *("reader", "reads", "from nothing", "repeats", "calibration", "contours", "planted"),
        box=None,
        padding=(0, 2),
    )
    for share in found.shares:
        reads = (share.first, share.manual, share.repeats, share.calibration)
        contours = (share.contours, share.planted)
        table.add_row(share.name, *(str(count) for count in (*reads, *contours)))
    console.print(table)
    if found.empty:
        console.print(f"without a contour to read: {', '.join(found.empty)}")
    for doubt in found.doubts:
        console.print(f"note: {doubt}")
