"""Triage on real contours: are planted errors found, by what was learned and by rules alone.

    python benchmarks/triage.py [--quick] [--data FOLDER] [--seed N]

Half of the contours of OpenKBP patients (Babier et al., Medical Physics 48:5549, 2021; MIT) are
spoiled by the kinds of `imaging/flaws.py`. Features and settings were chosen, and the trees are
fitted, on the patients of `FOLDER/openkbp`, planted several times anew; the table below is of the
patients of `FOLDER/openkbp-pool`, planted once, whose errors teach nothing. What is usual is
measured on all of them without knowing which contours are spoiled, each patient against the others.
Prints the area under the ROC curve with its 95 % interval over patients, by kind and by structure,
and last `reach: met` or `reach: missed (what)`; exits with 0 or 1. With `--quick` few patients, and
only that the learned score beats the rules.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from triage_parts.planting import ORGANS, PlantedContour, read_planted
from triage_parts.results import Results, print_table

from han5k_review.triage.cohort import CohortContour, measure_unusual
from han5k_review.triage.learned import build_rows, fit_scores
from han5k_review.triage.scoring import list_examples, measure_size

DATA = Path(os.environ.get("HAN5K_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
WANTED = 0.90
PLANTINGS, QUICK_PLANTINGS = 6, 1
QUICK_PATIENTS = 10


def plant_all(
    data: Path, seed: int, plantings: int, most: int | None
) -> tuple[list[list[PlantedContour]], list[PlantedContour]]:
    """(plantings of the patients to learn from, one planting of those to judge)."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "structures.csv"
        taught = [read_planted(data / "openkbp", table, seed + n, most) for n in range(plantings)]
        return taught, read_planted(data / "openkbp-pool", table, seed, most)


def judge(taught: list[list[PlantedContour]], asked: list[PlantedContour]) -> Results:
    """Scores of the asked contours, by trees that saw the taught ones alone."""
    rows, truth = [], []
    for planting in taught:
        examples, _ = measure(planting, asked)
        rows.append(build_rows(examples[: len(planting)], ORGANS))
        truth.append([one.is_wrong for one in planting])
    examples, unusual = measure(taught[0], asked)
    own = examples[len(taught[0]) :]
    learned = fit_scores(np.vstack(rows), np.concatenate(truth), build_rows(own, ORGANS))
    ahead = len(taught[0])
    return Results(
        contours=asked,
        learned=learned,
        cohort=np.array([measure_size(unusual[ahead + n], 0) for n in range(len(asked))]),
        rules=np.array([float(len(one.measures.broken)) for one in asked]),
    )


def measure(taught: list[PlantedContour], asked: list[PlantedContour]):  # type: ignore[no-untyped-def]
    """What is unusual in one study that holds both, taught ones first."""
    contours = [
        CohortContour(contour=n, case=one.patient, patient=one.patient, measures=one.measures)
        for n, one in enumerate([*taught, *asked])
    ]
    unusual = measure_unusual(contours)
    return list_examples(contours, unusual), unusual


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few patients, one planting")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the OpenKBP folders")
    parser.add_argument("--seed", type=int, default=14)
    arguments = parser.parse_args()
    plantings = QUICK_PLANTINGS if arguments.quick else PLANTINGS
    most = QUICK_PATIENTS if arguments.quick else None
    began = time.perf_counter()
    taught, asked = plant_all(arguments.data, arguments.seed, plantings, most)
    measured = time.perf_counter() - began
    results = judge(taught, asked)
    patients = len({one.patient for one in taught[0]})
    print(
        f"learned from {sum(map(len, taught))} contours of {patients} patients, judged on "
        f"{len(asked)} of {len({one.patient for one in asked})} others"
    )
    learned, rules = print_table(results, np.random.default_rng(arguments.seed))
    print(f"{measured:.0f} s to plant and measure, {time.perf_counter() - began:.0f} s in all")
    missed = []
    if not arguments.quick and learned < WANTED:
        missed.append(f"learned {learned:.3f}, wanted {WANTED:.2f}")
    if learned <= rules:
        missed.append(f"learned {learned:.3f}, rules alone {rules:.3f}")
    print(f"reach: missed ({'; '.join(missed)})" if missed else "reach: met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
