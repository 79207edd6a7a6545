"""What a page hands to the viewer: `ViewerPayload.to_json()` is what docs/transport.md mounts.

Only plain JSON values leave here: Streamlit silently turns a mixed mapping into one string.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TypeAlias

from han5k_review.anatomy.rules import RULES, WHILE_DRAWING

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class LabelLine(StrEnum):
    """How the outlines of one label set are drawn."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"
    DASH_DOT = "dash-dot"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """One set of masks: `key` names it in URLs, `name` is what the reader may know of it.

    `color` (`#rrggbb`) is that of a read, for the chosen structure; None: the structure's own.
    """

    key: str
    name: str
    line: LabelLine
    url: str
    color: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerStructure:
    """One row of the structure list.

    `color` is `#rrggbb`, `color_safe` the one for the colour blind; `window` names one of the
    payload's windows; `warnings` are sentences; `label_version` is the version under review (None:
    there is no mask to grade). `inside` names a structure that should contain it, `pair` its
    partner on the other side, `tier` its risk tier.
    """

    name: str
    title: str
    color: str
    window: str
    group: str
    label_version: int | None
    tier: str | None = None
    color_safe: str | None = None
    pair: str | None = None
    side: str | None = None
    inside: str | None = None
    hint: str | None = None
    hint_source: str | None = None
    reference_dsc: float | None = None
    reference_hd95_mm: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerWindow:
    """A CT window by name; centre and width in Hounsfield units."""

    name: str
    centre_hu: float
    width_hu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerScaleGrade:
    """One grade: `key` gives it, `level` (no, minor, major, ...) chooses its colour and shape."""

    code: str
    key: str
    title: str
    level: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerScale:
    """The study's scale, grades in the order they are shown, and its issue tags."""

    name: str
    grades: tuple[ViewerScaleGrade, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenGrade:
    """A grade that stands in the database; `flagged_slices` are k indices.

    `turn` counts the acts of grading on its structure: of two grades the one with more is newer.
    """

    turn: int
    code: str
    graded_at_utc: str
    tags: tuple[str, ...] = ()
    comment: str = ""
    flagged_slices: tuple[int, ...] = ()
    confidence: int | None = None
    source_guess: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Where the reader stopped: a structure and an axial slice (k index; None: its centre)."""

    structure: str
    slice: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerRule:
    """A rule of anatomy: its sentence is said from `at_least` (in `unit`) on."""

    at_least: float
    unit: str
    decimals: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerBand:
    """How far from a contour's border accepted revisions ended: `share` of the next, of `n`."""

    margin_mm: float
    share: float
    n: int


def _list_rules() -> dict[str, ViewerRule]:
    return {
        key.value: ViewerRule(
            at_least=rule.at_least, unit=rule.unit, decimals=rule.decimals, sentence=rule.sentence
        )
        for key, rule in RULES.items()
        if key in WHILE_DRAWING
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the viewer asks and tells; the CT's index names its slabs, each label set its masks.

    `grades`, `position` and `signature` are None where there is nothing to grade, `drafts` where
    nothing can be edited, `dose` where none is known.
    """

    volume: str
    label_sets: str
    grades: str | None
    position: str | None
    drafts: str | None
    sign_in: str
    signature: str | None = None
    dose: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCase:
    """The reader's next case, which the viewer fetches once this one is whole."""

    assignment: int
    volume: str
    label_sets: tuple[LabelSet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCandidate:
    """A revision or a proposal that waits: its number, its label set, what is known of it, and why
    one may not decide it."""

    revision: int
    set: str
    name: str
    facts: str
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an adjudicator is asked: the revisions of `structure`; `waiting` counts all questions.

    `told` is what became of the one before. `proposal`: the one candidate is a proposal, which is
    taken, edited or refused.
    """

    structure: str
    candidates: tuple[DecisionCandidate, ...]
    waiting: int
    told: str | None = None
    proposal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerPayload:
    """Everything the viewer needs to open a case; voxels come by the addresses in it.

    `assignment` is None on read-only pages. The first label set is the one under review.
    `start_editing` opens the draft of the structure to resume at once; a new draft of it starts
    from the label version `edit_base` (None: from the contour under review). `compare` is the key
    of the set to compare with from the start, beside the first one if `side_by_side`. `read_only`
    with an assignment: nothing to grade, but contours can be edited (an adjudicator's place).
    `rules` are the rules of anatomy that speak while a contour is drawn.
    `decision` lets an adjudicator accept and reject by key.
    `account` tells the browser which acts that wait in it are this person's; it names nobody.
    `source_guesses` are the answers to what made a contour, `most_confident` the highest number of
    how sure one is; without them it is not asked.
    `manual`: every contour is drawn from nothing, and the scale holds one word: drawn.
    `choice`: two label sets stand beside each other, and the scale holds the answers.
    `meaning` is what a reader signs; `signed` says who signed a read, which is then closed.
    `assistance`: the smart tools may be used while drawing, and a dose tells what an edit does.
    `bands`: structure -> the edit band around its contour under review.
    """

    case: str
    addresses: Addresses
    label_sets: tuple[LabelSet, ...]
    structures: tuple[ViewerStructure, ...]
    windows: tuple[ViewerWindow, ...]
    scale: ViewerScale
    assignment: int | None = None
    next: NextCase | None = None
    grades: dict[str, GivenGrade] = field(default_factory=dict)
    read_only: bool = False
    resume: Resume | None = None
    edit_base: int | None = None
    start_editing: bool = False
    compare: str | None = None
    side_by_side: bool = False
    rules: dict[str, ViewerRule] = field(default_factory=_list_rules)
    decision: Decision | None = None
    account: str | None = None
    source_guesses: tuple[str, ...] = ()
    most_confident: int | None = None
    choice: bool = False
    manual: bool = False
    meaning: str | None = None
    signed: str | None = None
    assistance: bool = True
    bands: dict[str, ViewerBand] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """The mount object of docs/transport.md: the fields as they are, plain JSON values only."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: object) -> Json:
    """Tuples as lists, enums as their text, all else as it is; TypeError for anything not JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"A plain JSON value was expected, found {type(value).__name__}.")
