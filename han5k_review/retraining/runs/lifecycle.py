"""The life of a retraining run: one table of transitions and the pure function that reads it.

The worker asks `advance` where an event leads, writes the new state, and does what the step's
effect says. Nothing here touches a database, a file or a process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from han5k_review.errors import RuleError
from han5k_review.store.vocabulary import RunState


class Event(StrEnum):
    """What can happen to a run."""

    CLAIMED = "claimed"
    PREPARED = "prepared"
    TRAINED = "trained"
    EVALUATED = "evaluated"
    CRASHED = "crashed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PROMOTED = "promoted"
    DECLINED = "declined"


class Effect(StrEnum):
    """What the worker has to do once a run stands in its new state."""

    PREPARE = "prepare"
    TRAIN = "train"
    EVALUATE = "evaluate"
    ASK = "ask"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where an event leads, and what is to be done there."""

    state: RunState
    effect: Effect


WORK: Mapping[RunState, Effect] = {
    RunState.PREPARING: Effect.PREPARE,
    RunState.TRAINING: Effect.TRAIN,
    RunState.EVALUATING: Effect.EVALUATE,
}
"""States that hold a device, and the work each stands for."""

FINISHED = frozenset({RunState.PROMOTED, RunState.DECLINED, RunState.FAILED, RunState.CANCELLED})
"""States a run never leaves."""


def _transitions() -> dict[tuple[RunState, Event], Step]:
    table = {
        (RunState.QUEUED, Event.CLAIMED): Step(state=RunState.PREPARING, effect=Effect.PREPARE),
        (RunState.QUEUED, Event.CANCELLED): Step(state=RunState.CANCELLED, effect=Effect.CLOSE),
        (RunState.PREPARING, Event.PREPARED): Step(state=RunState.TRAINING, effect=Effect.TRAIN),
        (RunState.TRAINING, Event.TRAINED): Step(state=RunState.EVALUATING, effect=Effect.EVALUATE),
        (RunState.EVALUATING, Event.EVALUATED): Step(
            state=RunState.AWAITING_APPROVAL, effect=Effect.ASK
        ),
        (RunState.AWAITING_APPROVAL, Event.PROMOTED): Step(
            state=RunState.PROMOTED, effect=Effect.CLOSE
        ),
        (RunState.AWAITING_APPROVAL, Event.DECLINED): Step(
            state=RunState.DECLINED, effect=Effect.CLOSE
        ),
    }
    for state, effect in WORK.items():
        table[(state, Event.CRASHED)] = Step(state=state, effect=effect)
        table[(state, Event.FAILED)] = Step(state=RunState.FAILED, effect=Effect.CLOSE)
        table[(state, Event.CANCELLED)] = Step(state=RunState.CANCELLED, effect=Effect.CLOSE)
    return table


TRANSITIONS: Mapping[tuple[RunState, Event], Step] = _transitions()
"""Every allowed move. What is not in this table does not happen."""


def advance(state: RunState, event: Event) -> Step:
    """Where `event` leads from `state`; RuleError when the table has no such move."""
    try:
        return TRANSITIONS[(state, event)]
    except KeyError:
        allowed = ", ".join(e for s, e in TRANSITIONS if s == state) or "nothing; it is finished"
        raise RuleError(
            f"A run that is {state} cannot be {event}; from there it can be: {allowed}."
        ) from None


def after_crash(state: RunState, attempt: int, max_attempts: int) -> Event:
    """What a crash counts as: another try in the same state, or the end after `max_attempts`."""
    return Event.CRASHED if state in WORK and attempt < max_attempts else Event.FAILED
