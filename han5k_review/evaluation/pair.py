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
    """Pairs of one case that are to be measured."""

    case: str
    grid: Grid
    labels: LabelFiles
    definition: Definition
    pairs: tuple[PlannedPair, ...]

    @property
    def work(self) -> BatchWork:
        """What a process needs that knows nothing of the database, quick to send."""
        return BatchWork(
            grid=self.grid,
            labels=self.labels,
            definition=self.definition,
            masks=tuple((p.reference.mask_sha256, p.prediction.mask_sha256) for p in self.pairs),
            tolerances_mm=tuple(pair.tolerance_mm for pair in self.pairs),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWork:
    """The pairs of a batch as hashes (reference, prediction) and tolerances."""

    grid: Grid
    labels: LabelFiles
    definition: Definition
    masks: tuple[tuple[str, str], ...]
    tolerances_mm: tuple[float, ...]


# The panel of a pair, or the reason why it could not be measured (never both).
Answer = tuple[Panel | None, str | None]


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
    definition: Definition
    outcomes: tuple[PairOutcome, ...]


def join_answers(batch: PairBatch, answers: tuple[Answer, ...]) -> BatchOutcome:
    """The answers of a worker beside the pairs they belong to."""
    return BatchOutcome(
        case=batch.case,
        definition=batch.definition,
        outcomes=tuple(
            PairOutcome(pair=pair, panel=panel, reason=reason)
            for pair, (panel, reason) in zip(batch.pairs, answers, strict=True)
        ),
    )


def measure_batches(works: tuple[BatchWork, ...]) -> tuple[tuple[Answer, ...], ...]:
    """Measure the batches of several cases in one task.

    Top level and picklable, so that any `concurrent.futures.Executor` can run it.
    """
    return tuple(tuple(_measure_all(work)) for work in works)


def _measure_all(work: BatchWork) -> Iterable[Answer]:
    """Measure every pair; one that fails is answered with its reason, the others go on."""
    read: dict[str, StructureMask] = {}
    for hashes, tolerance_mm in zip(work.masks, work.tolerances_mm, strict=True):
        try:
            for sha256 in hashes:
                if sha256 not in read:
                    read[sha256] = work.labels.get_mask(sha256, work.grid)
            panel = measure_pair(
                read[hashes[0]],
                read[hashes[1]],
                work.grid.spacing_mm,
                tolerance_mm=tolerance_mm,
                definition=work.definition,
            )
        except Han5kError as error:
            yield None, str(error)
        except (ValueError, ArithmeticError, MemoryError) as error:
            yield None, f"measuring stopped: {type(error).__name__}: {error}"
        else:
            yield panel, None
