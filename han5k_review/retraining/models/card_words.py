"""The words of a model card that are the same for every model, and those about its training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from han5k_review.retraining.models.model_facts import ModelFacts, TrainingFacts
from han5k_review.retraining.teaching.declared import Declared, describe_declared
from han5k_review.retraining.teaching.gate import StructureVerdict, Verdict
from han5k_review.texts.counts import say_count

NOT_STATED = "not stated"
FIRST_VERSION = "First of its line: not continued from another model of the study."
INTENDED_USE = (
    "Pseudo-labels of organs at risk that people look at, grade and correct before any further "
    "use; never contours for treatment."
)
LIMITS = (
    "Post-operative anatomy, implants and metal artefacts, contrast or scanners unlike those of "
    "the training cases, children, tumours that displace organs, and definitions of structures "
    "that differ from the study's were not examined."
)
IMPORTED_NOTE = "Imported: no run of this study measured it; measure it on the cohort page."
OTHER: tuple[tuple[str, str], ...] = (
    ("Ethical use", "Patient data stay in the study; the software ships neither data nor weights."),
    (
        "Risk",
        "A wrong contour that nobody looks at. Every prediction is a label version under review "
        "and teaches nothing before people accepted it.",
    ),
    (
        "Monitoring",
        "Grades of its contours, metrics per model version (cohort page, trend), and the gate of "
        "each next run; an earlier model can be put back in use.",
    ),
)


def describe_verdicts(verdicts: Sequence[StructureVerdict]) -> str:
    """What the gate found worse, left open, or measured on biased references."""
    worse = [v.structure for v in verdicts if v.verdict is Verdict.WORSE]
    open_ = [v.structure for v in verdicts if v.verdict is Verdict.UNDECIDED]
    told = [f"Worse than before by the gate: {', '.join(worse)}."] if worse else []
    told += [f"Not decided by the gate: {', '.join(open_)}."] if open_ else []
    biased = [v.structure for v in verdicts if v.biased_cases]
    told += (
        [
            "Measured on references that exist only because the contour was revised, which favours "
            f"any other model: {', '.join(biased)}."
        ]
        if biased
        else []
    )
    return " ".join(told) or "None recorded by the gate."


def tell(value: object) -> str:
    """The value as a card prints it; what is None was not kept."""
    return NOT_STATED if value is None else str(value)


def tell_declared(declared: Declared, *, is_imported: bool) -> Iterator[tuple[str, str]]:
    """Who taught a model elsewhere: of an imported one, and of what continues one."""
    if is_imported or declared.patients:
        yield "Patients who taught it elsewhere", describe_declared(declared)


def describe_alpha(training: TrainingFacts) -> str:
    """How much of the parent is in the weights, and who decided it."""
    if training.alpha is None:
        return "As they were trained"
    told = f"{training.alpha:g} trained + {1 - training.alpha:g} parent"
    if not training.alpha_cases:
        return f"{told}: no monitor case to choose by"
    measured = ", ".join(f"{alpha}: {dice:.4f}" for alpha, dice in training.alpha_dice.items())
    cases = say_count(training.alpha_cases, "monitor case")
    return f"{told}, chosen by Dice on {cases} ({measured})"


def describe_training(facts: ModelFacts, labels: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The fields of section 3 from what was kept at training time."""
    training = facts.training
    if training is None:
        yield "Training data", f"{NOT_STATED}: the model was imported"
        yield "SHA-256 of the imported checkpoint", tell(facts.source_sha256)
        return
    settings, taught = training.told, training.trusted_contours
    yield "Cases", tell(training.cases)
    yield "Patients", tell(training.patients)
    yield "Split", "By patient, fixed at import; held-out patients never teach"
    yield (
        "Contours that taught",
        ", ".join(f"{name}: {taught.get(name, 0)}" for name in labels),
    )
    yield (
        "Where they come from",
        "Pseudo-labels graded 'no revision' or accepted as they are, and accepted revisions"
        + ("; reference contours" if settings.count_references else "")
        + ("; pseudo-labels nobody wants revised (replay)" if settings.replay else ""),
    )
    yield "Manifest SHA-256", tell(training.manifest_sha256)
    yield (
        "Method",
        "Marginal partial-label loss (cross-entropy and Dice): untrusted contours teach nothing",
    )
    yield "Preset", tell(training.preset)
    yield "Epochs", f"{tell(training.epochs)} of {tell(settings.epochs)}"
    yield "Optimiser", f"{tell(settings.optimizer)}, seed {tell(settings.seed)}"
    mirrored = "front/back and up/down" if settings.mirroring else "none"
    yield "Augmentation", f"nnU-Net's; mirrored: {mirrored}; left/right never"
    yield "Weights", describe_alpha(training)
    yield "Parent checkpoint SHA-256", training.parent_checkpoint_sha256 or "none"
    yield (
        "Hardware",
        f"GPUs: {training.gpus or 'none'}; main memory in GB: {tell(training.peak_ram_gb)}",
    )
    yield "Duration in seconds", tell(training.seconds)
