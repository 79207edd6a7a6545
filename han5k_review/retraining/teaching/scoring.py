"""Scoring: before and after on the held-out cases, measured against trusted contours only."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, delete

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.imaging.grid import Grid
from han5k_review.metrics import Panel, measure_pair
from han5k_review.retraining.teaching.snapshot import Snapshot, SnapshotCase, SnapshotReference
from han5k_review.review.rule_warnings import is_on_wrong_side
from han5k_review.store.run_tables import RunScore
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Arm

Masks = Mapping[str, Mapping[str, str]]
"""Case -> structure -> mask hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The rows of a run, and where an arm exchanges left and right (structure -> cases)."""

    rows: tuple[RunScore, ...]
    swapped: Mapping[Arm, Mapping[str, tuple[str, ...]]]


def score_run(
    study: Study,
    catalogue: Catalogue,
    snapshot: Snapshot,
    run_id: int,
    predictions: Mapping[Arm, Masks],
    on_case: Callable[[], object] = lambda: None,
    cases: Sequence[SnapshotCase] | None = None,
) -> Scores:
    """Measure every arm on every reference of `cases` (None: the held-out ones, not sealed).

    `on_case` is called before each case.

    Without predictions of the parent arm, 'before' is the contour under review of each case; with
    them, those are an arm of their own: what a prediction would replace.
    """
    scorer = _Scorer(study=study, catalogue=catalogue, run_id=run_id, names=set(snapshot.labels))
    rows: list[RunScore] = []
    arms = [arm for arm in Arm if arm is not Arm.IN_USE or Arm.PARENT in predictions]
    swapped: dict[Arm, dict[str, tuple[str, ...]]] = {arm: {} for arm in arms}
    for case in snapshot.held_out if cases is None else cases:
        on_case()
        grid = study.volumes.get_index(case.image_sha256).grid
        for arm in arms:
            masks = _arm_masks(case, predictions.get(arm))
            rows.extend(scorer.score_case(case, grid, arm, masks))
            for name in _find_swapped(study, catalogue, grid, masks):
                swapped[arm][name] = (*swapped[arm].get(name, ()), case.name)
    return Scores(rows=tuple(rows), swapped=swapped)


def replace_scores(session: Session, run_id: int, scores: Scores) -> None:
    """Store the rows; those of an earlier, interrupted evaluation of the run go."""
    session.exec(delete(RunScore).where(col(RunScore.run_id) == run_id))
    session.add_all(scores.rows)


def _arm_masks(case: SnapshotCase, predicted: Masks | None) -> Mapping[str, str]:
    if predicted is not None:
        return predicted[case.name]
    return {r.structure: r.present_sha256 for r in case.references if r.present_sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scorer:
    """Measures the structures `names` for one run."""

    study: Study
    catalogue: Catalogue
    run_id: int
    names: Collection[str]

    def score_case(
        self, case: SnapshotCase, grid: Grid, arm: Arm, masks: Mapping[str, str]
    ) -> Iterator[RunScore]:
        """A row for each reference of the case for which the arm has a mask."""
        for reference in case.references:
            name = reference.structure
            if name in self.names and name in masks:
                panel = self._measure(reference, grid, masks[name])
                yield RunScore(
                    run_id=self.run_id,
                    case_id=case.case_id,
                    structure=name,
                    arm=arm,
                    reference_kind=reference.kind,
                    reference_sha256=reference.mask_sha256,
                    prediction_sha256=masks[name],
                    dice=_defined(panel.dice),
                    hd95_mm=_defined(panel.hd95_mm),
                    surface_dice=_defined(panel.surface_dice),
                    volume_prediction_cc=_defined(panel.volume_prediction_cc),
                )

    def _measure(self, reference: SnapshotReference, grid: Grid, predicted_sha256: str) -> Panel:
        return measure_pair(
            self.study.labels.get_mask(reference.mask_sha256, grid),
            self.study.labels.get_mask(predicted_sha256, grid),
            grid.spacing_mm,
            tolerance_mm=self.catalogue.get_structure(reference.structure).tolerance_mm,
        )


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _find_swapped(
    study: Study, catalogue: Catalogue, grid: Grid, masks: Mapping[str, str]
) -> list[str]:
    """Pairs whose left one does not lie on the patient's left (anatomy/rules.py)."""
    found = []
    for name in masks:
        structure = catalogue.structures.get(StructureName(name))
        partner = structure.pair if structure is not None and structure.side == "L" else None
        if partner is None or partner not in masks:
            continue
        left = study.labels.get_mask(masks[name], grid)
        right = study.labels.get_mask(masks[partner], grid)
        if is_on_wrong_side("L", left, right):
            found.extend([name, partner])
    return found
