"""3D Slicer's plugin at the real server: from signing in to a revision that waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from sqlmodel import select

from han5k_review.accounts.readers import get_reader
from han5k_review.accounts.tokens import TokenWish, make_token
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.revising import list_revisions
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Audit
from han5k_review.store.vocabulary import Scope
from rigs.server import running_server
from tests.web.bench import GRID, WebBench, build_bench
from tests.web.monailabel.plugin import Plugin


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebBench]:
    bench = build_bench(tmp_path_factory.mktemp("monai") / "study", None)
    yield bench
    bench.study.engine.dispose()


@pytest.fixture(scope="module")
def plugin(bench: WebBench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    log = tmp_path_factory.mktemp("served") / "log.txt"
    with running_server(bench.study.root, log) as server:
        yield Plugin(server=f"{server.url}/api/monai")


def test_a_case_goes_to_slicer_and_comes_back_as_a_revision_that_waits(
    bench: WebBench, plugin: Plugin, tmp_path: Path
) -> None:
    with transaction(bench.study.engine) as session:
        wish = TokenWish(name="3D Slicer", scopes=(Scope.READ, Scope.REVISE))
        token = make_token(session, get_reader(session, "anna"), wish, actor="anna", now=utc_now())
    assert plugin.call("GET", "/auth/").json() == {"enabled": True}
    assert plugin.call("GET", "/info/").status == 401
    assert plugin.sign_in("anna", token).status == 200
    assert plugin.call("GET", "/auth/token/valid").json() == {"username": "anna"}

    info = plugin.call("GET", "/info/").json()
    assert info["labels"] == sorted(bench.masks)
    assert info["datastore"] == {"total": 1, "completed": 0, "label_tags": {"final": 0}}
    assert plugin.call("GET", "/train/?check_if_running=true").status == 404
    sample = plugin.next_sample(next(iter(info["strategies"]))).json()
    assert sample["PatientID"] == "HN-001"

    ct = tmp_path / sample["name"]
    ct.write_bytes(plugin.download_image(sample["id"]))
    image = SimpleITK.ReadImage(str(ct))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), bench.hu)
    assert image.GetSpacing() == GRID.spacing_mm
    assert image.GetOrigin() == GRID.lps_geometry[1]

    shown = plugin.infer(next(iter(info["models"])), sample["id"]).parts()
    file_name, content = shown["image"]
    assert shown["params"] == (None, b'{"label_names": {"BrainStem": 1, "ParotidL": 2}}')
    labels = tmp_path / str(file_name)
    labels.write_bytes(content)
    drawn = SimpleITK.ReadImage(str(labels))
    for value, name in enumerate(("BrainStem", "ParotidL"), start=1):
        found = SimpleITK.GetArrayFromImage(drawn).transpose(2, 1, 0) == value
        assert np.array_equal(found, bench.masks[name].dense())

    drawn[10:13, 10:12, 8] = 2
    sent = tmp_path / "tmpa1b2.nii.gz"
    SimpleITK.WriteImage(drawn, str(sent))
    values = {"BrainStem": 1, "ParotidL": 2, "ParotidR": 3}
    saved = plugin.save_label(sample["id"], sent, values)
    assert saved.status == 200, saved.content
    assert saved.json() | {"notes": []} == {
        "image": sample["id"],
        "label": sample["id"],
        "revised": ["ParotidL"],
        "unchanged": ["BrainStem", "ParotidR"],
        "left_empty": [],
        "notes": [],
    }
    expected = bench.masks["ParotidL"].dense().copy()
    expected[10:13, 10:12, 8] = True
    with reading(bench.study.engine) as session:
        (view,) = list_revisions(session)
        audit = session.exec(select(Audit).where(Audit.action == "submit revision")).one()
    assert (view.decision, view.reader, view.child.structure) == (None, "R01", "ParotidL")
    assert view.child.mask_sha256 == StructureMask.from_dense(expected, GRID).sha256
    assert audit.detail["program"] == "MONAI Label"

    # What was sent is not asked for again, and the same once more makes no second revision.
    assert plugin.next_sample("worklist").json() == {}
    assert plugin.call("GET", "/info/").json()["datastore"]["completed"] == 1
    assert plugin.save_label(sample["id"], sent, values).json()["revised"] == []
    listed = plugin.call("GET", "/datastore/?output=all").json()["objects"]
    assert list(listed["read-1"]["labels"]) == ["final"]

    own = tmp_path / "own.seg.nrrd"
    own.write_bytes(plugin.call("GET", "/datastore/label?label=read-1&tag=final").content)
    again = SimpleITK.ReadImage(str(own))
    assert again.GetMetaData("Segment0_Name") == "ParotidL"
    assert np.array_equal(SimpleITK.GetArrayFromImage(again).transpose(2, 1, 0) == 1, expected)
    again[0, 0, 0] = 1
    SimpleITK.WriteImage(again, str(own))
    assert plugin.save_label(sample["id"], own, {}).json()["revised"] == ["ParotidL"]
