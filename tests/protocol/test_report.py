"""The report of a study by protocol: freeze, deviations, planted errors, planned numbers."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import mixedlm

from han5k_review.exports.report import build_report
from han5k_review.exports.report.crossed_model import find_arms
from han5k_review.exports.report.facts import read_facts
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import Change, set_protocol
from han5k_review.review.labels import list_shown
from han5k_review.store.engine import transaction
from han5k_review.store.vocabulary import LabelSource, Preset
from rigs.studies import NOON
from tests.exports.test_report import LEVELS, read_table
from tests.protocol.conftest import Room


def test_planted_errors_and_late_versions_are_reported_and_not_counted(room: Room) -> None:
    facts = room.facts()
    protocol = replace(build_preset(Preset.ACCEPTANCE, facts), planted_share=0.2)
    room.set(protocol)
    planted, read = 0, set()
    with transaction(room.study.engine) as session:
        wish = ReadWish(reader_ids=(room.readers["anna"], room.readers["ben"]))
        plan = plan_reads(session, wish)
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
        for row in room.list_reads(session):
            for structure, label in list_shown(session, row).items():
                is_planted = label.source is LabelSource.PLANTED
                planted += is_planted
                read |= set() if is_planted else {row.case_id}
                room.grade(session, row, structure, "major" if is_planted else "minor")
    with transaction(room.study.engine) as session:
        change = Change(actor="lead", now=NOON + timedelta(days=1), reason="Readers asked for it.")
        late = replace(protocol, asks_confidence=True)
        set_protocol(session, late, room.facts(), change=change)
    report = build_report(room.study)

    first, second = read_table(report, "versions")
    assert (first["Deviation"], second["Deviation"]) == ("no", "yes")
    assert second["Reason"] == "Readers asked for it."
    assert second["What changed"] == "Asks for confidence: no -> yes"
    assert "frozen by the first grade, at 2026-05-04 12:00 UTC" in report.decode()

    readers = read_table(report, "reader-table")
    found = [line["Planted errors found"].split(" of ") for line in readers]
    assert sum(int(hits) for hits, _ in found) == sum(int(all_) for _, all_ in found) == planted
    assert sum(int(line["Grades that count"]) for line in readers) == 24 - planted
    shares = read_table(report, "share-table")
    assert {line["Major"] for line in shares} == {"0"}
    assert sum(int(line["Patients"]) for line in shares) == 24 - planted

    size = {line["What"]: line for line in read_table(report, "size-table")}
    assert (size["Cases"]["Planned"], size["Cases"]["Actual"]) == (
        "12",
        str(len(read)),
    )
    assert (size["Readers"]["Planned"], size["Readers"]["Actual"]) == ("2", "2")
    assert (size["Grades, all"]["Planned"], size["Grades, all"]["Actual"]) == ("24", "24")
    assert size["Grades of planted errors"]["Actual"] == str(planted) > "0"


def test_the_mixed_model_of_the_report_is_that_of_statsmodels_formulas(room: Room) -> None:
    rng = np.random.default_rng(5)
    room.set(replace(build_preset(Preset.TWO_READS, room.facts()), sources=("ai", "reference")))
    wish = ReadWish(reader_ids=tuple(room.readers.values()))
    with transaction(room.study.engine) as session:
        plan = plan_reads(session, wish)
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
        for row in room.list_reads(session):
            for structure, label in list_shown(session, row).items():
                worse = label.source is LabelSource.PSEUDO
                code = ("no", "minor", "major")[int(rng.integers(0, 2)) + worse]
                room.grade(session, row, structure, code)
    line, *none = read_table(build_report(room.study), "model-table")
    assert none == []  # no active time was measured
    facts = read_facts(room.study)
    frame = pd.DataFrame(
        [
            {
                "level": LEVELS[row.grade.level or ""],
                "patient": row.case.patient,
                "reader": row.reader.pseudonym,
                "ai": float(row.arm is LabelSource.PSEUDO),
                "grade": row.grade.id,
            }
            for row in facts.counted
        ]
    )
    frame["place"] = np.log10(frame.sort_values("grade").groupby("reader").cumcount() + 1.0)
    frame["all"] = 1
    parts = {"patient": "0 + C(patient)", "reader": "0 + C(reader)"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a variance of 0 is an answer
        fitted = mixedlm("level ~ ai + place", frame, groups="all", vc_formula=parts).fit()
    assert "Between sources: reference less AI." in build_report(room.study).decode()
    assert line["Grades"] == str(len(frame)) == "96"
    found = float(line["Between sources"].split(" ")[0])
    assert found == pytest.approx(-fitted.fe_params["ai"], abs=0.006)
    found = float(line["Per tenfold place in the list"].split(" ")[0])
    assert found == pytest.approx(fitted.fe_params["place"], abs=0.006)
    assert float(line["The rest"]) == pytest.approx(fitted.scale, abs=6e-4)
    apart = {"BrainStem": LabelSource.PSEUDO, "ParotidL": LabelSource.REFERENCE}
    assert find_arms(facts.counted) == ("AI", "reference")
    assert find_arms([r for r in facts.counted if r.arm is apart[r.grade.structure]]) == ()
