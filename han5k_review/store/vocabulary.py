"""Closed vocabularies of the tables. The stored text is the member's value."""

from __future__ import annotations

from enum import StrEnum


class LabelSource(StrEnum):
    """Where a label version comes from."""

    PSEUDO = "pseudo"
    REFERENCE = "reference"
    REVISION = "revision"
    PREDICTION = "prediction"


class Split(StrEnum):
    """Fixed at import, by patient: held-out patients never train."""

    TRAIN = "train"
    HELD_OUT = "held_out"


class Role(StrEnum):
    """What a person is in the study; `accounts.may` says what each role may do."""

    READER = "reader"
    ADJUDICATOR = "adjudicator"
    LEAD = "lead"
    ENGINEER = "engineer"
    ADMIN = "admin"


class GradeLevel(StrEnum):
    """The three-level grade every scale maps to, and the two non-grades."""

    NO = "no"
    MINOR = "minor"
    MAJOR = "major"
    NOT_ASSESSABLE = "not_assessable"
    ABSENT = "absent"


class Decision(StrEnum):
    """What an adjudicator says of a submitted revision."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SignatureAct(StrEnum):
    """What was done to a read: signed by its reader, or opened again by another person."""

    SIGNED = "signed"
    UNLOCKED = "unlocked"


class DraftState(StrEnum):
    """What became of a draft; only an open one takes patches."""

    OPEN = "open"
    SUBMITTED = "submitted"
    DISCARDED = "discarded"


class PatchMode(StrEnum):
    """What a patch does to its box: flip the marked voxels, or become what is marked."""

    XOR = "xor"
    REPLACE = "replace"


class RunState(StrEnum):
    """States of a retraining run; the transitions are in `retraining.lifecycle`."""

    QUEUED = "queued"
    PREPARING = "preparing"
    TRAINING = "training"
    EVALUATING = "evaluating"
    AWAITING_APPROVAL = "awaiting_approval"
    PROMOTED = "promoted"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PredictionState(StrEnum):
    """States of a prediction; the moves are in `retraining.prediction_record`."""

    QUEUED = "queued"
    DRAWING = "drawing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PredictionAct(StrEnum):
    """What a person decided about the contours of a finished prediction."""

    PUT_UNDER_REVIEW = "put under review"
    SET_ASIDE = "set aside"
    WITHDRAWN = "withdrawn"


class Uncertainty(StrEnum):
    """How a prediction finds out how sure its contours are."""

    OFF = "off"
    MIRRORED = "mirrored"
    SHIFTED = "shifted"
    ENSEMBLE = "ensemble"


class ModelState(StrEnum):
    """Where a model version stands."""

    CANDIDATE = "candidate"
    PROMOTED = "promoted"
    DECLINED = "declined"
    RETIRED = "retired"


class ModelAct(StrEnum):
    """What a person decided about a model version."""

    PROMOTED = "promoted"
    DECLINED = "declined"
    PUT_IN_USE = "put in use"
    ROLLED_BACK = "rolled back"
    TAKEN_OUT = "taken out of use"


class Arm(StrEnum):
    """Whose contours a run score measures: the parent's, the new model's, or those under review."""

    PARENT = "parent"
    CANDIDATE = "candidate"
    IN_USE = "in_use"


class ReferenceKind(StrEnum):
    """Why a held-out contour counts as a reference in a run's evaluation."""

    REFERENCE = "reference"
    REVISED = "revised"
    UNCHANGED = "unchanged"
