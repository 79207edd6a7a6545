"""What the study keeps of a model beside its files: the row's `card`, as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter, ValidationError

from han5k_review import __version__
from han5k_review.errors import DataError
from han5k_review.retraining.jobs.piece_rule import RegisteredPostprocessing
from han5k_review.retraining.jobs.results import TrainResult
from han5k_review.retraining.teaching.snapshot import Snapshot
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.tables import ModelVersion

_USE = "Research use only. Not a medical device."


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSettings:
    """The settings of a run that a card tells; None where an older run had none."""

    working_spacing_mm: float | None = None
    crop_to_body: bool = False
    count_references: bool = False
    replay: bool = False
    epochs: int | None = None
    optimizer: str | None = None
    seed: int | None = None
    mirroring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFacts:
    """How a model was trained; None where it was not kept. Patch and spacing are along z, y, x.

    `settings` are all of the run's, `told` those that a card tells.
    """

    run: int | None = None
    preset: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    manifest_sha256: str | None = None
    cases: int | None = None
    patients: int | None = None
    trusted_contours: dict[str, int] = field(default_factory=dict)
    parent_checkpoint_sha256: str | None = None
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

    @property
    def told(self) -> CardSettings:
        """The settings that a card tells."""
        return _SETTINGS.validate_python(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutFacts:
    """On how many cases and patients the run measured the model."""

    held_out_cases: int
    held_out_patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Everything kept of a model. An imported one has `origin` and `source_sha256` instead.

    A part that is None was not kept: the model is imported, or older than the part.
    """

    use: str = _USE
    task: str | None = None
    architecture: str | None = None
    software: dict[str, str] = field(default_factory=dict)
    training: TrainingFacts | None = None
    postprocessing: RegisteredPostprocessing | None = None
    evaluation: HeldOutFacts | None = None
    origin: str | None = None
    source_sha256: str | None = None


_SETTINGS = TypeAdapter(CardSettings)
_FACTS = TypeAdapter(ModelFacts)


def read_facts(model: ModelVersion) -> ModelFacts:
    """The typed card of a model's row; DataError when it is not as the house writes it."""
    try:
        return _FACTS.validate_python(model.card)
    except ValidationError as error:
        raise DataError(
            f"The card of the model {model.name} was expected as it was written, found: {error}."
        ) from error


def write_facts(facts: ModelFacts) -> dict[str, Any]:
    """The facts as the row keeps them: what is None is left out."""
    found: dict[str, Any] = _FACTS.dump_python(facts, mode="json", exclude_none=True)
    return found


def build_facts(run: RetrainRun, snapshot: Snapshot, result: TrainResult) -> ModelFacts:
    """What is kept of a model that a run trained."""
    told: Mapping[str, Any] = asdict(result)
    kept = {k: v for k, v in told.items() if k not in ("checkpoint_sha256", "postprocessing")}
    return ModelFacts(
        task=f"Contours of label group {snapshot.group} on head-and-neck planning CT",
        architecture="nnU-Net v2, 3d_fullres, marginal partial-label loss",
        software={
            "han5k-review": __version__,
            "nnunetv2": version("nnunetv2"),
            "torch": version("torch"),
        },
        training=TrainingFacts(
            run=run.id,
            preset=run.preset,
            settings=run.settings,
            manifest_sha256=run.manifest_sha256,
            cases=len(snapshot.teaching),
            patients=len({c.patient for c in snapshot.teaching}),
            trusted_contours={
                n: sum(n in c.trusted for c in snapshot.teaching) for n in snapshot.labels
            },
            parent_checkpoint_sha256=snapshot.parent_checkpoint_sha256,
            **kept,
        ),
        postprocessing=result.postprocessing,
        evaluation=HeldOutFacts(
            held_out_cases=len(snapshot.held_out),
            held_out_patients=len({c.patient for c in snapshot.held_out}),
        ),
    )


def build_imported_facts(origin: str, source_sha256: str) -> ModelFacts:
    """What is kept of a model that was trained elsewhere."""
    return ModelFacts(origin=origin, source_sha256=source_sha256)
