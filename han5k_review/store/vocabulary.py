"""Closed vocabularies of the tables. The stored text is the member's value."""

from __future__ import annotations

from enum import StrEnum


class LabelSource(StrEnum):
    """Where a label version comes from; `empty` holds nothing: a contour is drawn from it.

    A `proposal` was learned from accepted revisions and waits for a person: it never counts.
    """

    PSEUDO = "pseudo"
    REFERENCE = "reference"
    REVISION = "revision"
    PREDICTION = "prediction"
    PLANTED = "planted"
    EMPTY = "empty"
    PROPOSAL = "proposal"


APART = (LabelSource.PLANTED, LabelSource.EMPTY)
"""Made for the study alone: what corrects them is kept, and is never a contour of the case."""


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


class Scope(StrEnum):
    """What a personal token may be for; `accounts.may` says what each covers."""

    READ = "read"
    REVISE = "revise"
    RUNS = "runs"
    EXPORT = "export"


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
    """States of a prediction; the moves are in `retraining/predictions/prediction_record.py`.

    Databases of before hold the word "drawing", and a CHECK keeps it: `word` is what people read.
    """

    QUEUED = "queued"
    PREDICTING = "drawing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def word(self) -> str:
        """The state as pages, commands and the audit trail call it."""
        return self.name.lower()


class ImportState(StrEnum):
    """States of an import that a page started; the moves are in `intake.record`."""

    QUEUED = "queued"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PredictionAct(StrEnum):
    """What a person decided about the contours of a finished prediction."""

    PUT_UNDER_REVIEW = "put under review"
    SET_ASIDE = "set aside"
    WITHDRAWN = "withdrawn"


class ProposalAct(StrEnum):
    """What a person decided about a proposal."""

    TAKEN = "taken"
    REFUSED = "refused"
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


class Preset(StrEnum):
    """The designs of reader studies that ship; `own` is none of them."""

    ACCEPTANCE = "acceptance"
    COMPARISON = "blinded comparison"
    FORCED_CHOICE = "forced choice"
    TWO_READS = "two reads and adjudication"
    TIMED_REVISION = "timed revision"
    INTRA_READER = "intra-reader"
    TRAINING = "training"
    OWN = "own"


class ReadOrder(StrEnum):
    """What a reader finishes first: all structures of a case, or one structure in all cases."""

    CASE_WISE = "case by case"
    STRUCTURE_WISE = "structure by structure"


class Blinding(StrEnum):
    """What a reader sees beside the contour: nothing, or also sources, references and doubts."""

    BLIND = "blind"
    OPEN = "open"


class AdjudicationRule(StrEnum):
    """Which contours an adjudicator looks at after the reads."""

    NONE = "none"
    ONE_LEVEL = "one level apart"
    TWO_LEVELS = "two levels apart"
    ANY_MAJOR = "any major"
    SAMPLE = "a random sample"


class Endpoint(StrEnum):
    """The one question that the study is made for."""

    ACCEPTABLE = "share acceptable"
    PREFERENCE = "preference"
    SOURCES = "difference between sources"
    AGREEMENT = "agreement between readers"
    REPEATABILITY = "agreement with oneself"
    TIME = "active time"
    LEARNING = "agreement with the consensus"


class CertificateKind(StrEnum):
    """Whether a structure is released, and when one may look."""

    NONE = "none"
    FIXED = "fixed number"
    SEQUENTIAL = "sequential"


class PlantedKind(StrEnum):
    """Errors that are made on purpose; the functions are in imaging/flaws.py."""

    MISSING_SLICE = "missing_slice"
    ISLAND = "island"
    OVER_SEGMENTATION = "over_segmentation"
    UNDER_SEGMENTATION = "under_segmentation"
    LEAK = "leak"
    TRUNCATED = "truncated"
    SHIFTED = "shifted"
    SWAPPED_SIDE = "swapped_side"


class SourceGuess(StrEnum):
    """What a blind reader thinks made the contour."""

    MODEL = "a model"
    PERSON = "a person"
    UNSURE = "not sure"


class Choice(StrEnum):
    """What a reader of a forced choice says of two contours beside each other."""

    LEFT = "left"
    RIGHT = "right"
    NEITHER = "neither"
    BOTH_POOR = "both_poor"


class TriageKind(StrEnum):
    """What a score of triage is: a rank in the cohort, or a probability learned from grades."""

    COHORT = "cohort"
    GRADES = "grades"


class DrawArm(StrEnum):
    """Why a case was put on a list: drawn at random with a known probability, or for its doubt."""

    RANDOM = "random"
    DOUBT = "doubt"
