"""The API describes itself truly: the page, docs/api.md, and every answer to odd and right bodies.

schemathesis makes the requests out of the description, for each role, with a browser or a token.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from han5k_review.settings import Settings
from han5k_review.store.vocabulary import Scope
from han5k_review.web.composition import build_api
from han5k_review.web.described import ANY, NEEDED_SCOPE, WHO_MAY
from han5k_review.web.description import build_description, render_table
from tests.web.bench import PEOPLE, WebBench
from tests.web.conftest import Visit
from tests.web.test_tokens import come

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = 3
# What is there in the bench, so that many requests reach it.
THERE: dict[str, list[Any]] = {
    "assignment_id": [1, 2, 3],
    "case_id": [1, 2],
    "run_id": [1],
    "structure": ["BrainStem", "ParotidL"],
    "key": ["a", "b", "o"],
    "number": [0, 1],
    "name": ["a.seg.nrrd", "b.zip", "han5k-review.zip"],
}
SECRETS = re.compile(rb"pseudo maker|reference maker|\bR0[2-6]\b|\b(ben|carla|lena|emil|adele)\b")

pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


PLACES = {name: st.sampled_from([*values, None]) for name, values in THERE.items()}


@pytest.fixture
def described(bench: WebBench) -> dict[str, Any]:
    return build_description(build_api(bench.study, Settings(study=bench.study.root)))


def test_the_table_of_the_docs_is_that_of_the_code(
    described: dict[str, Any], tmp_path: Path
) -> None:
    table = render_table(described)
    (tmp_path / "routes.md").write_text(table)
    written = (ROOT / "docs" / "api.md").read_text()
    assert written.endswith(table), f"the routes of docs/api.md: put {tmp_path}/routes.md there"


def test_the_page_names_every_route_and_has_no_script(
    described: dict[str, Any], visit: Visit
) -> None:
    anna = visit("anna")
    page = anna.get("/api-reference")
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'n")
    for path in described["paths"]:
        assert f"<code>GET /api{path}</code>" in page.text or f" /api{path}</code>" in page.text
    for name in re.findall(r'href="#(\w+)"', page.text):
        assert f'id="{name}"' in page.text
    assert anna.get("/api/openapi.json").json() == json.loads(json.dumps(described))
    assert visit(None).get("/api-reference", headers={"accept": "text/html"}).status_code == 303


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who asks: with a browser (`scope` None), or a program with a token of one scope."""

    client: TestClient
    name: str
    scope: str | None = None

    def may(self, operation: Mapping[str, Any]) -> bool:
        """What the description says: whether any request of this asker can succeed."""
        who, needed = operation[WHO_MAY], operation[NEEDED_SCOPE]
        by_role = "everybody" in who or PEOPLE[self.name].value in re.split(r"[,;: ]+", who)
        return by_role and (self.scope is None or needed in (ANY, self.scope))


def test_no_request_of_a_role_is_a_5xx_or_shows_what_it_may_not_see(
    bench: WebBench, visit: Visit, described: dict[str, Any]
) -> None:
    askers = [Asker(client=visit(name), name=name) for name in PEOPLE]
    reads = come(bench, visit, "lena", Scope.READ)
    askers.append(Asker(client=reads, name="lena", scope="read"))
    answered: Counter[int] = Counter()
    for found in schemathesis.openapi.from_dict(described).get_all_operations():

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=found.ok().as_strategy(), there=st.fixed_dictionaries(PLACES))
        def ask(case: schemathesis.Case, there: dict[str, Any]) -> None:
            fill(case, there)
            answered.update(send(asker, case) for asker in askers)

        ask()
    assert {200, 201, 204, 403, 404, 409, 422} <= set(answered)


def fill(case: schemathesis.Case, there: Mapping[str, Any]) -> None:
    """Put what is there in its place, in some of the requests."""
    places = case.path_parameters or {}
    places |= {one: there[one] for one in places if there.get(one) is not None}
    if isinstance(case.body, dict) and there["structure"] is not None:
        case.body |= {"structure": there["structure"]} if "structure" in case.body else {}


def send(asker: Asker, case: schemathesis.Case) -> int:
    sent = case.as_transport_kwargs(base_url="http://testserver/api")
    answer = asker.client.request(
        sent["method"], sent["url"], params=sent.get("params"), json=sent.get("json")
    )
    who = f"{asker.name} {asker.scope or ''}"
    told = f"{who} {sent['method']} {sent['url']} -> {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, told
    assert answer.status_code not in (401, 429), told
    assert answer.status_code >= 400 or asker.may(case.operation.definition.raw), told
    assert asker.name != "anna" or not SECRETS.search(answer.content), told
    case.validate_response(answer, checks=[status_code_conformance, response_schema_conformance])
    return answer.status_code
