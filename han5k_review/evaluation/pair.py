"""Measuring a batch of pairs from their label files: what a worker process does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from han5k_review.errors import Han5kError
from han5k_review.evaluation.plan import PlannedPair
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import Definition, Panel, measure_pair
from han5k_review.store.label_files import LabelFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBatch:
    """Pairs of one case, with all that a process needs which knows nothing of the database."""

    case: str
    grid: Grid
    labels: LabelFiles
    definition: Definition
    pairs: tuple[PlannedPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOutcome:
    """A pair with its panel, or with the reason why it could not be measured (never both)."""

    pair: PlannedPair
    panel: Panel | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What came out of one batch, in its order."""

    case: str
    outcomes: tuple[PairOutcome, ...]


def measure_batches(batches: tuple[PairBatch, ...]) -> tuple[BatchOutcome, ...]:
    """Measure the batches of several cases in one task.

    Top level and picklable, so that any `concurrent.futures.Executor` can run it.
    """
    return tuple(measure_batch(batch) for batch in batches)


def measure_batch(batch: PairBatch) -> BatchOutcome:
    """Measure every pair of the batch; a pair that fails carries its reason, the others go on."""
    return BatchOutcome(case=batch.case, outcomes=tuple(_measure_all(batch)))


def _measure_all(batch: PairBatch) -> Iterable[PairOutcome]:
    masks: dict[str, StructureMask] = {}
    for pair in batch.pairs:
        try:
            for sha256 in (pair.reference.mask_sha256, pair.prediction.mask_sha256):
                if sha256 not in masks:
                    masks[sha256] = batch.labels.get_mask(sha256, batch.grid)
            panel = measure_pair(
                masks[pair.reference.mask_sha256],
                masks[pair.prediction.mask_sha256],
                batch.grid.spacing_mm,
                tolerance_mm=pair.tolerance_mm,
                definition=batch.definition,
            )
        except Han5kError as error:
            yield PairOutcome(pair=pair, panel=None, reason=str(error))
        except (ValueError, ArithmeticError, MemoryError) as error:
            reason = f"measuring stopped: {type(error).__name__}: {error}"
            yield PairOutcome(pair=pair, panel=None, reason=reason)
        else:
            yield PairOutcome(pair=pair, panel=panel, reason=None)
