"""Settings of a run: every value with its explanation, and the presets that fill them.

The table of the docs and the widgets of the page derive from `explain_settings`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from han5k_review.errors import ConfigError
from han5k_review.retraining.presets import PRESETS


def _explained(label: str, text: str, *, unit: str = "", **given: Any) -> Any:
    return field(metadata={"explanation": text, "label": label, "unit": unit}, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """All settings of one run; each field carries its explanation."""

    count_references: bool = _explained(
        "Also train on reference contours",
        "Reference contours of training cases teach too, as partial clinical labels do. Off: only "
        "graded 'no revision' and accepted revisions teach.",
    )
    replay: bool = _explained(
        "Replay what the parent knows",
        "With a parent model: ungraded pseudo-labels of structures of which no revision was "
        "accepted teach too, so that the model does not forget them.",
    )
    replay_cases: int = _explained(
        "Cases to replay",
        "With a parent model: how many cases without a contour that a person drew teach again, "
        "spread over sites and structures; 0: all. Cases with such a contour always teach.",
        default=0,  # what a manifest from before this setting means
    )
    replay_seed: int = _explained(
        "Seed of the replayed sample",
        "Which cases are replayed; 0: others in each run.",
        default=0,
    )
    revised_weight: int = _explained(
        "Weight of revised cases",
        "How many times more often, at least, a case with a trusted contour other than 'replayed' "
        "is taken. With a parent, cases in which a person drew a contour fill half of the batches.",
    )
    monitor_fraction: float = _explained(
        "Patients set aside for the curve",
        "Share of training patients set aside to draw the pseudo-Dice curve, none of them below "
        "five patients: the curve then shows training cases. Patients in whom a person drew are "
        "only set aside when they choose how much of the parent is mixed in.",
        unit="share",
    )
    working_spacing_mm: float | None = _explained(
        "Working spacing",
        "Volumes are averaged down to about this spacing before nnU-Net sees them, and predictions "
        "brought back. Empty: native resolution, nnU-Net plans the spacing.",
        unit="mm",
    )
    crop_to_body: bool = _explained(
        "Crop to the body",
        "Volumes are cut to the box of the patient's body, so that no time goes into air.",
    )
    memory_target_gb: float = _explained(
        "Memory target",
        "What nnU-Net's planner may assume as device memory; it sizes patch, depth and batch. With "
        "a parent: its patches are made smaller to fit.",
        unit="GB",
    )
    base_features: int = _explained(
        "Features of the first stage", "Feature maps of the first stage; doubled at each stage."
    )
    max_features: int = _explained(
        "Most features of a stage", "Upper limit of feature maps in deep stages."
    )
    decoder_convolutions: int = _explained(
        "Convolutions per decoder stage", "Convolutions per decoder stage; nnU-Net has two."
    )
    architecture: str = _explained(
        "Architecture from scratch",
        "`plain` is nnU-Net's U-Net, `residual` the one with a residual encoder (M at a memory "
        "target of 8 GB, L at 24). With a parent: the parent's.",
        default="plain",  # what a manifest from before this setting means
    )
    epochs: int = _explained("Epochs", "Epochs; a checkpoint is written after each.")
    iterations_per_epoch: int = _explained(
        "Training steps per epoch", "Training steps in an epoch."
    )
    monitor_iterations: int = _explained(
        "Measuring steps per epoch", "Steps per epoch that only measure the pseudo-Dice."
    )
    optimizer: str = _explained(
        "Optimizer", "`sgd` is nnU-Net's own; `adamw` learns faster in very short runs."
    )
    learning_rate: float = _explained(
        "Learning rate from scratch", "First learning rate when training from scratch."
    )
    learning_rate_adapt: float = _explained(
        "Learning rate from a parent", "First learning rate when a parent is continued."
    )
    warm_up_epochs: int = _explained(
        "Epochs of warm-up",
        "Epochs in which the learning rate grows to its first value; 0: none.",
        default=0,
    )
    average_decay: float = _explained(
        "Decay of the averaged weights",
        "The published weights are a moving average over the steps, with this decay; 0: those of "
        "the last step.",
        default=0.0,
    )
    foreground_share: float = _explained(
        "Patches on a trusted structure",
        "Share of patches centred on a trusted structure.",
        unit="share",
    )
    mirroring: bool = _explained(
        "Mirror front/back and up/down",
        "Mirror front/back and up/down in training. Left/right is never mirrored.",
    )
    tile_step: float = _explained(
        "Step of the prediction window",
        "Step of the prediction window, as a share of the patch.",
        unit="share of the patch",
    )
    keep_largest_piece: bool = _explained(
        "Keep only the largest piece",
        "The model keeps only the largest piece of structures whose training contours are one "
        "piece. Off: every piece it predicts stays.",
        default=False,  # what a manifest from before this setting means
    )
    mix_with_parent: bool = _explained(
        "Mix with the parent",
        "With a parent model: the published weights are alpha trained + (1 - alpha) parent, alpha "
        "among 0.5, 0.75 and 1 by Dice with what people drew in the patients set aside; 1 where "
        "they are fewer than three.",
        default=False,  # what a manifest from before this setting means
    )
    seed: int = _explained(
        "Seed", "Seed; each epoch derives its own, so a resumed run repeats exactly."
    )
    threads: int = _explained(
        "CPU threads", "CPU threads of torch. On busy machines one is faster than two."
    )
    loader_processes: int = _explained(
        "Processes that prepare batches",
        "Processes that prepare batches; 0 prepares them in the trainer and is reproducible.",
    )
    compile_network: bool = _explained(
        "Compile the network (GPU)",
        "torch.compile of the network that is trained; only on a GPU. Where it fails, the run goes "
        "on without it.",
    )


_ADAPTER = TypeAdapter(RunSettings)


def resolve_settings(preset: str, overrides: Mapping[str, Any] | None = None) -> RunSettings:
    """The preset's values with `overrides` on top; ConfigError names what does not fit."""
    if preset not in PRESETS:
        raise ConfigError(f"One of {', '.join(PRESETS)} was expected as preset, found {preset!r}.")
    values = {**PRESETS[preset], **(overrides or {})}
    unknown = sorted(set(values) - {f.name for f in fields(RunSettings)})
    if unknown:
        raise ConfigError(f"No setting of a run is called {', '.join(unknown)}; see the docs.")
    try:
        settings = _ADAPTER.validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"The setting {'.'.join(map(str, first['loc']))} cannot be {first['input']!r}: "
            f"{first['msg']}."
        ) from error
    _check(settings)
    return settings


