"""Does the order of reading save an expert's time: Dice gained against simulated minutes.

    python benchmarks/review_order.py [--quick] [--sealed | --network KEPT] [--data FOLDER]

Pseudo-labels of OpenKBP patients (Babier et al., Medical Physics 48:5549, 2021; MIT) are drawn by
atlases of other patients. An expert who knows the clinical contour spends 12 s on a grade, and
where Dice is below 0.65 or HD95 above 10 mm another 60 s and 0.05 s a mm of added path.
Contours of `FOLDER/openkbp` were graded before; from them the product learned. Read are those of
`FOLDER/openkbp-pool` (`--sealed`: of `FOLDER/openkbp-sealed`, refused until the final proof of
`benchmarks/loop.py` opened them), in five orders: stratified random, most disagreement, most
entropy, ours (`triage/order.py`), and one that knows the answers. Prints the area under the ROC
curve and the slope of the calibration of our probabilities, Dice gained by budget, and the
difference in area to stratified random with 95 % limits over patients and seeds; last `reach: met`
or `reach: missed (what)`; exits with 0 or 1. `--network KEPT`: contours are not drawn by atlases
but predicted by the parent of `benchmarks/loop.py --keep KEPT`, without patients who taught it; our
scores then know the network's entropy, and are learned once more without it. `--quick`: few
patients, proves only that all runs, and that the order that knows the answers is ahead of random.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from review_order_parts.contours import JudgedContour, judge_patient, read_atlases
from review_order_parts.simulation import (
    BUDGETS_MINUTES,
    ORACLE,
    OURS,
    RANDOM,
    Outcome,
    build_orders,
    count_revised,
    expect,
    measure_area,
    measure_learned_area,
    predict,
    simulate,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from triage_parts.planting import ORGANS, read_kbp_catalogue

DATA = Path(os.environ.get("HAN5K_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
OPENINGS = Path(__file__).parents[1] / "docs" / "loop_openings.json"
ATLASES, QUICK_ATLASES = 12, 5
QUICK_TAUGHT, QUICK_ASKED = 8, 3
SEEDS, RESAMPLES, QUICK_RESAMPLES = 5, 1000, 40
WANTED_AREA, WANTED_SLOPES = 0.87, (0.8, 1.2)


def draw_all(
    data: Path, asked_folder: str, quick: bool
) -> tuple[list[JudgedContour], list[JudgedContour]]:
    """Judged contours: (of the development patients, of those to be read)."""
    own = read_atlases(data / "openkbp", QUICK_TAUGHT if quick else None)
    others = read_atlases(data / asked_folder, QUICK_ASKED if quick else None)
    count = QUICK_ATLASES if quick else ATLASES
    with tempfile.TemporaryDirectory() as folder:
        catalogue = read_kbp_catalogue(Path(folder) / "structures.csv")
    found: tuple[list[JudgedContour], list[JudgedContour]] = ([], [])
    for part, patients in zip(found, (own, others), strict=True):
        for patient in patients:
            atlases = [one for one in own if one is not patient][:count]
            part += judge_patient(patient, atlases, catalogue)
    return found


def predict_all(
    data: Path, kept: Path, quick: bool
) -> tuple[list[JudgedContour], list[JudgedContour]]:
    """As `draw_all`, by a network; patients of development and of the pool."""
    from review_order_parts.networks import judge_predicted, open_parent

    model, taught = open_parent(kept)
    with tempfile.TemporaryDirectory() as folder:
        catalogue = read_kbp_catalogue(Path(folder) / "structures.csv")
    sizes = {"openkbp": QUICK_TAUGHT, "openkbp-pool": QUICK_ASKED}
    found = [
        list(judge_predicted(model, data / name, taught, most if quick else None, catalogue))
        for name, most in sizes.items()
    ]
    return found[0], found[1]


def print_entropy(graded: Sequence[JudgedContour]) -> None:
    """What the entropy adds to our scores, all patients scored by trees that never saw them."""
    wrong = np.array([one.is_wrong for one in graded])
    alone = measure_roc_area(np.array([one.entropy for one in graded]), wrong)
    print(f"all {len(graded)} contours: entropy alone {alone:.3f}, learned across patients:")
    for with_entropy in (False, True):
        area = measure_learned_area(graded, with_entropy=with_entropy)
        said = "too few grades" if area is None else f"{area:.3f}"
        print(f"  {'with' if with_entropy else 'without'} the entropy: {said}")


def measure_roc_area(scores: NDArray[np.float64], wrong: NDArray[np.bool_]) -> float:
    """nan where all contours are of one kind, as with few patients."""
    one_kind = wrong.all() or not wrong.any()
    return float("nan") if one_kind else float(roc_auc_score(wrong, scores))


def measure_slope(chances: NDArray[np.float64], wrong: NDArray[np.bool_]) -> float:
    """The slope of a logistic curve from the logit of a probability to the answer; 1 is right."""
    if wrong.all() or not wrong.any():
        return float("nan")
    inside = np.clip(chances, 0.005, 0.995)
    logit = np.log(inside / (1 - inside))[:, None]
    return float(LogisticRegression(C=1e6).fit(logit, wrong).coef_[0, 0])


def print_outcome(outcome: Outcome) -> None:
    shown = [10, 20, 40, 80, 120, 160]
    places = [int(np.flatnonzero(minutes == BUDGETS_MINUTES)[0]) for minutes in shown]
    titles = "".join(f"{f'{minutes} min':>9}" for minutes in shown)
    print(f"\n{'Dice gained by':20}{titles}{'area':>9}   ahead of stratified random")
    for name, curve in outcome.curves.items():
        cells = "".join(f"{curve[place]:9.4f}" for place in places)
        mean, low, high = outcome.ahead[name]
        print(
            f"{name:20}{cells}{measure_area(curve):9.4f}   {mean:+.4f} ({low:+.4f} to {high:+.4f})"
        )


def list_missed(outcome: Outcome, area: float, slope: float, is_sealed: bool) -> list[str]:
    missed = []
    if outcome.ahead[OURS][1] <= 0:
        missed.append("the lower limit of ours over stratified random is not above 0")
    if is_sealed and area < WANTED_AREA:
        missed.append(f"area under the ROC curve {area:.3f}, wanted {WANTED_AREA:.2f}")
    if is_sealed and not WANTED_SLOPES[0] <= slope <= WANTED_SLOPES[1]:
        missed.append(f"slope of the calibration {slope:.2f}, wanted 0.8 to 1.2")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few patients; proves little")
    parser.add_argument("--sealed", action="store_true", help="the final proof's patients, once")
    parser.add_argument("--network", type=Path, help="folder that benchmarks/loop.py keeps")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the OpenKBP folders")
    arguments = parser.parse_args()
    if arguments.sealed and not OPENINGS.is_file():
        parser.error(
            f"{OPENINGS.name} was expected, which `benchmarks/loop.py --final` writes when it "
            "opens the sealed patients; none was found, so they stay closed."
        )
    if arguments.sealed and arguments.network:
        parser.error("The sealed patients were read once, by atlases; --network reads the pool.")
    began = time.perf_counter()
    folder = "openkbp-sealed" if arguments.sealed else "openkbp-pool"
    if arguments.network:
        taught, asked = predict_all(arguments.data, arguments.network, arguments.quick)
    else:
        taught, asked = draw_all(arguments.data, folder, arguments.quick)
    drawn = time.perf_counter() - began
    wrong = np.array([one.is_wrong for one in asked])
    for name in ORGANS:
        own = [one for one in asked if one.structure == name]
        if own:
            bad, dice = sum(one.is_wrong for one in own), np.mean([one.dice for one in own])
            print(f"{name:16}{len(own):4} contours, {bad:3} wrong, mean Dice {dice:.3f}")
    chances = predict(taught, asked, by_network=bool(arguments.network))
    area, slope = measure_roc_area(chances, wrong), measure_slope(chances, wrong)
    print(f"learned from {len(taught)} graded contours, read are {len(asked)} of other patients")
    print(
        f"needs revision: area under the ROC curve {area:.3f}, slope of the calibration {slope:.2f}"
    )
    for name in ("disagreement", "entropy"):
        alone = measure_roc_area(np.array([getattr(one, name) for one in asked]), wrong)
        print(f"  {name} alone: {alone:.3f}")
    if arguments.network:
        print_entropy([*taught, *asked])
    orders = build_orders(asked, chances, expect(taught, ORGANS), count_revised(taught))
    resamples = QUICK_RESAMPLES if arguments.quick else RESAMPLES
    outcome = simulate(asked, orders, SEEDS, resamples)
    print_outcome(outcome)
    print(f"{drawn:.0f} s to draw and measure, {time.perf_counter() - began:.0f} s in all")
    if arguments.quick:
        areas = {name: measure_area(curve) for name, curve in outcome.curves.items()}
        best = areas[ORACLE] > areas[RANDOM]
        missed = [] if best else ["random is ahead of the order that knows the answers"]
    else:
        missed = list_missed(outcome, area, slope, arguments.sealed)
    print(f"reach: missed ({'; '.join(missed)})" if missed else "reach: met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
