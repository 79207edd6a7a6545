"""What benchmarks/loop.py makes of its numbers: the reach, chances, the one opening, the page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from han5k_review.retraining.jobs.tasks import ModelFolder
from loop_parts.arms import (
    ARMS,
)
from loop_parts.data import ORGANS
from loop_parts.opening import COUNTER, PLAN, finish, open_sealed
from loop_parts.readers import Review
from loop_parts.report import Outcome, find_tables, write_report, write_results
from loop_parts.results import PARENT, Kept, Row
from loop_parts.verdicts import collect, estimate, measure_chance
from rigs.phantom_study import ROOT


def kept(name: str) -> Kept:
    model = ModelFolder(folder=Path(name), checkpoint_sha256="0")
    return Kept(name=name, model=model, seconds=9.0, prepare_seconds=1.0, disk_bytes=1_000_000)


def outcome(gain: float, loss: float, *, rival: float = -0.01) -> Outcome:
    """Eight patients, three seeds: mandible gains, the others lose, by some thousandths apart.

    `rival`: what ignore + memory gains more.
    """
    rng = np.random.default_rng(1)
    arms = {
        kind.name: [kept(f"{kind.name}, seed {n}") for n in (1, 2, 3)][: 1 if kind.one_seed else 3]
        for kind in ARMS
    }
    before = {(p, s): 0.7 + rng.normal(0, 0.05) for p in range(8) for s in ORGANS}
    rows = []
    for name in (PARENT, *(k.name for own in arms.values() for k in own)):
        for (patient, structure), dice in before.items():
            change = 0.0
            if name != PARENT:
                drawn = structure == "Mandible" or name.startswith("gaps: marginal")
                change = (gain if drawn else -loss) + rng.normal(0, 0.004)
                change += rival if name.startswith("ignore + memory") else 0.0
            rows.append(
                Row(
                    model=name,
                    alpha=1.0,
                    patient=str(patient),
                    structure=structure,
                    dice=dice + change,
                    hd95_mm=5.0,
                )
            )
    review = Review(findings=(), revised=(("A", "Mandible"),))
    return Outcome(review=review, arms=arms, alphas={}, scores=collect(rows))


def test_the_reach_is_met_only_when_every_part_is() -> None:
    good = list(write_report(outcome(0.15, 0.0)))
    assert good[-1] == "reach: met"
    assert sum(line.endswith("| yes |") for line in good) == 4
    lost = list(write_report(outcome(0.15, 0.05)))[-1]
    assert "not shown: H1" in lost
    assert "worse after Holm: BrainStem" in lost
    assert "revised structures gain +0.0" in list(write_report(outcome(0.05, 0.0)))[-1]
    beside = list(write_report(outcome(0.15, 0.0, rival=0.005)))
    assert sum(line.endswith("| yes |") for line in beside) == 4, "H3 is shown, and it gains less"
    assert "beside ignore + memory, less than it" in beside[-1]


def test_a_chance_is_that_of_the_interval_and_one_seed_in_three_widens_it() -> None:
    rng = np.random.default_rng(2)
    cells = 0.02 + rng.normal(0, 0.02, (20, 1)) + np.zeros((1, 3))
    found = estimate(cells)
    assert found.interval is not None
    assert measure_chance(cells, found.interval.low) == pytest.approx(0.025, abs=0.002)
    assert measure_chance(cells, float(cells.mean())) == pytest.approx(0.5, abs=0.02)
    apart = estimate(cells + np.array([[-0.03, 0.0, 0.03]]))
    assert apart.interval is not None
    assert measure_chance(cells[:1], 0.0) == 1.0, "one patient shows nothing"
    assert apart.interval.high - apart.interval.low > found.interval.high - found.interval.low


def test_the_sealed_patients_are_opened_once_by_a_committed_plan(tmp_path: Path) -> None:
    project, results = tmp_path / "project", tmp_path / "results"
    (project / "docs").mkdir(parents=True)
    results.mkdir()

    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", str(project), *who, *words], check=True, capture_output=True)

    git("init", "-q")
    (project / "first").touch()
    git("add", "first")
    git("commit", "-q", "-m", "first")
    (project / PLAN).write_text("the plan")
    with pytest.raises(SystemExit, match="was expected to be committed"):
        open_sealed(project, results, ["a", "b"])
    git("add", str(PLAN))
    git("commit", "-q", "-m", "plan")
    opened = open_sealed(project, results, ["a", "b"])
    assert open_sealed(project, results, ["b", "a"]) == opened, "it broke off and goes on"
    for models, folder in ((["a", "c"], results), (["a", "b"], tmp_path)):
        with pytest.raises(SystemExit, match="they are opened once"):
            open_sealed(project, folder, models)
    finish(project, results, opened)
    (results / "opening.json").unlink()
    with pytest.raises(SystemExit, match="that result stands"):
        open_sealed(project, results, ["a", "b"])
    assert (project / COUNTER).exists()


def test_the_results_take_the_place_of_the_tables_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "loop.md"
    shutil.copy(ROOT / "docs" / "loop.md", document)
    before = find_tables(document)
    write_results(document, "a first report")
    write_results(document, "a second report")
    assert find_tables(document) == before
    assert "a second report" in document.read_text()
    assert "a first report" not in document.read_text()
    document.write_text("no marks")
    with pytest.raises(SystemExit, match="the marks of the tables were expected"):
        find_tables(document)
