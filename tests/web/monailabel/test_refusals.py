"""What a client of MONAI Label may not: each refusal has its status and one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from httpx import Response
from sqlmodel import select
from starlette.testclient import TestClient

from han5k_review.accounts.readers import get_reader
from han5k_review.exports.contour_files import Contour, build_segmentation
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.nifti_labels import build_label_nifti
from han5k_review.protocol.presets import Preset, build_preset
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.tables import Assignment, Case, Revision
from han5k_review.store.vocabulary import Scope, SignatureAct
from han5k_review.web.desk import Desk
from han5k_review.web.encoding import AnswerCache
from han5k_review.web.monailabel.tool_desk import build_tool_desk
from rigs.studies import add_label, make_box, make_grid
from tests.web.bench import GRID, PASSWORD, WebBench
from tests.web.conftest import Visit
from tests.web.monailabel.plugin import FORM, build_body
from tests.web.test_tokens import come

MONAI = "/api/monai"
BIGGER = {"ParotidL": make_box(GRID, (1, 9), (3, 8), (2, 7))}
Prepare = Callable[[WebBench], None]

pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


def pack(masks: dict[str, StructureMask]) -> bytes:
    return build_segmentation([Contour(structure=n, mask=mask) for n, mask in masks.items()])


def push(
    client: TestClient,
    image: str,
    content: bytes,
    *,
    name: str = "label.seg.nrrd",
    params: str = "{}",
    tag: str = "final",
) -> Response:
    return client.put(
        f"{MONAI}/datastore/label",
        params={"image": image, "tag": tag},
        content=build_body({"params": params}, {"label": (f"/tmp/{name}", content)}),
        headers={"content-type": FORM},
    )


def take(client: TestClient) -> str:
    """The id of the next case."""
    return str(client.post(f"{MONAI}/activelearning/worklist", json={}).json()["id"])


def come_as_tool(bench: WebBench, visit: Visit, name: str) -> TestClient:
    return come(bench, visit, name, Scope.READ, Scope.REVISE)


def is_refused(answer: Response, status: int, words: str) -> bool:
    said = answer.json()["error"]
    assert (answer.status_code, words in said) == (status, True), (answer.status_code, said)
    return str(said).endswith(".")


def count_revisions(bench: WebBench) -> int:
    with reading(bench.study.engine) as session:
        return len(session.exec(select(Revision)).all())


def lock(bench: WebBench) -> None:
    with transaction(bench.study.engine) as session:
        carla = get_reader(session, "carla")
        version = bench.versions["ParotidL"]
        lock_structure(session, label_version_id=version, by=carla, now=utc_now())


def replace_contour(bench: WebBench) -> None:
    with transaction(bench.study.engine) as session:
        case = session.get_one(Case, bench.case_id)
        add_label(session, bench.study, case, "BrainStem", make_box(GRID, (5, 9), (3, 8), (2, 7)))


def sign(bench: WebBench) -> None:
    with transaction(bench.study.engine) as session:
        session.add(
            ReadSignature(
                assignment_id=1,
                act=SignatureAct.SIGNED,
                by_id=1,
                signer="anna",
                meaning="read",
                grades=3,
                grades_sha256="0" * 64,
            )
        )


def follow_protocol(bench: WebBench) -> None:
    with transaction(bench.study.engine) as session:
        facts = read_facts(session, bench.study)
        protocol = build_preset(Preset.ACCEPTANCE, facts)
        change = Change(actor="lena", now=utc_now())
        task = session.get_one(Assignment, 1)
        task.protocol_id = set_protocol(session, protocol, facts, change=change).id


def close(bench: WebBench) -> None:
    with transaction(bench.study.engine) as session:
        session.get_one(Assignment, 1).closed_at_utc = utc_now()


@pytest.mark.parametrize(
    ("prepare", "status", "words"),
    [
        (lock, 409, "ParotidL is locked"),
        (replace_contour, 409, "others are now"),
        (sign, 409, "signed by anna"),
        (close, 409, "was closed"),
        (follow_protocol, 403, "follows no protocol"),
    ],
)
def test_a_label_is_refused_where_the_case_moved_on(
    bench: WebBench, visit: Visit, prepare: Prepare, status: int, words: str
) -> None:
    anna = come_as_tool(bench, visit, "anna")
    image = take(anna)
    prepare(bench)
    assert is_refused(push(anna, image, pack(BIGGER)), status, words)
    assert count_revisions(bench) == 0
    if prepare not in (lock, replace_contour):
        assert take_nothing(anna)
        assert visit(None).get(f"{MONAI}/datastore/image?image={image}").status_code == status


def take_nothing(client: TestClient) -> bool:
    """Neither offered nor listed."""
    listed = client.get(f"{MONAI}/datastore/?output=all").json()
    sample = client.post(f"{MONAI}/activelearning/worklist", json={}).json()
    return (sample, listed) == ({}, {"objects": {}})


def test_files_that_cannot_be_taken(bench: WebBench, visit: Visit) -> None:
    anna = come_as_tool(bench, visit, "anna")
    image = take(anna)
    good = pack(BIGGER)
    other_grid = make_box(make_grid((24, 20, 19), (2.0, 2.0, 2.5)), (1, 4), (3, 8), (2, 7))
    flat = build_label_nifti(BIGGER["ParotidL"].dense().astype(np.uint8) * 7, GRID)
    wrong_name = json.dumps({"label_info": [{"name": "ParotidL", "idx": 1}]})
    strange = {"Liver": BIGGER["ParotidL"], "BrainStem": bench.masks["BrainStem"]}
    for answer, status, words in (
        (push(anna, image, pack({"ParotidL": other_grid})), 422, "grid"),
        (push(anna, image, pack(strange)), 422, "found Liver"),
        (push(anna, image, good[:-40]), 422, "label.seg.nrrd"),
        (push(anna, image, b"no label"), 422, "label.seg.nrrd"),
        (push(anna, image, b"{}", name="boxes.json"), 422, "ending in .seg.nrrd"),
        (push(anna, image, flat, name="a.nii.gz"), 422, "label_info"),
        (push(anna, image, flat, name="a.nii.gz", params=wrong_name), 422, "found none for 7"),
        (push(anna, image, good, params="[]"), 422, "JSON object"),
        (push(anna, image, pack({"ParotidL": StructureMask.empty(GRID)})), 422, "are empty"),
        (push(anna, image, good, tag="original"), 422, "final"),
        (push(anna, "read-1", good), 422, "next case"),
        (push(anna, image[:-1] + ("0" if image[-1] != "0" else "1"), good), 404, "worklist"),
        (push(anna, "HN-001", good), 404, "worklist"),
    ):
        assert is_refused(answer, status, words)
        assert "/tmp" not in answer.text
        assert "/dev/shm" not in answer.text
    place = f"{MONAI}/datastore/label?image={image}"
    too_long = anna.put(
        place, content=b"", headers={"content-type": FORM, "content-length": str(1 << 27)}
    )
    assert is_refused(too_long, 413, "64 MB")
    assert is_refused(anna.put(place, content=b"x", headers={"content-type": FORM}), 422, "damaged")
    assert is_refused(anna.put(place, json={}), 422, "multipart")
    levels = anna.put(f"{MONAI}/datastore/updatelabelinfo?label={image}&tag=final")
    assert is_refused(levels, 422, "grade on this server")
    assert count_revisions(bench) == 0


def test_who_may_what_with_another_tool(bench: WebBench, visit: Visit) -> None:
    anna, ben = come_as_tool(bench, visit, "anna"), come_as_tool(bench, visit, "ben")
    image = take(anna)
    assert is_refused(push(ben, image, pack(BIGGER)), 403, "not one of yours")
    assert ben.get(f"{MONAI}/datastore/label?label={image}&tag=original").status_code == 403
    reads = come(bench, visit, "anna", Scope.READ)
    assert is_refused(push(reads, take(reads), pack(BIGGER)), 403, "the scope revise")
    emil = come(bench, visit, "emil", Scope.READ)
    assert emil.get(f"{MONAI}/info/").json()["datastore"]["total"] == 0
    assert push(emil, image, pack(BIGGER)).status_code == 403
    assert is_refused(anna.post(f"{MONAI}/infer/deepedit?image={image}"), 404, "another model")
    assert is_refused(anna.post(f"{MONAI}/activelearning/random"), 404, "strategy")

    stranger = visit(None)
    del stranger.headers["origin"]
    assert push(stranger, image, pack(BIGGER)).status_code == 403
    for path in ("info/", "auth/token/valid", "datastore/", f"datastore/label?label={image}"):
        assert stranger.get(f"{MONAI}/{path}").status_code == 401
    # The id of a case opens its CT for a while, of nothing else, and only as it was signed.
    ids = build_tool_desk(
        Desk(study=bench.study, cache_control="no-store", answers=AnswerCache(capacity_bytes=1))
    ).ids
    late = ids.sign(1, "0" * 12, utc_now() - timedelta(hours=1))
    opened = stranger.get(f"{MONAI}/datastore/image?image={image}")
    assert opened.status_code == 200
    assert not any(word in opened.content[:500] for word in (b"pseudo", b"anna"))
    for one in (late, "read-1", image.replace("read-1", "read-2"), "read-1.x"):
        answer = stranger.get(f"{MONAI}/datastore/image?image={one}")
        assert is_refused(answer, 401, "opened just now")
    assert anna.get(f"{MONAI}/datastore/image?image={late}").status_code == 200


def test_only_a_token_of_the_named_account_signs_in(bench: WebBench, visit: Visit) -> None:
    token = come_as_tool(bench, visit, "anna").headers["authorization"].removeprefix("Bearer ")
    client = visit(None)
    del client.headers["origin"]

    def sign_in(name: str, password: str) -> Response:
        form = {"username": name, "password": password}
        return client.post(f"{MONAI}/auth/token", data=form)

    assert sign_in("anna", token).json() == {"access_token": token, "token_type": "bearer"}
    assert is_refused(sign_in("anna", PASSWORD), 401, "page Account")
    assert is_refused(sign_in("ben", token), 401, "own account")
    assert is_refused(sign_in("anna", "han5k_" + "x" * 43), 401, "no token of this study")
    empty = client.post(f"{MONAI}/auth/token", content=b"%ff")
    assert is_refused(empty, 422, "username and password")


def test_overlaps_come_back_from_a_map_that_cannot_hold_them(bench: WebBench, visit: Visit) -> None:
    whole = make_box(GRID, (1, 12), (3, 8), (2, 7))
    with transaction(bench.study.engine) as session:
        case = session.get_one(Case, bench.case_id)
        add_label(session, bench.study, case, "BrainStem", whole)
    anna = come_as_tool(bench, visit, "anna")
    image = take(anna)
    for model in ("contours_under_review", "contours_under_review_overlapping"):
        shown = anna.post(f"{MONAI}/infer/{model}?image={image}").content
        # The plugin names the values that occur by this list: what is empty is not in it.
        assert b'{"label_names": {"BrainStem": 1, "ParotidL": 2}}' in shown
        assert (b"dimension: 4" in shown) == model.endswith("overlapping")
    values = np.zeros(GRID.shape, dtype=np.uint8)
    values[whole.dense()] = 1
    values[bench.masks["ParotidL"].dense()] = 2  # it lay within the brain stem, and does so still
    values[1, 3, 2] = 2  # the brain stem's alone before: now the parotid's
    info = [{"name": "BrainStem", "idx": 1}, {"name": "ParotidL", "idx": 2}]
    sent = json.dumps({"label_info": info})
    answer = push(anna, image, build_label_nifti(values, GRID), name="a.nii.gz", params=sent).json()
    assert sorted(answer["revised"]) == ["BrainStem", "ParotidL"]
    assert answer["notes"][0].startswith("The file has no voxel in two structures, so BrainStem ")
    with reading(bench.study.engine) as session:
        query = select(Revision).order_by("id")
        edited = [one.slices_edited for one in session.exec(query)]
    assert edited == [1, 1], "one voxel of each changed, though 74 of the map were the parotid's"
    # Windows sends its own paths.
    file = pack({"ParotidL": StructureMask.empty(GRID), "BrainStem": whole})
    emptied = push(anna, image, file, name=r"C:\Users\x\tmp 1.seg.nrrd")
    assert emptied.json()["left_empty"] == ["ParotidL"]
