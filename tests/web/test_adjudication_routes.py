"""An adjudicator edits a reader's revision further, in a place where nothing is graded."""

from __future__ import annotations

import numpy as np
from sqlmodel import select

from han5k_review.review.decisions.adjudicator_assignment import open_edit_assignment
from han5k_review.review.row_numbers import RowKind, number_task
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import LabelVersion, Reader, Revision
from tests.web.bench import WebBench
from tests.web.conftest import Visit
from tests.web.drafting import Tab
from tests.web.test_label_set_routes import submit


def make_place(bench: WebBench, name: str) -> int:
    with transaction(bench.study.engine) as session:
        reader = session.exec(select(Reader).where(Reader.name == name)).one()
        place = open_edit_assignment(
            session, case_id=bench.case_id, adjudicator=reader, now=utc_now()
        )
        return stored_id(place)


def test_an_adjudicators_draft_starts_where_the_reader_ended(bench: WebBench, visit: Visit) -> None:
    read = submit(bench, visit)
    place = make_place(bench, "carla")
    carla = visit("carla")
    base = f"/api/assignments/{place}"
    sets = {one["key"] for one in carla.get(f"{base}/label_sets").json()["label_sets"]}
    assert sets == {"a", "b", "r1"}
    with transaction(bench.study.engine) as session:
        version = session.exec(select(Revision.label_version_id)).one()
    edit = Tab(client=carla, url=f"{base}/drafts/ParotidL", mask=read.mask.copy())
    number = number_task(bench.study.root, place).show(RowKind.LABEL_VERSION, version)
    assert edit.open(base=number).status_code == 201
    assert np.array_equal(edit.fetch_mask()[1], read.mask)
    assert edit.draw((15, 15, 15), np.ones((2, 2, 2), dtype=bool)).status_code == 200
    answer = edit.submit()
    assert answer.status_code == 201
    assert answer.json()["declared"] is None
    with transaction(bench.study.engine) as session:
        made = bench.find_version(answer.json()["label_version"], place)
        child = session.get_one(LabelVersion, made)
        assert child.started_from_id == version
        revision = session.exec(select(Revision).where(Revision.label_version_id == made)).one()
        assert revision.reviewed_id == bench.versions["ParotidL"]
        assert revision.slices_edited == answer.json()["slices_edited"]
    sets = {one["key"] for one in carla.get(f"{base}/label_sets").json()["label_sets"]}
    assert sets == {"a", "b", "r1", "e"}


def test_nothing_is_graded_there_and_nobody_else_comes_in(bench: WebBench, visit: Visit) -> None:
    submit(bench, visit)
    place = make_place(bench, "carla")
    grade = {
        "request_id": "a-grade-of-carla",
        "structure": "ParotidL",
        "label_version": bench.number("ParotidL", place),
        "code": "no",
    }
    answer = visit("carla").post(f"/api/assignments/{place}/grades", json=grade)
    assert answer.status_code == 422
    assert "read of this case was expected" in answer.json()["error"]
    anna = visit("anna")
    for url in ("label_sets", "masks/r1", "drafts", "volume"):
        assert anna.get(f"/api/assignments/{place}/{url}").status_code == 403


def test_a_reader_has_no_place_even_with_its_number(bench: WebBench, visit: Visit) -> None:
    submit(bench, visit)
    place = make_place(bench, "ben")  # an adjudicator once, a reader now
    ben = visit("ben")
    for url in ("label_sets", "masks/r1", "drafts"):
        assert ben.get(f"/api/assignments/{place}/{url}").status_code == 403
