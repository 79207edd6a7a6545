"""What the proof prints: the review, both experiments, the tests of the plan, and the costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from han5k_review.statistics.estimates import Estimate
from han5k_review.store.vocabulary import GradeLevel
from loop_parts.arms import ARMS, GAPS, OURS, PLANTED
from loop_parts.data import ORGANS, SPOILED
from loop_parts.readers import MAJOR_DICE, MAJOR_HD95_MM, NO_DICE, NO_HD95_MM, Review
from loop_parts.results import PARENT, Kept
from loop_parts.verdicts import (
    MARGIN,
    Cells,
    Confirmed,
    Dice,
    Scores,
    StructureChange,
    compare_structures,
    confirm,
    estimate,
    subtract,
)

GAIN = 0.10
RIVAL = "ignore + memory"
NAIVE_GAPS = "gaps: background"
OUR_GAPS = f"gaps: {OURS}"
MISSING = ("Esophagus_HaN", "Larynx")
TABLES_BEGIN = "<!-- tables: written by python benchmarks/loop.py --write docs/loop.md -->"
TABLES_END = "<!-- end of the tables -->"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Everything that was seen: `alphas` is the share chosen for each training."""

    review: Review
    arms: Mapping[str, Sequence[Kept]]
    alphas: Mapping[str, float]
    scores: Scores

    @property
    def revised(self) -> tuple[str, ...]:
        """Structures of which a revision was accepted."""
        taught = {structure for _, structure in self.review.revised}
        return tuple(n for n in ORGANS if n in taught)

    @property
    def untouched(self) -> tuple[str, ...]:
        return tuple(n for n in ORGANS if n not in self.revised)

    def find(self, arm: str, *, mixed: bool) -> list[Dice]:
        """Dice of an arm, one table a seed: as trained, or mixed as it was chosen."""
        names = [kept.name for kept in self.arms.get(arm, ())]
        shares = [self.alphas.get(n, 1.0) if mixed else 1.0 for n in names]
        return [self.scores.find(n, share) for n, share in zip(names, shares, strict=True)]

    def change(self, arm: str, structures: Sequence[str], *, mixed: bool, to: str = "") -> Cells:
        """(patients, seeds): differences to the parent, or to another arm of the same seed."""
        others = self.find(to, mixed=mixed) if to else [self.scores.find(PARENT)]
        return subtract(self.find(arm, mixed=mixed), others, structures)[0]


def list_tests(outcome: Outcome) -> list[tuple[str, Cells, float]]:
    """The tests of docs/loop_plan.md: words, cells, and the limit to exceed."""
    untouched, revised = outcome.untouched, outcome.revised
    return [
        (
            f"H1 untouched structures, {OURS} - parent > -{MARGIN:g}",
            outcome.change(OURS, untouched, mixed=True),
            -MARGIN,
        ),
        (
            f"H2 revised structures, {OURS} - parent > 0",
            outcome.change(OURS, revised, mixed=True),
            0.0,
        ),
        (
            f"H3 revised structures, {OURS} - {RIVAL} > -{MARGIN:g}",
            outcome.change(OURS, revised, mixed=True, to=RIVAL),
            -MARGIN,
        ),
        (
            f"H4 oesophagus and larynx, {OUR_GAPS} - {NAIVE_GAPS} > 0",
            outcome.change(OUR_GAPS, MISSING, mixed=True, to=NAIVE_GAPS),
            0.0,
        ),
    ]


def find_misses(outcome: Outcome, confirmed: Sequence[Confirmed]) -> list[str]:
    """What the plan promises and was not seen."""
    misses = [f"not shown: {test.words}" for test in confirmed if not test.holds]
    gain = confirmed[1].estimate.value
    if gain is None or gain < GAIN:
        misses.append(f"revised structures gain {gain or 0:+.3f}, less than {GAIN:+.2f}")
    beside = confirmed[2].estimate.value
    if beside is None or beside < 0:
        misses.append(f"revised structures gain {beside or 0:+.4f} beside {RIVAL}, less than it")
    worse = [c.structure for c in _compare(outcome, OURS, mixed=True) if c.is_worse]
    if worse:
        misses.append(f"worse after Holm: {', '.join(worse)}")
    return misses


def write_report(outcome: Outcome) -> Iterator[str]:
    """The whole report, line by line, as Markdown."""
    yield from _tell_review(outcome.review)
    yield from _tell_experiment(outcome, PLANTED, outcome.untouched, outcome.revised)
    yield from _tell_structures(outcome)
    others = tuple(n for n in ORGANS if n not in MISSING)
    yield from _tell_experiment(outcome, GAPS, others, MISSING)
    confirmed = confirm(list_tests(outcome))
    yield from _tell_tests(confirmed)
    yield from _tell_costs(outcome)
    misses = find_misses(outcome, confirmed)
    yield ""
    yield f"reach: missed ({'; '.join(misses)})" if misses else "reach: met"


