"""Who of a run's patients is set aside, and what a parent cannot learn from the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import pytest

from han5k_review.retraining.runs.plan import RunPlan, RunRequest, plan_run
from han5k_review.retraining.runs.run_folders import manifest_path
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.runs.stages import prepare
from han5k_review.retraining.settings import resolve_settings
from han5k_review.retraining.teaching.snapshot_building import ParentTable, build_snapshot
from han5k_review.retraining.teaching.trust import LabelRef, ReviewRecord
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import Split
from rigs.phantom_study import CATALOGUE, add_head, add_label, build_study, queue_run


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """Six training patients in whom a person drew, two without; parents of one and two labels."""
    study = build_study(tmp_path_factory.mktemp("many") / "study", train=6)
    with transaction(study.engine) as session:
        for number in (31, 32):
            case, head = add_head(session, study, number, Split.TRAIN)
            for name, mask in head.masks.items():
                add_label(session, study, case, name, mask)
        for name, labels in (("both", ["BrainStem", "ParotidL"]), ("one", ["BrainStem"])):
            table = {label: value for value, label in enumerate(labels, start=1)}
            session.add(
                ModelVersion(
                    name=name, group="2", folder=name, checkpoint_sha256=name, labels=table
                )
            )
            session.flush()
    yield study
    study.engine.dispose()


def plan(study: Study, **asked: object) -> RunPlan:
    request = RunRequest(**{"group": "2", **asked})  # type: ignore[arg-type]
    with reading(study.engine) as session:
        return plan_run(session, study, CATALOGUE, request)


def aside(found: RunPlan) -> tuple[int, int]:
    """Cases set aside: those in which a person drew, and others."""
    kept = [c for c in found.snapshot.teaching if c.monitor]
    return sum(bool(c.revised) for c in kept), sum(not c.revised for c in kept)


def test_who_is_set_aside_chooses_something_or_was_drawn_by_nobody(many: Study) -> None:
    half = {"monitor_fraction": 0.5, "replay": True}
    mixed = plan(many, parent_model_id=1, overrides=half)
    assert aside(mixed) == (3, 1), "half of the six choose alpha"
    assert not any("mixed into" in note for note in mixed.notes)
    unmixed = plan(many, parent_model_id=1, overrides={**half, "mix_with_parent": False})
    assert aside(unmixed) == (0, 1), "they would only draw a curve"
    assert aside(plan(many, overrides=half)) == (0, 0), "from scratch all that is trusted teaches"
    assert aside(plan(many, parent_model_id=1)) == (0, 0)


def test_one_or_two_patients_do_not_choose_how_much_of_the_parent_is_mixed_in(many: Study) -> None:
    for fraction in (0.17, 0.34):
        found = plan(
            many, parent_model_id=1, overrides={"monitor_fraction": fraction, "replay": True}
        )
        assert aside(found)[0] == 0
        assert any(
            note.startswith("Nothing of the parent is mixed into the weights: fewer than three")
            for note in found.notes
        )


def test_contours_of_what_the_parent_does_not_predict_are_said_to_teach_nothing(
    many: Study,
) -> None:
    told = "Not learned, since one does not predict them: trusted contours of ParotidL (6)."
    assert any(note.startswith(told) for note in plan(many, parent_model_id=2).notes)
    for asked in ({"parent_model_id": 1}, {}):
        assert not any(note.startswith("Not learned") for note in plan(many, **asked).notes)


def test_one_revision_among_3346_cases_teaches_half_of_the_time() -> None:
    """And is not the patient who is set aside for the curve, though its hash comes first."""
    settings = resolve_settings("adapt")
    cases = [
        Case(
            id=n,
            name=f"RAD-{n:04d}",
            patient=f"P{n}",
            split=Split.TRAIN,
            image_sha256=str(n),
            shape_ijk=[1, 1, 1],
            affine_ras=[],
        )
        for n in range(3346)
    ]
    revised = min(range(3346), key=lambda n: sha256(f"P{n}".encode()).hexdigest())
    label = LabelRef(label_version_id=1, mask_sha256="old")
    drawn = LabelRef(label_version_id=2, mask_sha256="new")
    records = {
        (n, "BrainStem"): ReviewRecord(case_id=n, structure="BrainStem", under_review=label)
        for n in range(3346)
    }
    records[revised, "BrainStem"] = replace(
        records[revised, "BrainStem"], accepted=drawn, accepted_is_current=True
    )
    parent = ParentTable(labels={"BrainStem": 1}, checkpoint_sha256="0")
    snapshot = build_snapshot(cases, records, CATALOGUE, "2", settings, parent=parent)
    weights = {c.case_id: c.weight for c in snapshot.teaching if not c.monitor}
    assert len(snapshot.teaching) == 151
    assert weights.pop(revised) == 150
    assert sum(weights.values()) == 120, "30 of 150 patients draw the curve"


def test_each_run_draws_another_sample_whose_seed_is_in_its_manifest(many: Study) -> None:
    seeds = []
    for _ in range(2):
        run_id = queue_run(many)
        with reading(many.engine) as session:
            run = get_run(session, run_id)
        prepare(many, CATALOGUE, run)
        manifest = json.loads(manifest_path(many, run_id).read_text())
        seeds.append(manifest["settings"]["replay_seed"])
    assert seeds == [1, 2]
