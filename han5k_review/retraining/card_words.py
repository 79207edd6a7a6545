"""The words of a model card that are the same for every model, and those about its training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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


def describe_training(
    card: Mapping[str, Any], labels: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """The fields of section 3 from what was kept at training time."""
    training = card.get("training")
    if not training:
        yield "Training data", f"{NOT_STATED}: the model was imported"
        yield "SHA-256 of the imported checkpoint", str(card.get("source_sha256", NOT_STATED))
        return
    settings = training.get("settings", {})
    taught = training.get("trusted_contours", {})
    yield "Cases", str(training.get("cases", NOT_STATED))
    yield "Patients", str(training.get("patients", NOT_STATED))
    yield "Split", "By patient, fixed at import; held-out patients never teach"
    yield (
        "Contours that taught",
        ", ".join(f"{name}: {taught.get(name, 0)}" for name in labels),
    )
    yield (
        "Where they come from",
        "Pseudo-labels graded 'no revision' or accepted as they are, and accepted revisions"
        + ("; reference contours" if settings.get("count_references") else "")
        + ("; pseudo-labels nobody wants revised (replay)" if settings.get("replay") else ""),
    )
    yield "Manifest SHA-256", str(training.get("manifest_sha256", NOT_STATED))
    yield (
        "Method",
        "Marginal partial-label loss (cross-entropy and Dice): untrusted contours teach nothing",
    )
    yield "Preset", str(training.get("preset", NOT_STATED))
    yield "Epochs", f"{training.get('epochs', NOT_STATED)} of {settings.get('epochs', NOT_STATED)}"
    yield (
        "Optimiser",
        f"{settings.get('optimizer', NOT_STATED)}, seed {settings.get('seed', NOT_STATED)}",
    )
    mirrored = "front/back and up/down" if settings.get("mirroring") else "none"
    yield "Augmentation", f"nnU-Net's; mirrored: {mirrored}; left/right never"
    yield "Parent checkpoint SHA-256", str(training.get("parent_checkpoint_sha256") or "none")
    yield (
        "Hardware",
        f"GPUs: {training.get('gpus') or 'none'}; "
        f"main memory in GB: {training.get('peak_ram_gb', NOT_STATED)}",
    )
    yield "Duration in seconds", str(training.get("seconds", NOT_STATED))
