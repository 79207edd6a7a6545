"""The demo study after five weeks: a protocol, its reads, revisions, decisions, numbers and a run.

Everything goes through the services that people use. The same seed gives the same grades; only the
numbers of the small training differ a little between processors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from sqlmodel import Session, col, select

from han5k_review.accounts.readers import get_reader
from han5k_review.cli.demo_calendar import Calendar
from han5k_review.cli.demo_decisions import adjudicate, revise, sign
from han5k_review.cli.demo_reading import EYES, DemoReader, Story, measure_worth
from han5k_review.cli.demo_review import DEMO_ACCOUNTS, Truth
from han5k_review.cli.session import actor, progress_bar
from han5k_review.errors import RuleError
from han5k_review.evaluation import list_metrics, plan_evaluation, run_evaluation
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import Change, find_version, get_version, read_facts, set_protocol
from han5k_review.protocol.rules import Protocol, StudyFacts
from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.runs.plan import RunRequest
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.retraining.runs.run_views import find_usual_parent
from han5k_review.retraining.worker import run_one
from han5k_review.settings import get_settings
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, ModelVersion
from han5k_review.store.vocabulary import (
    CertificateKind,
    Preset,
    Role,
    RunState,
    Split,
)
from han5k_review.study import get_study_info, read_study_catalogue, read_study_scale
from han5k_review.triage.run import run_triage, score_study
from han5k_review.workforce import open_workforce

READ = (
    *("BrainStem", "Cord_HaN", "OpticChiasm", "OpticNerveL", "OpticNerveR", "ParotidL", "ParotidR"),
    *("Submandibular_L", "Submandibular_R", "TemporalLobe_L", "TemporalLobe_R", "MandibleL"),
    *("MandibleR", "Larynx", "Thyroid", "EyeL"),
)
"""The structures of the demo's reader study: what the model predicts, and some others."""
_MOST_OPEN, _BEGUN = 2, 5
_LOOK_S = 0.1
_RUN: Mapping[str, int] = {"epochs": 2, "iterations_per_epoch": 12, "monitor_iterations": 2}


def check_new(study: Study) -> None:
    """RuleError for a study whose readers have reads by hand: that of `--empty`."""
    with reading(study.engine) as session:
        by_hand = select(Assignment.id).where(
            col(Assignment.protocol_id).is_(None), Assignment.read_index > ADJUDICATION_INDEX
        )
        if session.exec(by_hand.limit(1)).first() is not None:
            raise RuleError(
                f"A new folder was expected for the demo, {study.root} holds an empty demo or "
                "another study; choose another folder, or add --empty."
            )


def add_life(study: Study, truth: Truth, calendar: Calendar, seed: int) -> None:
    """Measure, score, read, decide and train; what is there already stays as it is."""
    catalogue = read_study_catalogue(study)
    with progress_bar() as bar:
        bar.add_task("measuring contours and scoring doubts", total=None)
        with reading(study.engine) as session:
            plan = plan_evaluation(session, catalogue)
        run_evaluation(study, plan, clock=lambda: calendar.day(35))
        with reading(study.engine) as session:
            worth = measure_worth(list_metrics(session, plan))
            has_protocol = find_version(session) is not None
        if not has_protocol:
            with open_workforce(get_settings().processes, None) as workforce:
                run_triage(
                    study,
                    catalogue,
                    workforce=workforce,
                    actor=actor(),
                    clock=lambda: calendar.day(34),
                )
    story = Story(study=study, calendar=calendar, truth=truth, worth=worth, seed=seed)
    if not has_protocol:
        with transaction(study.engine) as session:
            live(session, story)
        score_study(study, catalogue, actor=actor(), now=calendar.day(0.5))
    _train(study, calendar)


def live(session: Session, story: Story) -> None:
    """All that people did, in its order."""
    _assign(session, story)
    _read(session, story)
    revise(session, story)
    sign(session, story)
    adjudicate(session, story)


def choose_protocol(facts: StudyFacts, calibration: Sequence[str]) -> Protocol:
    """Two blind reads of some structures, with repeats, planted errors and a certificate."""
    return replace(
        build_preset(Preset.TWO_READS, facts),
        structures=tuple(name for name in facts.structures if name in READ),
        calibration_cases=tuple(calibration),
        repeat_share=0.3,
        planted_share=0.06,
        certificate=CertificateKind.SEQUENTIAL,
        limit=0.8,
        seed=1,
    )


def _assign(session: Session, story: Story) -> None:
    """The protocol, and its reads on the lists of both readers."""
    facts = read_facts(session, story.study)
    held_out = select(Case.name).where(Case.split == Split.HELD_OUT).order_by(col(Case.name))
    names = session.exec(held_out).all()
    protocol = choose_protocol(facts, names[-1:] if len(names) > 3 else ())
    change = Change(actor="lead", now=story.calendar.day(33))
    set_protocol(session, protocol, facts, change=change)
    readers = [name for name, role in DEMO_ACCOUNTS if role is Role.READER]
    wish = ReadWish(reader_ids=tuple(stored_id(get_reader(session, name)) for name in readers))
    plan = plan_reads(session, wish)
    assign_reads(session, story.study, wish, seen=plan, actor="lead", now=story.calendar.day(32.9))


def _read(session: Session, story: Story) -> None:
    """First reads but the last ones of held-out cases, of which one is begun; then the repeats."""
    scale = read_study_scale(story.study, get_study_info(session))
    for number, (name, (bias, finds)) in enumerate(EYES.items()):
        reader = DemoReader(
            reader=get_reader(session, name),
            rng=np.random.default_rng([story.seed, number, 2]),
            bias=bias,
            finds=finds,
            scale=scale,
            worth=story.worth,
            order=get_version(session).structures,
        )
        rows = reader.list_reads(session)
        first = [(row, case) for row, case in rows if not row.is_repeat]
        counted = [(row, case) for row, case in first if not row.is_calibration]
        held_out = [row for row, case in counted if case.split is Split.HELD_OUT]
        open_reads = held_out[-min(_MOST_OPEN, len(counted) // 3) :] if len(counted) > 2 else []
        for place, (row, case) in enumerate(first):
            if row in open_reads[1:]:
                continue
            most = _BEGUN if row in open_reads else None
            at = story.calendar.day(31 - 2 * place - 0.04 * number)
            reader.read(session, row, case, at, most)
        left = {row.id for row in open_reads}
        for row, case in rows:
            if row.is_repeat and row.repeat_of_id not in left:
                reader.read(session, row, case, story.calendar.day(3 - 0.04 * number))


def _train(study: Study, calendar: Calendar) -> None:
    """One short run that continues the model in use; it waits for the lead's decision."""
    device = choose_device(get_settings().device)
    with transaction(study.engine) as session:
        run = session.exec(select(RetrainRun).order_by(col(RetrainRun.id))).first()
        if run is None:
            group = session.exec(select(ModelVersion.group).order_by(col(ModelVersion.id))).first()
            parent = find_usual_parent(session, group or "")
            run = request_run(
                session,
                study,
                read_study_catalogue(study),
                RunRequest(
                    group=group or "",
                    overrides=dict(_RUN),
                    parent_model_id=None if parent is None else parent.id,
                    device=device,
                ),
                requested_by=get_reader(session, "lead"),
                now=calendar.day(0),
            )
        run_id, is_open = stored_id(run), run.state is RunState.QUEUED
    if is_open:
        with progress_bar() as bar:
            bar.add_task("training for a moment on what was revised", total=None)
            run_one(study, run_id, device=device, poll_seconds=_LOOK_S)
