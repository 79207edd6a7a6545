"""What the proof prints: the review, the arms' tables, the costs, and whether the reach is met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from han5k_review.retraining.teaching.changes import Interval
from han5k_review.retraining.teaching.gate import StructureVerdict, Verdict
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.store.vocabulary import GradeLevel
from loop_parts.costs import LossTimes, Shares
from loop_parts.data import ORGANS, SPOILED
from loop_parts.readers import MAJOR_DICE, MAJOR_HD95_MM, NO_DICE, NO_HD95_MM, Review

MINUTES, SHARE, LOSS_RATIO, DISK_RATIO = 60.0, 0.10, 1.3, 3.0
OURS = "ours"
TABLES_BEGIN = "<!-- tables: written by python benchmarks/loop.py --write docs/loop.md -->"
TABLES_END = "<!-- end of the tables -->"


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """One arm, measured: the gate's verdicts, the paired scores, and what it cost."""

    name: str
    words: str
    verdicts: tuple[StructureVerdict, ...]
    scores: tuple[PairedScore, ...]
    shares: Shares
    disk_ratio: float
    pieces: str = ""


def print_review(found: Review) -> None:
    print()
    print(
        f"graded: no revision from Dice {NO_DICE:g} with HD95 up to {NO_HD95_MM:g} mm; major below "
        f"Dice {MAJOR_DICE:g} or above {MAJOR_HD95_MM:g} mm; else minor. Revised: "
        f"{len(found.revised)} of the majors, most often failed structures first"
    )
    print("\n| structure | Dice of the graded | no | minor | major | revised |")
    print("|---|---|---|---|---|---|")
    revised = count_revised(found)
    for name in ORGANS:
        mine = [f for f in found.findings if f.structure == name]
        levels = Counter(f.level for f in mine)
        counts = " | ".join(
            str(levels[lv]) for lv in (GradeLevel.NO, GradeLevel.MINOR, GradeLevel.MAJOR)
        )
        print(f"| {label(name)} | {mean(f.dice for f in mine):.3f} | {counts} | {revised[name]} |")


def count_revised(found: Review) -> Counter[str]:
    return Counter(structure for _, structure in found.revised)


def label(name: str) -> str:
    return f"{name} (spoiled)" if name in SPOILED else name


def print_tables(found: Review, arms: Sequence[ArmResult]) -> None:
    """Means on the test patients; differences to the parent with 95 % intervals over patients."""
    for arm in arms:
        print(f"\n{arm.name}: {arm.words}" if arm is arms[0] else f"{arm.name}: {arm.words}")
    _print_table("Dice", found, arms, _dice, lambda v: v.dice_difference, "{:.3f}", "{:+.3f}")
    _print_table("HD95 mm", found, arms, _hd95, lambda v: v.hd95_difference_mm, "{:.1f}", "{:+.1f}")
    print("\nlargest piece (docs/decisions/0011-one-piece.md):")
    for arm in arms:
        print(f"* {arm.name}: {arm.pieces}")
    print("\ngate:")
    for arm in arms:
        failed = [
            f"{v.structure} ({', '.join(v.reasons)})"
            for v in arm.verdicts
            if v.verdict is Verdict.WORSE
        ]
        print(f"* {arm.name}: {'fails ' + '; '.join(failed) if failed else 'fails no structure'}")


def _dice(score: PairedScore, *, after: bool) -> float | None:
    return score.after_dice if after else score.before_dice


def _hd95(score: PairedScore, *, after: bool) -> float | None:
    return score.after_hd95_mm if after else score.before_hd95_mm


def _print_table(
    title: str,
    found: Review,
    arms: Sequence[ArmResult],
    read: Callable[..., float | None],
    difference: Callable[[StructureVerdict], Interval | None],
    one: str,
    signed: str,
) -> None:
    revised = count_revised(found)
    print(f"\n| {title} | revised | parent | " + " | ".join(arm.name for arm in arms) + " |")
    print("|---|---|---|" + "---|" * len(arms))
    for name in ORGANS:
        cells = [
            label(name),
            str(revised[name]),
            _cell(_mean(arms[0], name, read, after=False), None, one, signed),
        ]
        for arm in arms:
            verdict = next(v for v in arm.verdicts if v.structure == name)
            cells.append(
                _cell(_mean(arm, name, read, after=True), difference(verdict), one, signed)
            )
        print("| " + " | ".join(cells) + " |")


