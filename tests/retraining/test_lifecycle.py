from __future__ import annotations

import pytest

from han5k_review.errors import RuleError
from han5k_review.retraining.runs.lifecycle import (
    FINISHED,
    TRANSITIONS,
    WORK,
    Effect,
    Event,
    Step,
    advance,
    after_crash,
)
from han5k_review.store.run_tables import RUN_HOLDS_DEVICE
from han5k_review.store.vocabulary import RunState


def test_a_run_goes_from_the_queue_to_a_persons_desk() -> None:
    state = RunState.QUEUED
    for event in (Event.CLAIMED, Event.PREPARED, Event.TRAINED, Event.EVALUATED):
        state = advance(state, event).state
    assert state is RunState.AWAITING_APPROVAL


@pytest.mark.parametrize("state", sorted(FINISHED))
@pytest.mark.parametrize("event", list(Event))
def test_a_finished_run_never_moves(state: RunState, event: Event) -> None:
    with pytest.raises(RuleError, match="it is finished"):
        advance(state, event)


def test_every_state_is_reached_and_every_other_one_can_be_left() -> None:
    reached = {RunState.QUEUED} | {step.state for step in TRANSITIONS.values()}
    assert reached == set(RunState)
    assert {state for state, _ in TRANSITIONS} == set(RunState) - FINISHED


@pytest.mark.parametrize("state", sorted(WORK))
def test_a_crash_leads_back_to_the_same_work(state: RunState) -> None:
    assert advance(state, Event.CRASHED) == Step(state=state, effect=WORK[state])


@pytest.mark.parametrize("state", [RunState.QUEUED, *sorted(WORK)])
def test_a_run_can_be_cancelled_until_a_person_has_to_decide(state: RunState) -> None:
    assert advance(state, Event.CANCELLED) == Step(state=RunState.CANCELLED, effect=Effect.CLOSE)


def test_only_a_run_that_waits_can_be_promoted() -> None:
    promotable = {state for state, event in TRANSITIONS if event is Event.PROMOTED}
    assert promotable == {RunState.AWAITING_APPROVAL}


def test_a_run_gives_up_after_its_last_attempt() -> None:
    assert after_crash(RunState.TRAINING, attempt=2, max_attempts=3) is Event.CRASHED
    assert after_crash(RunState.TRAINING, attempt=3, max_attempts=3) is Event.FAILED


def test_the_states_with_work_are_those_that_hold_a_device() -> None:
    assert set(WORK) == set(RUN_HOLDS_DEVICE)
