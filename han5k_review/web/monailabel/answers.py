"""What MONAI Label's clients are answered, as types; the names are theirs."""

from __future__ import annotations

from typing import Any

from han5k_review.web.answers import Answer


class EnabledAnswer(Answer):
    """Whether one has to sign in."""

    enabled: bool


class TokenAnswer(Answer):
    """A token in the form of OAuth 2."""

    access_token: str
    token_type: str


class ValidAnswer(Answer):
    """Whose token it is."""

    username: str


class ModelAnswer(Answer):
    """What "Run" offers."""

    type: str
    labels: list[str]
    dimension: int
    description: str


class StrategyAnswer(Answer):
    """What "Next Sample" offers."""

    description: str


class StatsAnswer(Answer):
    """How many of the own reads are graded or revised."""

    total: int
    completed: int
    label_tags: dict[str, int]


class InfoAnswer(Answer):
    """What the server has for this person."""

    name: str
    description: str
    version: str
    labels: list[str]
    models: dict[str, ModelAnswer]
    trainers: dict[str, Any]
    strategies: dict[str, StrategyAnswer]
    scoring: dict[str, Any]
    train_stats: dict[str, Any]
    datastore: StatsAnswer


class SampleAnswer(Answer):
    """The next case; nothing at all when none is left."""

    id: str | None = None
    name: str | None = None
    PatientID: str | None = None


class StoredAnswer(Answer):
    """An image or a label of the datastore: its ending, and what is known of it."""

    ext: str
    info: dict[str, Any]


class ObjectAnswer(Answer):
    """An image with its labels by tag."""

    image: StoredAnswer
    labels: dict[str, StoredAnswer]


class DatastoreAnswer(Answer):
    """With `output=all` the objects, else the numbers."""

    objects: dict[str, ObjectAnswer] | None = None
    total: int | None = None
    completed: int | None = None
    label_tags: dict[str, int] | None = None


class SavedAnswer(Answer):
    """What became of a label: revisions that wait, and what was not taken, in sentences."""

    image: str
    label: str
    revised: list[str]
    unchanged: list[str]
    left_empty: list[str]
    notes: list[str]