def _mean(arm: ArmResult, name: str, read: Callable[..., float | None], *, after: bool) -> float:
    """Mean over the patients in which it is finite; nan when there is none."""
    values = [read(s, after=after) for s in arm.scores if s.structure == name]
    finite = [v for v in values if v is not None and v != float("inf")]
    return mean(finite) if finite else float("nan")


def _cell(value: float, difference: Interval | None, one: str, signed: str) -> str:
    if difference is None:
        return "-" if value != value else one.format(value)
    low, high = signed.format(difference.low), signed.format(difference.high)
    return f"{one.format(value)} ({signed.format(difference.mean)}; {low} to {high})"


def print_costs(
    parent: Shares, arms: Sequence[ArmResult], losses: LossTimes, minutes: float
) -> None:
    print(
        "\n| run | wall s | training | predicting | dataset | measuring | gate | starting | ours |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, s in [("parent", parent), *((arm.name, arm.shares) for arm in arms)]:
        seconds = (s.wall, s.training, s.predicting, s.dataset, s.measuring)
        cells = " | ".join(f"{value:.0f}" for value in seconds)
        print(f"| {name} | {cells} | {s.gate:.2f} | {s.starting:.0f} | {s.share:.1%} |")
    print(
        f"\nloss at 25 classes, forward and backward: nnU-Net's {losses.nnunet_ms:.1f} ms, ours "
        f"{losses.trusted_ms:.1f} ms with all trusted, {losses.partial_ms:.1f} ms with two "
        f"untrusted: {losses.ratio:.2f} x"
    )
    print(f"peak disk of a run: {max(a.disk_ratio for a in arms):.2f} x the study before it")
    print(f"in all: {minutes:.1f} minutes")


def find_misses(
    found: Review, arms: Sequence[ArmResult], losses: LossTimes, minutes: float, *, quick: bool
) -> list[str]:
    """What the issue asks for and was not seen; a quick run judges only what its size allows."""
    misses = []
    if losses.ratio > LOSS_RATIO:
        misses.append(f"loss {losses.ratio:.2f} x > {LOSS_RATIO:g} x nnU-Net's own")
    if minutes > MINUTES:
        misses.append(f"{minutes:.0f} minutes > {MINUTES:.0f}")
    if quick:
        return misses
    disk = max(arm.disk_ratio for arm in arms)
    if disk > DISK_RATIO:
        misses.append(f"peak disk {disk:.2f} x > {DISK_RATIO:g} x")
    share = max(arm.shares.share for arm in arms)
    if share > SHARE:
        misses.append(f"our work is {share:.1%} of a run > {SHARE:.0%}")
    ours = next(arm for arm in arms if arm.name == OURS)
    for verdict in ours.verdicts:
        gain = verdict.dice_difference
        if count_revised(found)[verdict.structure] and (gain is None or gain.low <= 0):
            misses.append(f"ours does not surely beat the parent on {verdict.structure}")
        if verdict.verdict is Verdict.WORSE:
            misses.append(f"ours loses on {verdict.structure}: {', '.join(verdict.reasons)}")
    return misses


def find_tables(document: Path) -> tuple[str, str]:
    """What stands before and after the tables of a document; SystemExit without their marks."""
    before, begin, rest = document.read_text().partition(TABLES_BEGIN)
    _, end, after = rest.partition(TABLES_END)
    if not (begin and end):
        raise SystemExit(f"{document}: the marks of the tables were expected, found none.")
    return before, after


def write_results(document: Path, report: str) -> None:
    """Put a run's report in the place of the tables."""
    before, after = find_tables(document)
    document.write_text(f"{before}{TABLES_BEGIN}\n\n{report.strip()}\n\n{TABLES_END}{after}")