def _tell_review(found: Review) -> Iterator[str]:
    yield (
        f"graded: no revision from Dice {NO_DICE:g} with HD95 up to {NO_HD95_MM:g} mm; major below "
        f"Dice {MAJOR_DICE:g} or above {MAJOR_HD95_MM:g} mm; else minor. Revised: "
        f"{len(found.revised)} of the majors, most often failed structures first"
    )
    yield ""
    yield "| structure | Dice of the graded | no | minor | major | revised |"
    yield "|---|---|---|---|---|---|"
    revised = Counter(structure for _, structure in found.revised)
    for name in ORGANS:
        mine = [f for f in found.findings if f.structure == name]
        levels = Counter(f.level for f in mine)
        counts = [levels[lv] for lv in (GradeLevel.NO, GradeLevel.MINOR, GradeLevel.MAJOR)]
        dice = f"{mean(f.dice for f in mine):.3f}" if mine else "-"
        yield _row(_label(name), dice, *counts, revised[name])


def _tell_experiment(
    outcome: Outcome, experiment: str, left: Sequence[str], right: Sequence[str]
) -> Iterator[str]:
    """Differences to the parent: mean of patients, 95 % over patients and seeds."""
    heads = ("untouched", "revised") if experiment == PLANTED else ("drawn", "often missing")
    yield ""
    yield _row(
        f"{experiment}: arm",
        "alpha",
        *(f"{head} ({len(own)})" for head, own in zip(heads, (left, right), strict=True)),
        "worse after Holm",
    )
    yield "|---|---|---|---|---|"
    for kind in ARMS:
        if kind.experiment != experiment or kind.name not in outcome.arms:
            continue
        shares = [outcome.alphas.get(k.name, 1.0) for k in outcome.arms[kind.name]]
        for mixed in (False, True) if min(shares) < 1 else (False,):
            told = ", ".join(f"{a:g}" for a in shares) if mixed else "1"
            cells = (estimate(outcome.change(kind.name, own, mixed=mixed)) for own in (left, right))
            worse = [c.structure for c in _compare(outcome, kind.name, mixed=mixed) if c.is_worse]
            yield _row(kind.name, told, *map(_say, cells), ", ".join(worse) or "none")
    yield ""
    for kind in ARMS:
        if kind.experiment == experiment:
            yield f"* {kind.name}: {kind.words}"


def _tell_structures(outcome: Outcome) -> Iterator[str]:
    yield ""
    yield _row("structure", "patients", "parent", f"{OURS}, mixed", "p worse, Holm")
    yield "|---|---|---|---|---|"
    parent = outcome.scores.find(PARENT)
    for change in _compare(outcome, OURS, mixed=True):
        before = mean(v for (_, s), v in parent.items() if s == change.structure)
        low, high = f"{change.low:+.3f}", f"{change.high:+.3f}"
        yield _row(
            _label(change.structure),
            change.patients,
            f"{before:.3f}",
            f"{change.mean:+.3f} ({low} to {high})",
            f"{change.p_worse:.3f}{' worse' if change.is_worse else ''}",
        )


def _tell_tests(confirmed: Sequence[Confirmed]) -> Iterator[str]:
    yield ""
    yield "| test of the plan | found | one-sided p, Holm | shown |"
    yield "|---|---|---|---|"
    for test in confirmed:
        shown = "yes" if test.holds else "no"
        yield _row(test.words, _say(test.estimate), f"{test.p_adjusted:.4f}", shown)


def _tell_costs(outcome: Outcome) -> Iterator[str]:
    kept = [k for own in outcome.arms.values() for k in own]
    share = mean(k.prepare_seconds / k.seconds for k in kept)
    yield ""
    yield (
        f"{len(kept)} trainings, {sum(k.seconds for k in kept) / 60:.0f} minutes of one lane; "
        f"preparing data {share:.1%} of a training; a training takes "
        f"{max(k.disk_bytes for k in kept) / 1e6:.0f} MB of disk at most"
    )


def _compare(outcome: Outcome, arm: str, *, mixed: bool) -> list[StructureChange]:
    parent = [outcome.scores.find(PARENT)]
    return compare_structures(outcome.find(arm, mixed=mixed), parent, tuple(ORGANS))


def _say(found: Estimate) -> str:
    if found.value is None:
        return "-"
    if found.interval is None:
        return f"{found.value:+.3f}"
    return f"{found.value:+.3f} ({found.interval.low:+.3f} to {found.interval.high:+.3f})"


def _label(name: str) -> str:
    return f"{name} (spoiled)" if name in SPOILED else name


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(c) for c in cells)} |"


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
