"""A task learns of its new sets without a reload; blinding holds there too."""

from __future__ import annotations

import numpy as np

from tests.web.bench import PEOPLE, WebBench
from tests.web.conftest import Visit
from tests.web.drafting import Tab
from tests.web.test_mask_routes import read_packet

URL = "/api/assignments/1/drafts/ParotidL"


def submit(bench: WebBench, visit: Visit, name: str = "anna", url: str = URL) -> Tab:
    """Add a block to ParotidL and submit it."""
    tab = Tab(client=visit(name), url=url, mask=bench.masks["ParotidL"].dense().copy())
    assert tab.open().status_code == 201
    assert tab.draw((10, 10, 10), np.ones((3, 3, 2), dtype=bool)).status_code == 200
    assert tab.submit().status_code == 201
    return tab


def test_after_a_submission_the_task_has_the_own_revision(bench: WebBench, visit: Visit) -> None:
    anna = visit("anna")
    before = anna.get("/api/assignments/1/label_sets").json()["label_sets"]
    assert [one["key"] for one in before] == ["a"]
    tab = submit(bench, visit)
    submit(bench, visit, "ben", URL.replace("/1/", "/2/"))
    answer = anna.get("/api/assignments/1/label_sets")
    assert answer.json()["label_sets"][1:] == [
        {
            "key": "o",
            "name": "Own revision",
            "line": "dash-dot",
            "color": None,
            "url": "/api/assignments/1/masks/o",
        }
    ]
    assert [name for name in [*PEOPLE, "r0"] if name in answer.text.lower()] == []
    ((entry, box),) = read_packet(anna.get("/api/assignments/1/masks/o").content).values()
    dense = np.zeros_like(tab.mask)
    place = tuple(slice(s, s + n) for s, n in zip(entry["start"], box.shape, strict=True))  # type: ignore[call-overload]
    dense[place] = box
    assert np.array_equal(dense, tab.mask)
    assert anna.get("/api/assignments/1/masks/r1").status_code == 404


def test_each_read_is_served_to_who_may_read_every_case(bench: WebBench, visit: Visit) -> None:
    submit(bench, visit)
    submit(bench, visit, "ben", URL.replace("/1/", "/2/"))
    carla = visit("carla")
    sets = carla.get("/api/cases/1/label_sets").json()["label_sets"]
    assert [(one["key"], one["name"]) for one in sets] == [
        ("a", "Pseudo-label"),
        ("r1", "R01's contour"),
        ("r2", "R02's contour"),
        ("b", "Reference"),
    ]
    assert all(carla.get(one["url"]).status_code == 200 for one in sets)
    assert visit("anna").get("/api/cases/1/label_sets").status_code == 403
    assert visit("ben").get("/api/assignments/1/label_sets").status_code == 403


def test_a_study_can_hide_readers_from_its_adjudicators(bench: WebBench, visit: Visit) -> None:
    (bench.study.tables / "editing.csv").write_text("setting,value\nblinded_adjudication,1\n")
    submit(bench, visit)
    sets = visit("carla").get("/api/cases/1/label_sets").json()["label_sets"]
    assert [one["name"] for one in sets] == ["Pseudo-label", "Read 1", "Reference"]
