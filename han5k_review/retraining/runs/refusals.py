"""Why a run cannot start, and what a person should know before it does: a sentence each. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.retraining.settings import RunSettings
from han5k_review.retraining.teaching.snapshot import Snapshot, SnapshotCase
from han5k_review.retraining.teaching.trust import TrustReason
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import Split

_FEW = 3
DESTRUCTIVE_RATE = 1e-2  # at which nnU-Net trains from scratch
_NAMED = 6
_Predicted = Collection[tuple[int, str, str]]


def refuse_study(
    catalogue: Catalogue, cases: Sequence[Case], snapshot: Snapshot, group: str
) -> list[str]:
    """What the cases and their contours do not allow."""
    groups = sorted({s.group for s in catalogue})
    if group not in groups:
        return [f"Label group {group} has no structures; groups are {', '.join(groups)}."]
    found = []
    if not any(c.split is Split.TRAIN for c in cases):
        found.append("No case is in the training split; import cases into it.")
    elif not snapshot.teaching:
        found.append(
            f"No contour of label group {group} is trusted on a training case: grade "
            "pseudo-labels, accept revisions, or let the references of training cases teach "
            "(on the page: Also train on reference contours; `--count-references`)."
        )
    elif all(c.monitor for c in snapshot.teaching):
        found.append(
            "Every training patient is set aside for the pseudo-Dice curve; lower monitor_fraction."
        )
    if not any(c.split is Split.HELD_OUT for c in cases):
        found.append("No case is held out, so nothing could be measured; import some as held_out.")
    elif snapshot.teaching and not snapshot.held_out:
        found.append(
            "No held-out case has a trusted contour of these structures, of a patient who did not "
            "teach the parent elsewhere: import references, or review held-out cases."
        )
    both = _patients(snapshot.cases, Split.TRAIN) & _patients(snapshot.cases, Split.HELD_OUT)
    if both:
        found.append(f"Patients in training and held out at once: {', '.join(sorted(both))}.")
    return found


def refuse_parent(
    catalogue: Catalogue,
    snapshot: Snapshot,
    parent: ModelVersion,
    on_disk: Mapping[str, int] | None,
    predicted: _Predicted,
) -> list[str]:
    """What the parent model does not allow.

    `on_disk` is the label table in the parent's folder (None: the folder is gone), `predicted` are
    (case id, structure, mask hash) of everything the parent predicted itself.
    """
    found = []
    if on_disk is None:
        found.append(f"The files of the parent model {parent.name} are gone; restore them.")
    elif dict(on_disk) != dict(parent.labels):
        found.append(
            f"The label table of {parent.name} was expected to be {parent.labels}, its "
            f"dataset.json says {dict(on_disk)}; restore the model folder."
        )
    unknown = [name for name in parent.labels if name not in catalogue.structures]
    if unknown:
        found.append(
            f"{parent.name} predicts {', '.join(unknown)}, which the study's structure table does "
            "not have; add them to structures.csv or choose another parent."
        )
    if snapshot.teaching and _teaches_nothing_new(snapshot, predicted):
        found.append(
            f"Every trusted contour is what {parent.name} predicted itself: there is nothing to "
            "learn; accept revisions first."
        )
    return found


def refuse_rate(settings: RunSettings, parent: str) -> list[str]:
    """A first learning rate that would undo what the parent knows."""
    rate = settings.learning_rate_adapt
    if rate < DESTRUCTIVE_RATE:
        return []
    return [
        f"A learning_rate_adapt below {DESTRUCTIVE_RATE:g} was expected to continue {parent}, "
        f"found {rate:g}, at which a network forgets what it knew; choose 0.001 as the preset "
        "adapt does, or train without a parent."
    ]


def note_run(snapshot: Snapshot, preset: str, device: str, *, has_parent: bool) -> list[str]:
    """What does not stop the run, and should be known."""
    notes = []
    if not has_parent:
        notes.append(
            "No parent model: the net is trained from scratch, and 'before' is the present "
            "pseudo-label on the held-out cases."
        )
    if device == "cpu":
        notes.append(
            "The run goes to the CPU."
            if preset == "smoke"
            else "The run goes to the CPU, where this preset takes months; use a GPU."
        )
    taught = {n: sum(n in c.trusted for c in snapshot.teaching) for n in snapshot.labels}
    few = [f"{name} ({count})" for name, count in taught.items() if 0 < count < _FEW]
    if few:
        notes.append(f"Taught by fewer than {_FEW} contours: {_some(few)}.")
    silent = [name for name, count in taught.items() if count == 0]
    if silent:
        notes.append(f"Kept from the parent, nothing new teaches them: {_some(silent)}.")
    settings = snapshot.settings
    mixes = has_parent and settings.mix_with_parent and settings.monitor_fraction > 0
    if mixes and not any(c.monitor and c.revised for c in snapshot.teaching):
        notes.append(
            "Nothing of the parent is mixed into the weights: fewer than three patients in whom a "
            "person drew a contour would be set aside to choose how much."
        )
    unjudged = [
        n
        for n in snapshot.labels
        if not any(r.structure == n for c in snapshot.held_out for r in c.references)
    ]
    if unjudged:
        notes.append(f"Learned, but with nothing to judge them on: {_some(unjudged)}.")
    return notes


def note_unlearned(trusted: Mapping[str, int], parent: str) -> list[str]:
    """Trusted contours of structures that the parent has no label for: they teach it nothing."""
    if not trusted:
        return []
    told = _some([f"{name} ({count})" for name, count in trusted.items()])
    return [
        f"Not learned, since {parent} does not predict them: trusted contours of {told}. A run "
        "without a parent learns them, or one from a parent that predicts them."
    ]


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more: the table below the notes has them all."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _patients(cases: Sequence[SnapshotCase], split: Split) -> set[str]:
    return {c.patient for c in cases if c.split is split}


def _teaches_nothing_new(snapshot: Snapshot, predicted: _Predicted) -> bool:
    """True when each trusted mask is, bit for bit, one the parent predicted on that case.

    An accepted revision counts as new only where it changed something; a replayed contour never
    does.
    """
    return all(
        m.reason is TrustReason.REPLAYED or (c.case_id, m.structure, m.mask_sha256) in predicted
        for c in snapshot.teaching
        for m in c.masks
        if m.trusted and m.structure in snapshot.labels
    )
