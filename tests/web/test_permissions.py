"""What routes answer each role: its own task and another person's, open, signed, blind."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from han5k_review.accounts.readers import get_reader
from han5k_review.review.assigning import assign_cases
from han5k_review.review.row_numbers import RowKind, number_task
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, LabelVersion
from han5k_review.study import list_cases
from tests.web.bench import NOON, WebBench
from tests.web.conftest import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A client that is signed in, and its own task: the second case."""

    client: TestClient
    bench: WebBench
    task: int

    def look(self, task: int) -> int:
        return self.client.get(f"/api/assignments/{task}/volume").status_code

    def change(self, task: int) -> int:
        with transaction(self.bench.study.engine) as session:
            case = session.get_one(Assignment, task).case_id
            wanted = select(LabelVersion).where(
                LabelVersion.case_id == case, LabelVersion.structure == "ParotidL"
            )
            version = stored_id(session.exec(wanted.order_by("id")).all()[0])
        sent = {
            "request_id": str(uuid.uuid4()),
            "structure": "ParotidL",
            "label_version": number_task(self.bench.study.root, task).show(
                RowKind.LABEL_VERSION, version
            ),
            "code": "minor",
        }
        return self.client.post(f"/api/assignments/{task}/grades", json=sent).status_code

    def edit(self, task: int) -> int:
        sent = {"holder": "one-tab-of-somebody"}
        return self.client.post(f"/api/assignments/{task}/drafts/ParotidL", json=sent).status_code

    def sign(self, task: int) -> int:
        return self.client.post(f"/api/assignments/{task}/signature", json={}).status_code


def give_case(bench: WebBench, name: str, number: int) -> int:
    """Put a case on this person's list; the number of the task."""
    with transaction(bench.study.engine) as session:
        reader, case = get_reader(session, name), list_cases(session)[number]
        assign_cases(session, reader=reader, cases=[case], actor="test", now=NOON)
        mine = select(Assignment).where(
            Assignment.reader_id == reader.id, Assignment.case_id == case.id
        )
        return stored_id(session.exec(mine).one())


ANNAS = 1  # her task: the first case


@pytest.mark.parametrize(
    ("name", "sees_others", "grades"),
    [
        ("ben", False, True),
        ("carla", True, True),
        ("lena", True, True),
        ("emil", True, False),
        ("adele", True, True),
    ],
)
@pytest.mark.parametrize("bench", ["sqlite"], indirect=True)
def test_a_role_before_tasks_in_every_state(
    bench: WebBench, visit: Visit, name: str, sees_others: bool, grades: bool
) -> None:
    person = Person(client=visit(name), bench=bench, task=give_case(bench, name, 1))
    assert person.look(ANNAS) == (200 if sees_others else 403)
    assert (person.change(ANNAS), person.edit(ANNAS), person.sign(ANNAS)) == (403, 403, 403)
    assert person.look(999) == (404 if sees_others else 403)

    assert person.look(person.task) == 200
    assert person.change(person.task) == (201 if grades else 403)
    assert person.sign(person.task) == (201 if grades else 403)
    if grades:  # signed now
        assert (person.look(person.task), person.change(person.task)) == (200, 422)
        assert person.edit(person.task) == 409

    if name != "ben":  # he has read the first case from the start, not blind
        give_case(bench, name, 0)
        assert person.look(ANNAS) == 403
        assert person.client.get("/api/cases/1/volume").status_code == 403
