"""What a job's process produced, by kind of job, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import AliasChoices, Field

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.piece_rule import RegisteredPostprocessing


class JobOutcome(StrEnum):
    """How a process ended, in its own words."""

    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainResult:
    """A trained model in the job's folder. What an older process did not tell is None or empty.

    `nested`: inner structure -> the one it is added back to; patch and spacing are along z, y, x.
    `alpha`: the share of the trained weights beside the parent's, chosen by the mean Dice of each
    share (`alpha_dice`) on so many monitor cases; None where nothing was mixed.
    """

    checkpoint_sha256: str
    postprocessing: RegisteredPostprocessing | None = None
    epochs: int | None = None
    gpus: int = 0
    nested: dict[str, str] = field(default_factory=dict)
    patch_zyx: tuple[int, ...] = ()
    spacing_zyx_mm: tuple[float, ...] = ()
    prepare_seconds: float | None = None
    seconds: float | None = None
    peak_ram_gb: float | None = None
    alpha: float | None = None
    alpha_cases: int = 0
    alpha_dice: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """How far the predictions of one structure differ.

    `disagreement` is 1 minus the mean Dice of all pairs of predictions (of two empty ones 0);
    `volume_spread` is (largest - smallest volume) / mean volume, None when all are empty.
    """

    members: int
    disagreement: float
    volume_spread: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entropy:
    """How unsure one prediction is of one structure.

    `mean`: mean binary entropy (bits, 0 sure to 1 unsure) of the voxels that have it with a
    probability of 5 % or more, 0 without any; `highest`: the highest probability of all voxels,
    which of an empty prediction says how nearly the structure was found.
    """

    mean: float
    highest: float


CaseMasks = dict[str, str]
"""Structure -> mask hash, of one case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictResult:
    """`masks`: model -> case -> structure -> mask hash; `doubts` where they were measured, and
    `entropies`, which a process from before they were measured did not tell."""

    masks: dict[str, dict[str, CaseMasks]]
    doubts: dict[str, dict[str, dict[str, Doubt]]] = field(default_factory=dict)
    entropies: dict[str, dict[str, dict[str, Entropy]]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesResult:
    """How many CTs were predicted, how many had been before; a sentence for each odd file."""

    predicted: Annotated[int, Field(validation_alias=AliasChoices("predicted", "drawn"))]
    kept: int
    failed: dict[str, str]
    notices: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """A foreign model in the house's form, and the hash of the file it came from."""

    checkpoint_sha256: str
    source_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeImportResult:
    """How many cases came out how (`new`, `changed`, `unchanged`, `refused`), in how many files."""

    cases: dict[str, int]
    files: int
    unmatched_names: int


JobValues = TrainResult | PredictResult | FilesResult | ImportResult | TreeImportResult
_T = TypeVar("_T", TrainResult, PredictResult, FilesResult, ImportResult, TreeImportResult)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """`values` is what the task produced, None when it broke off; `error` a failure's sentence."""

    outcome: JobOutcome
    error: str = ""
    values: JobValues | None = None

    def get(self, kind: type[_T]) -> _T:
        """The values of a job of this kind; DataError for any other."""
        if not isinstance(self.values, kind):
            raise DataError(
                f"A {kind.__name__} was expected of the job, found {type(self.values).__name__}."
            )
        return self.values
