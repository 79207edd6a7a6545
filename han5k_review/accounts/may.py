"""The MAY tables: what each role may do, to whose task in which state, and what tokens cover.

Pages, routes, commands and the websocket ask here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.errors import AccessError
from han5k_review.store.vocabulary import Role, Scope


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


WITHIN: Mapping[Scope, frozenset[Action | TaskAct]] = {
    Scope.READ: frozenset({Action.READ_ANY_CASE, Action.SEE_SOURCES, TaskAct.LOOK}),
    Scope.REVISE: frozenset({Action.GRADE, TaskAct.CHANGE}),
    Scope.RUNS: frozenset({Action.RETRAIN}),
    Scope.EXPORT: frozenset({Action.EXPORT}),
}
"""What a personal token of each scope is good for; the rest needs a person in a browser."""


def is_within(identity: ReaderIdentity, act: Action | TaskAct) -> bool:
    """True for a person in a browser, and for a token with a scope that covers the act."""
    return identity.scopes is None or any(act in WITHIN[scope] for scope in identity.scopes)


def require_within(identity: ReaderIdentity, act: Action | TaskAct) -> None:
    """Return when no token narrows the act out; AccessError says what scope it would need."""
    if is_within(identity, act):
        return
    wanted = str(act) if isinstance(act, Action) else f"{act} a task"
    needed = next((scope for scope in Scope if act in WITHIN[scope]), None)
    if needed is None:
        raise AccessError(f"No token is enough to {wanted}; sign in with a browser.")
    raise AccessError(
        f"A token with the scope {needed} was expected to {wanted}; make another one."
    )


def list_scopes(role: Role) -> tuple[Scope, ...]:
    """The scopes that cover anything this role may do."""
    allowed = {*MAY[role], *(act for (act, *_), roles in MAY_ON.items() if role in roles)}
    return tuple(scope for scope in Scope if WITHIN[scope] & allowed)


_BELOW_LEAD = (Role.READER, Role.ADJUDICATOR, Role.ENGINEER)


def list_manageable(identity: ReaderIdentity) -> tuple[Role, ...]:
    """Roles whose accounts this person may add and give a new password; nobody rises by it."""
    if may(identity, Action.MANAGE_ACCOUNTS):
        return tuple(Role)
    return _BELOW_LEAD if may(identity, Action.MANAGE_READERS) else ()


def may(identity: ReaderIdentity, action: Action) -> bool:
    """True when the person's role allows the action, and so does the token they came with."""
    return action in MAY[identity.role] and is_within(identity, action)


def require(identity: ReaderIdentity, action: Action) -> None:
    """Return when the action is allowed; AccessError names the roles that may otherwise."""
    if action in MAY[identity.role]:
        require_within(identity, action)
    if not may(identity, action):
        roles = ", ".join(role for role in Role if action in MAY[role])
        raise AccessError(
            f"To {action}, one of these roles was expected: {roles}; {identity.name} is signed in "
            f"as {identity.role}."
        )