def _check(settings: RunSettings) -> None:
    positive = ("epochs", "iterations_per_epoch", "monitor_iterations", "threads", "base_features")
    for name in (*positive, "revised_weight", "memory_target_gb", "learning_rate", "tile_step"):
        if getattr(settings, name) <= 0:
            raise ConfigError(
                f"The setting {name} must be above 0, found {getattr(settings, name)}."
            )
    for name in ("replay_cases", "replay_seed", "warm_up_epochs"):
        if getattr(settings, name) < 0:
            raise ConfigError(f"The setting {name} must be 0 or more.")
    for name in ("foreground_share", "monitor_fraction"):
        if not 0 <= getattr(settings, name) <= 1:
            raise ConfigError(f"The setting {name} must lie between 0 and 1.")
    if not 0 <= settings.average_decay < 1:
        raise ConfigError("The setting average_decay must be 0 or more, and below 1.")
    if settings.architecture not in ("plain", "residual"):
        raise ConfigError(
            f"The architecture is plain or residual, found {settings.architecture!r}."
        )
    if settings.optimizer not in ("sgd", "adamw"):
        raise ConfigError(f"The optimizer is sgd or adamw, found {settings.optimizer!r}.")
    if settings.working_spacing_mm is not None and settings.working_spacing_mm <= 0:
        raise ConfigError("The setting working_spacing_mm must be above 0 mm, or empty.")


def settings_values(settings: RunSettings) -> dict[str, Any]:
    """The settings as a plain mapping, as the run's row keeps them."""
    return asdict(settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingWords:
    """What people read of a setting, and its value per preset."""

    name: str
    label: str
    unit: str
    explanation: str
    values: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


def explain_settings() -> list[SettingWords]:
    """Every setting, in order."""
    return [
        SettingWords(
            name=f.name,
            label=str(f.metadata["label"]),
            unit=str(f.metadata["unit"]),
            explanation=str(f.metadata["explanation"]),
            values={p: PRESETS[p][f.name] for p in PRESETS},
        )
        for f in fields(RunSettings)
    ]


def settings_table() -> str:
    """The settings as a Markdown table, for the docs and the page."""
    lines = [
        f"| setting | on the page | {' | '.join(PRESETS)} | meaning |",
        "|---|---|" + "---|" * (len(PRESETS) + 1),
    ]
    for row in explain_settings():
        cells = " | ".join("-" if v is None else str(v) for v in row.values.values())
        lines.append(f"| `{row.name}` | {row.title} | {cells} | {row.explanation} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(settings_table())
