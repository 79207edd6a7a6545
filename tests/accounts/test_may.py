"""Who may do what: the whole matrix, written out by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import (
    MAY,
    Action,
    TaskAct,
    TaskState,
    Whose,
    is_within,
    list_allowed,
    list_manageable,
    list_scopes,
    may,
    require,
)
from han5k_review.errors import AccessError
from han5k_review.store.vocabulary import Role, Scope

# one letter per role, in the order reader, adjudicator, lead, engineer, admin
MATRIX = """
GRADE            R A L - D
READ_ANY_CASE    - A L E D
SEE_SOURCES      - A L E D
ADJUDICATE       - A L - D
ASSIGN           - - L - D
EVALUATE         - - L E D
EXPORT           - - L E D
IMPORT_CASES     - - L E D
RETRAIN          - - L E D
UNLOCK_READS     - - L - D
PROMOTE          - - L - D
RELEASE          - - L - D
MANAGE_READERS   - - L - D
MANAGE_ACCOUNTS  - - - - D
"""
ROWS = {line.split()[0]: line.split()[1:] for line in MATRIX.split("\n") if line}


def person(role: Role) -> ReaderIdentity:
    return ReaderIdentity(reader_id=1, name="kim", pseudonym="R1", role=role)


@pytest.mark.parametrize("action", Action, ids=lambda action: action.name)
@pytest.mark.parametrize("column", range(5), ids=[role.value for role in Role])
def test_the_matrix_of_permissions(action: Action, column: int) -> None:
    role = list(Role)[column]
    allowed = ROWS[action.name][column] != "-"
    assert may(person(role), action) is allowed
    if allowed:
        require(person(role), action)
    else:
        with pytest.raises(AccessError, match=f"kim is signed in as {role.value}"):
            require(person(role), action)


def test_the_matrix_names_every_role_and_action() -> None:
    assert set(MAY) == set(Role)
    assert set(ROWS) == {action.name for action in Action}


def test_a_refusal_is_one_sentence_that_names_who_may() -> None:
    with pytest.raises(AccessError) as refusal:
        require(person(Role.READER), Action.PROMOTE)
    assert str(refusal.value) == (
        "To promote or decline a model, one of these roles was expected: lead, admin; kim is "
        "signed in as reader."
    )


def test_nobody_manages_an_account_above_their_own() -> None:
    assert list_manageable(person(Role.ADMIN)) == tuple(Role)
    below = (Role.READER, Role.ADJUDICATOR, Role.ENGINEER)
    assert list_manageable(person(Role.LEAD)) == below
    for role in below:
        assert list_manageable(person(role)) == ()


# who may do what to which task, in the order reader, adjudicator, lead, engineer, admin
TASKS = """
LOOK    OWN     OPEN    R A L E D
LOOK    OWN     SIGNED  R A L E D
LOOK    OWN     PLACE   - A L - D
LOOK    OWN     BLIND   R A L E D
LOOK    OTHERS  OPEN    - A L E D
LOOK    OTHERS  SIGNED  - A L E D
LOOK    OTHERS  PLACE   - A L - D
CHANGE  OWN     OPEN    R A L - D
CHANGE  OWN     PLACE   - A L - D
CHANGE  OWN     BLIND   R A L - D
SIGN    OWN     OPEN    R A L - D
SIGN    OWN     BLIND   R A L - D
UNLOCK  OWN     SIGNED  - - L - D
UNLOCK  OTHERS  SIGNED  - - L - D
"""


def test_who_may_do_what_to_whose_task_in_which_state() -> None:
    allowed = {tuple(line.split()[:3]): line.split()[3:] for line in TASKS.strip().split("\n")}
    for act, whose, state in itertools.product(TaskAct, Whose, TaskState):
        letters = allowed.get((act.name, whose.name, state.name), ["-"] * 5)
        expected = {role for role, letter in zip(Role, letters, strict=True) if letter != "-"}
        assert list_allowed(act, whose, state) == expected, (act, whose, state)


def test_a_token_may_what_its_scopes_cover_of_what_its_role_may() -> None:
    covered = {
        Scope.READ: {Action.READ_ANY_CASE, Action.SEE_SOURCES},
        Scope.REVISE: {Action.GRADE},
        Scope.RUNS: {Action.RETRAIN},
        Scope.EXPORT: {Action.EXPORT},
    }
    for role, action, scope in itertools.product(Role, Action, Scope):
        narrowed = replace(person(role), scopes=frozenset({scope}))
        assert may(narrowed, action) is (may(person(role), action) and action in covered[scope])
    for act, scope in itertools.product(TaskAct, Scope):
        narrowed = replace(person(Role.LEAD), scopes=frozenset({scope}))
        pairs = {(TaskAct.LOOK, Scope.READ), (TaskAct.CHANGE, Scope.REVISE)}
        assert is_within(narrowed, act) is ((act, scope) in pairs)
    with pytest.raises(AccessError, match="A token with the scope runs was expected to start"):
        require(replace(person(Role.LEAD), scopes=frozenset({Scope.READ})), Action.RETRAIN)
    with pytest.raises(AccessError, match="No token is enough to decide on revisions"):
        require(replace(person(Role.LEAD), scopes=frozenset(Scope)), Action.ADJUDICATE)
    assert list_scopes(Role.READER) == (Scope.READ, Scope.REVISE)
    assert list_scopes(Role.ENGINEER) == (Scope.READ, Scope.RUNS, Scope.EXPORT)
