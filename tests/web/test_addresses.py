"""Every address in what the viewer mounts with leads to a route that answers this person."""

from __future__ import annotations

import pytest

from han5k_review.accounts.readers import get_reader
from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.anatomy.windows import read_windows
from han5k_review.review.grading import get_own_assignment
from han5k_review.review.row_numbers import WHOLE_CASE, number_task
from han5k_review.review.visible_case import VisibleCase, get_visible_case, get_visible_task
from han5k_review.store.engine import reading
from han5k_review.study.scale import read_scale
from han5k_review.viewer import LabelSet, ViewerPayload, build_payload
from tests.web.bench import WebBench
from tests.web.conftest import Visit


def mount(bench: WebBench, seen: VisibleCase) -> ViewerPayload:
    tables, task_id = bench.study.tables, seen.assignment_id
    return build_payload(
        seen,
        catalogue=read_catalogue(tables / "structures.csv"),
        windows=read_windows(tables / "windows.csv"),
        scale=read_scale(tables / "scales.csv", "han5k-3"),
        warnings={},
        numbers=WHOLE_CASE if task_id is None else number_task(bench.study.root, task_id),
    )


def task(bench: WebBench, name: str, place: str) -> ViewerPayload:
    with reading(bench.study.engine) as session:
        assignment = get_own_assignment(
            session, bench.assignments[place], get_reader(session, name)
        )
        return mount(bench, get_visible_task(session, assignment, names_reads=True))


def keys(sets: tuple[LabelSet, ...]) -> list[str]:
    return [one.key for one in sets]


def test_a_reader_gets_what_every_address_of_the_task_names(bench: WebBench, visit: Visit) -> None:
    payload = task(bench, "ben", "ben")
    ben = visit("ben")
    where = payload.addresses
    asked = [where.volume, where.label_sets, where.drafts, *(s.url for s in payload.label_sets)]
    assert [ben.get(address or "").status_code for address in asked] == [200] * len(asked)
    for written in (where.grades, where.position, where.signature):
        assert ben.post(written or "", json={"unknown": 1}).status_code == 422
    assert visit(None).get(where.sign_in).status_code == 200
    assert keys(payload.label_sets) == ["a", "b"]
    listed = ben.get(where.label_sets).json()["label_sets"]
    assert listed == payload.to_json()["label_sets"]


def test_the_next_case_comes_with_its_own_label_sets(bench: WebBench, visit: Visit) -> None:
    payload = task(bench, "ben", "ben")
    ben = visit("ben")
    coming = payload.next
    assert coming is not None
    assert coming.assignment == bench.assignments["ben, second case"]
    # Unlike the first case, the second one has no reference.
    assert keys(coming.label_sets) == ["a"]
    asked = [coming.volume, *(one.url for one in coming.label_sets)]
    assert [ben.get(address).status_code for address in asked] == [200] * len(asked)


def test_a_blinded_reader_gets_no_reference_and_no_doubts(bench: WebBench) -> None:
    assert keys(task(bench, "anna", "anna").label_sets) == ["a"]
    with reading(bench.study.engine) as session:
        assignment = get_own_assignment(
            session, bench.assignments["anna"], get_reader(session, "anna")
        )
        assert not get_visible_task(session, assignment, names_reads=True).sees_doubts


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_whole_case_can_be_looked_at_and_nothing_else(
    bench: WebBench, visit: Visit, first: str
) -> None:
    with reading(bench.study.engine) as session:
        seen = get_visible_case(session, "HN-001", names_reads=True, first=first)
        payload = mount(bench, seen)
    where = payload.addresses
    assert payload.read_only
    assert payload.assignment is None
    assert (where.grades, where.position, where.drafts) == (None, None, None)
    assert payload.label_sets[0].key == first
    carla = visit("carla")
    asked = [where.volume, where.label_sets, *(one.url for one in payload.label_sets)]
    assert [carla.get(address).status_code for address in asked] == [200] * len(asked)
