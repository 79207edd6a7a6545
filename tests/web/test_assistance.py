"""Steps of smart tools: recorded with the revision, refused where a protocol forbids them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sqlmodel import col, select

from han5k_review.protocol.presets import Preset, build_preset
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Assignment, Audit
from tests.web.bench import WebBench
from tests.web.drafting import DOT, Tab, patch


def test_the_audit_says_which_smart_tools_made_a_revision(bench: WebBench, tab: Tab) -> None:
    for n, tool in enumerate(["smart-grow", "smart-grow", "brush", "smart-snap"]):
        assert tab.send(patch((10 + n, 0, 0), DOT, n, tool=tool)).status_code == 200
        tab.version = n + 1
    assert tab.submit(confirmed=True).status_code == 201
    with reading(bench.study.engine) as session:
        query = select(Audit).where(col(Audit.action) == "submit revision")
        detail = session.exec(query).one().detail
    assert detail["smart_steps"] == {"smart-grow": 2, "smart-snap": 1}


def test_a_protocol_without_assistance_refuses_smart_steps_only(bench: WebBench, tab: Tab) -> None:
    with transaction(bench.study.engine) as session:
        facts = read_facts(session, bench.study)
        protocol = replace(build_preset(Preset.ACCEPTANCE, facts), ai_assistance=False)
        change = Change(actor="lena", now=utc_now())
        task = session.get_one(Assignment, 1)
        task.protocol_id = set_protocol(session, protocol, facts, change=change).id
    refused = tab.send(patch((0, 0, 0), DOT, 0, tool="smart-grow"))
    assert (refused.status_code, refused.json()["reason"]) == (409, "no_assistance")
    assert np.array_equal(tab.fetch_mask()[1], tab.mask)
    assert tab.draw((0, 0, 0), DOT).status_code == 200
