"""The learned score: the probability that a reader will ask for a revision, from grades so far.

Extremely randomised trees (Geurts, Ernst and Wehenkel 2006) on what is unusual of a contour, each
number with and without its sign, and on its structure. Patients are dealt into folds; every contour
is scored by trees that never saw its patient, and probabilities are calibrated (Platt 1999) on
scores and grades of other folds. Settings were chosen on the development patients of
`benchmarks/triage.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from han5k_review.triage.cohort import Unusual, deal_patients

FEWEST_OF_A_KIND = 20
"""Contours of each kind (to be revised, not to be revised) below which nothing is learned."""
FEWEST_PATIENTS = 8
_FOLDS = 5
_TREES, _LEAF, _SHARE, _SEED = 300, 1, 0.3, 0
_MOST = 20_000
_EDGE = 0.5 / _TREES

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """A contour for learning: what is unusual of it, and how many rules it breaks."""

    contour: int
    patient: str
    structure: str
    unusual: Unusual
    rules: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnedScores:
    """Contour -> probability; `area` under the ROC curve of graded contours, each scored by trees
    that never saw its patient."""

    probabilities: Mapping[int, float]
    area: float
    graded: int


def can_learn(revised: Mapping[int, bool], patients: Sequence[str]) -> bool:
    """Whether there are enough grades of both kinds, of enough patients."""
    yes = sum(revised.values())
    enough = min(yes, len(revised) - yes) >= FEWEST_OF_A_KIND
    return enough and len(set(patients)) >= FEWEST_PATIENTS


def learn_scores(examples: Sequence[Example], revised: Mapping[int, bool]) -> LearnedScores:
    """Probabilities for all examples, from those whose contour has a grade in `revised`."""
    rows = build_rows(examples, sorted({one.structure for one in examples}))
    truth = np.array([revised.get(one.contour, False) for one in examples])
    known = np.array([one.contour in revised for one in examples])
    folds = deal_patients([one.patient for one in examples], _FOLDS)
    raw, probabilities = np.zeros(len(examples)), np.zeros(len(examples))
    for fold in np.unique(folds):
        taught = known & (folds != fold)
        raw[folds == fold] = fit_scores(rows[taught], truth[taught], rows[folds == fold])
    for fold in np.unique(folds):
        others = known & (folds != fold)
        probabilities[folds == fold] = _calibrate(raw[others], truth[others], raw[folds == fold])
    return LearnedScores(
        probabilities={
            one.contour: float(p) for one, p in zip(examples, probabilities, strict=True)
        },
        area=float(roc_auc_score(truth[known], raw[known])),
        graded=int(known.sum()),
    )


def build_rows(examples: Sequence[Example], structures: Sequence[str]) -> Floats:
    """(contours, numbers), no unit: with and without sign, broken rules, which structure it is.

    Structures differ in how often they are revised, and in what it is that readers mind. The
    entropy is a number more where any contour came with one.
    """
    signed = np.array([one.unusual.row for one in examples])
    rules = np.array([[one.rules] for one in examples], dtype=np.float64)
    which = np.array([[one.structure == name for name in structures] for one in examples])
    entropies = np.array([[one.unusual.entropy] for one in examples])
    parts = [np.abs(signed), signed, rules, which]
    return np.hstack([*parts, entropies] if entropies.any() else parts)


def fit_scores(rows: Floats, truth: NDArray[np.bool_], asked: Floats) -> Floats:
    """Scores (0 to 1) of the rows `asked`, by trees that learned from the others.

    `rows` and `asked` are (contours, numbers) as `build_rows` makes them, without a unit; `truth`
    and the answer (contours,).
    """
    if len(rows) > _MOST:
        chosen = np.random.default_rng(_SEED).choice(len(rows), _MOST, replace=False)
        rows, truth = rows[chosen], truth[chosen]
    if truth.all() or not truth.any():
        return np.full(len(asked), float(truth.mean()))
    trees = ExtraTreesClassifier(
        _TREES, min_samples_leaf=_LEAF, max_features=_SHARE, random_state=_SEED, n_jobs=1
    ).fit(rows, truth)
    return np.asarray(trees.predict_proba(asked)[:, list(trees.classes_).index(True)])


def _calibrate(raw: Floats, truth: NDArray[np.bool_], asked: Floats) -> Floats:
    """Probabilities for the scores `asked`, by a logistic curve through scores with grades."""
    if truth.all() or not truth.any():
        return np.full(len(asked), float(truth.mean()))
    curve = LogisticRegression(C=100.0).fit(_logits(raw), truth)
    return np.asarray(curve.predict_proba(_logits(asked))[:, 1])


def _logits(raw: Floats) -> Floats:
    inside = np.clip(raw, _EDGE, 1 - _EDGE)
    return np.log(inside / (1 - inside))[:, None]
