"""A notebook at a real server: the examples of docs/api.md run, arrays are those of the study."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select

from han5k_review.accounts.readers import get_reader
from han5k_review.accounts.tokens import TokenWish, make_token
from han5k_review.client import Bench, connect
from han5k_review.errors import (
    AccessError,
    ConflictError,
    DataError,
    GeometryError,
    RuleError,
    ServerError,
    SignInError,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Audit, Case, LabelVersion, Revision, RevisionDecision
from han5k_review.store.vocabulary import LabelSource, Scope, Split
from rigs.server import Server, running_server
from rigs.studies import add_label
from tests.web.bench import GRID, WebBench, build_bench

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebBench]:
    """The second case is held out and has a reference, so that a run can be judged."""
    bench = build_bench(tmp_path_factory.mktemp("client") / "study", None)
    with transaction(bench.study.engine) as session:
        case = session.get_one(Case, 2)
        case.split = Split.HELD_OUT
        mask = bench.masks["ParotidL"]
        add_label(session, bench.study, case, "ParotidL", mask, LabelSource.REFERENCE)
    yield bench
    bench.study.engine.dispose()


@pytest.fixture(scope="module")
def server(bench: WebBench) -> Iterator[Server]:
    with running_server(bench.study.root, bench.study.root.parent / "server.log") as server:
        yield server


def token_of(bench: WebBench, name: str, *scopes: Scope) -> str:
    with transaction(bench.study.engine) as session:
        reader = get_reader(session, name)
        wish = TokenWish(name="notebook", scopes=scopes)
        return make_token(session, reader, wish, actor=name, now=utc_now())


def test_the_examples_of_the_docs_run(
    bench: WebBench,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HAN5K_URL", server.url)
    monkeypatch.setenv("HAN5K_TOKEN", token_of(bench, "anna", Scope.READ, Scope.REVISE))
    reading_and_revising, runs = EXAMPLES
    names: dict[str, object] = {}
    exec(compile(reading_and_revising, str(DOCS), "exec"), names)
    printed = capsys.readouterr().out
    assert "HN-001 (24, 20, 19) int16 (2.0, 2.0, 3.0)" in printed
    assert "it waits for an adjudicator" in printed
    assert np.array_equal(names["ct"].hu, bench.hu)  # type: ignore[attr-defined]
    with reading(bench.study.engine) as session:
        annas = select(Revision).where(Revision.reader_id == get_reader(session, "anna").id)
        revision = session.exec(annas).one()
        label = session.get_one(LabelVersion, revision.label_version_id)
        stored = bench.study.labels.get_mask(label.mask_sha256, GRID)
        assert session.exec(select(RevisionDecision)).all() == []
    assert np.array_equal(stored.dense(), names["bigger"])

    monkeypatch.setenv("HAN5K_TOKEN", token_of(bench, "emil", Scope.READ, Scope.RUNS))
    exec(compile(runs, str(DOCS), "exec"), names)
    assert capsys.readouterr().out.startswith("['HN-001', 'HN-002']\n1 queued ")
    with connect(server.url, token_of(bench, "emil", Scope.RUNS)) as emil:
        first, again = (
            emil.start_run(count_references=True, request_id="night-1.a") for _ in range(2)
        )
        assert first.run_id == again.run_id
        assert len(emil.list_runs()) == 2, "that of the example and this one"
        with pytest.raises(ConflictError, match=r"'night-1.a' of run 2, which is smoke"):
            emil.start_run(preset="full", count_references=True, request_id="night-1.a")
    with (
        connect(server.url, token_of(bench, "lena", Scope.RUNS)) as lena,
        pytest.raises(ConflictError, match="of another person's run"),
    ):
        lena.start_run(count_references=True, request_id="night-1.a")
    with reading(bench.study.engine) as session:
        used = session.exec(select(Audit).where(Audit.action == "use token first")).all()
        asked = session.exec(select(Audit).where(Audit.action == "run requested")).first()
    assert {"anna", "emil"} <= {row.actor for row in used}
    assert asked is not None
    assert asked.actor == "emil"


def test_what_a_role_may_not_see_stays_unseen_and_refusals_are_the_servers_sentences(
    bench: WebBench, server: Server
) -> None:
    scopes = (Scope.READ, Scope.REVISE)
    with connect(server.url, token_of(bench, "ben", *scopes)) as ben:
        first, second = ben.list_tasks()  # not blinded: he sees the reference
        assert [one.key for one in ben.list_label_sets(first)] == ["a", "b"]
        with pytest.raises(AccessError, match="To read every case, one of these roles was"):
            ben.list_cases()
        with pytest.raises(DataError, match="no contours under the key 'zzz'"):
            ben.get_contours(first, "zzz")
        refuse_bad_revisions(ben, bench)
        with pytest.raises(AccessError, match="A token with the scope runs was expected"):
            ben.start_run()
    with connect(server.url, token_of(bench, "anna", *scopes)) as anna:
        (task,) = anna.list_tasks()
        assert "b" not in [one.key for one in anna.list_label_sets(task)]
        with pytest.raises(AccessError, match="is not one of yours"):
            anna.get_ct(second)
    with connect(server.url, token_of(bench, "emil", Scope.RUNS)) as emil:
        with pytest.raises(RuleError, match=r"A label group was expected \(.*found 'nowhere'"):
            emil.start_run(group="nowhere")
        with pytest.raises(DataError, match="There is no run 99"):
            emil.get_run(99)
    with connect(server.url, "han5k_made-up") as nobody, pytest.raises(SignInError, match="no tok"):
        nobody.get_person()
    with connect("http://127.0.0.1:9", "x") as far, pytest.raises(ServerError, match="found none"):
        far.get_person()
    assert "han5k_" not in server.log.read_text()


def refuse_bad_revisions(ben: Bench, bench: WebBench) -> None:
    """Each leaves nothing behind: the next edit begins anew."""
    first = ben.list_tasks()[0]
    same = bench.masks["ParotidL"].dense()
    with pytest.raises(RuleError, match="found the one it starts from"):
        ben.put_revision(first, "ParotidL", same)
    with pytest.raises(GeometryError, match=r"of shape \(24, 20, 19\) was expected"):
        ben.put_revision(first, "ParotidL", same[:-1])
    with pytest.raises(RuleError):
        ben.put_revision(first, "Nowhere", same)
    assert ben.list_tasks()[0].open_drafts == 0
    begun = {"holder": "one-tab-of-ben"}
    draft = f"{first.root}/drafts/ParotidL"
    number = ben.line.post(draft, begun)["draft"]
    with pytest.raises(ConflictError, match="tab"):
        ben.put_revision(first, "ParotidL", ~same)
    ben.line.delete(draft, {**begun, "draft": number})
    assert ben.put_revision(first, "ParotidL", ~same, confirmed=True).slices_edited == 19
