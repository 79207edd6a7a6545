"""The MAY tables: what each role may do, and to whose task in which state.

Pages, routes, commands and the websocket ask here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.errors import AccessError
from han5k_review.store.vocabulary import Role


class Action(StrEnum):
    """What a person can want to do; the value completes the sentence "may ..."."""

    GRADE = "grade and revise the cases assigned to them"
    READ_ANY_CASE = "read every case"
    SEE_SOURCES = "see who or what made a contour"
    ADJUDICATE = "decide on revisions"
    ASSIGN = "assign cases to readers"
    UNLOCK_READS = "unlock signed reads"
    EVALUATE = "start evaluations"
    EXPORT = "export the study"
    IMPORT_CASES = "import cases"
    RETRAIN = "start and cancel retraining runs"
    PROMOTE = "promote or decline a model"
    RELEASE = "release contours as a data set"
    MANAGE_READERS = "add readers and set their passwords"
    MANAGE_ACCOUNTS = "add, change and close accounts"


_READER = frozenset({Action.GRADE})
_ADJUDICATOR = _READER | {Action.READ_ANY_CASE, Action.SEE_SOURCES, Action.ADJUDICATE}
_ENGINEER = frozenset(
    {
        Action.READ_ANY_CASE,
        Action.SEE_SOURCES,
        Action.EVALUATE,
        Action.EXPORT,
        Action.IMPORT_CASES,
        Action.RETRAIN,
    }
)

MAY: Mapping[Role, frozenset[Action]] = {
    Role.READER: _READER,
    Role.ADJUDICATOR: _ADJUDICATOR,
    Role.ENGINEER: _ENGINEER,
    Role.LEAD: _ADJUDICATOR
    | _ENGINEER
    | {
        Action.ASSIGN,
        Action.UNLOCK_READS,
        Action.PROMOTE,
        Action.RELEASE,
        Action.MANAGE_READERS,
    },
    Role.ADMIN: frozenset(Action),
}


class TaskAct(StrEnum):
    """What a person can want to do with a task: one reader's reading of one case."""

    LOOK = "look at"
    CHANGE = "grade or edit in"
    SIGN = "sign"
    UNLOCK = "open again"


class Whose(StrEnum):
    """Whose the task is."""

    OWN = "their own"
    OTHERS = "another person's"


class TaskState(StrEnum):
    """How the task stands for the person who asks."""

    OPEN = "open"
    SIGNED = "signed"
    PLACE = "the place where an adjudicator edits"
    BLIND = "of a case that the person reads blind and has not signed"


def _who(action: Action) -> frozenset[Role]:
    return frozenset(role for role in Role if action in MAY[role])


_ANYBODY = frozenset(Role)
_WHO_READS = _who(Action.GRADE)
_WHO_SEES = _who(Action.READ_ANY_CASE)
_WHO_DECIDES = _who(Action.ADJUDICATE)
_WHO_UNLOCKS = _who(Action.UNLOCK_READS)

MAY_ON: Mapping[tuple[TaskAct, Whose, TaskState], frozenset[Role]] = {
    (TaskAct.LOOK, Whose.OWN, TaskState.OPEN): _ANYBODY,
    (TaskAct.LOOK, Whose.OWN, TaskState.SIGNED): _ANYBODY,
    (TaskAct.LOOK, Whose.OWN, TaskState.PLACE): _WHO_DECIDES,
    (TaskAct.LOOK, Whose.OWN, TaskState.BLIND): _ANYBODY,
    (TaskAct.LOOK, Whose.OTHERS, TaskState.OPEN): _WHO_SEES,
    (TaskAct.LOOK, Whose.OTHERS, TaskState.SIGNED): _WHO_SEES,
    (TaskAct.LOOK, Whose.OTHERS, TaskState.PLACE): _WHO_DECIDES,
    (TaskAct.CHANGE, Whose.OWN, TaskState.OPEN): _WHO_READS,
    (TaskAct.CHANGE, Whose.OWN, TaskState.BLIND): _WHO_READS,
    (TaskAct.CHANGE, Whose.OWN, TaskState.PLACE): _WHO_DECIDES,
    (TaskAct.SIGN, Whose.OWN, TaskState.OPEN): _WHO_READS,
    (TaskAct.SIGN, Whose.OWN, TaskState.BLIND): _WHO_READS,
    (TaskAct.UNLOCK, Whose.OWN, TaskState.SIGNED): _WHO_UNLOCKS,
    (TaskAct.UNLOCK, Whose.OTHERS, TaskState.SIGNED): _WHO_UNLOCKS,
}
"""Who may do what to which task; what stands in no row, nobody may."""


def list_allowed(act: TaskAct, whose: Whose, state: TaskState) -> frozenset[Role]:
    """The roles that may, none for most."""
    return MAY_ON.get((act, whose, state), frozenset())


_BELOW_LEAD = (Role.READER, Role.ADJUDICATOR, Role.ENGINEER)


def list_manageable(identity: ReaderIdentity) -> tuple[Role, ...]:
    """Roles whose accounts this person may add and give a new password; nobody rises by it."""
    if may(identity, Action.MANAGE_ACCOUNTS):
        return tuple(Role)
    return _BELOW_LEAD if may(identity, Action.MANAGE_READERS) else ()


def may(identity: ReaderIdentity, action: Action) -> bool:
    """True when the person's role allows the action."""
    return action in MAY[identity.role]


def require(identity: ReaderIdentity, action: Action) -> None:
    """Return when the action is allowed; AccessError names the roles that may otherwise."""
    if not may(identity, action):
        roles = ", ".join(role for role in Role if action in MAY[role])
        raise AccessError(
            f"To {action}, one of these roles was expected: {roles}; {identity.name} is signed in "
            f"as {identity.role}."
        )
