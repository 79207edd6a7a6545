"""The form of the protocol: a design, its values, and saving them as a new version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import streamlit as st

from han5k_review.errors import Han5kError
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.record import Change, set_protocol
from han5k_review.protocol.rules import MOST_PLANTED, Protocol, StudyFacts, check_protocol
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.vocabulary import (
    PlantedKind,
    Preset,
)
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit, attempt, open_bench, tell

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the protocol stands: its version in force (0: none), and when it froze."""

    number: int
    protocol: Protocol | None
    frozen_at_utc: datetime | None


class Fields:
    """Widgets whose keys change with design and version, so that each begins with its values."""

    def __init__(self, standing: Standing, preset: Preset) -> None:
        self.prefix = f"protocol-{standing.number}-{preset.value}"

    def key(self, name: str) -> str:
        """The key of a widget."""
        return f"{self.prefix}-{name}"

    def word(self, label: str, name: str, value: E) -> E:
        """One member of a vocabulary."""
        members = list(type(value))
        return st.selectbox(
            label,
            members,
            index=members.index(value),
            format_func=lambda one: one.value,
            key=self.key(name),
        )

    def per_cent(self, label: str, name: str, share: float, low: float, high: float) -> float:
        """A share, asked for in per cent."""
        step = 0.5 if high < 50 else 1.0
        asked = st.number_input(
            label, low, high, round(100 * share, 4), step, format="%g", key=self.key(name)
        )
        return float(round(asked / 100, 6))

    def whole(self, label: str, name: str, value: int, low: int, high: int) -> int:
        """A whole number."""
        return int(st.number_input(label, low, high, value, 1, key=self.key(name)))

    def names(
        self, label: str, name: str, value: tuple[str, ...], known: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Some of the names that the study has."""
        options = [*known, *(one for one in value if one not in known)]
        return tuple(st.multiselect(label, options, list(value), key=self.key(name)))


def ask_protocol(standing: Standing, facts: StudyFacts) -> Protocol:
    """The protocol as the widgets say; a design that is in force begins with its present values."""
    present = standing.protocol
    presets = list(Preset)
    start = Preset.ACCEPTANCE if present is None else present.preset
    preset = st.selectbox(
        "Design",
        presets,
        index=presets.index(start),
        format_func=lambda one: one.value,
        key=f"protocol-{standing.number}-preset",
    )
    is_present = present is not None and present.preset is preset
    base = present if present is not None and is_present else build_preset(preset, facts)
    fields = Fields(standing, preset)
    protocol = _ask_what(fields, base, facts)
    protocol = _ask_reads(fields, protocol, facts)
    with st.expander("Errors, adjudication, certificate, seed"):
        return _ask_limits(fields, _ask_rest(fields, protocol))


def _ask_what(fields: Fields, base: Protocol, facts: StudyFacts) -> Protocol:
    left, right = st.columns(2)
    with left:
        endpoint = fields.word("Primary endpoint", "endpoint", base.endpoint)
    with right:
        scale = st.selectbox(
            "Scale",
            facts.scales,
            index=facts.scales.index(base.scale) if base.scale in facts.scales else 0,
            key=fields.key("scale"),
        )
    sources = fields.names("Label sources, mixed blind", "sources", base.sources, facts.sources)
    every = st.checkbox(
        f"All structures with contours: {len(facts.structures)}",
        set(base.structures) == set(facts.structures),
        key=fields.key("every"),
    )
    structures = (
        facts.structures
        if every
        else fields.names("Structures", "structures", base.structures, facts.structures)
    )
    return replace(base, endpoint=endpoint, scale=scale, sources=sources, structures=structures)


def _ask_reads(fields: Fields, base: Protocol, facts: StudyFacts) -> Protocol:
    left, middle, right = st.columns(3)
    with left:
        reads = fields.whole("Reads per case", "reads", base.reads_per_case, 1, 20)
    with middle:
        share = fields.per_cent("Hidden repeats, %", "repeats", base.repeat_share, 0.0, 100.0)
    with right:
        weeks = fields.whole("Repeat after weeks", "weeks", base.repeat_weeks, 0, 520)
    with left:
        order = fields.word("Order", "order", base.order)
    with middle:
        blinding = fields.word("Blinding", "blinding", base.blinding)
    with right:
        planted = fields.per_cent(
            "Planted errors, %", "planted", base.planted_share, 0.0, 100 * MOST_PLANTED
        )
    calibration = fields.names(
        "Calibration cases, read first by everybody and never counted",
        "calibration",
        base.calibration_cases,
        facts.cases,
    )
    return replace(
        base,
        reads_per_case=reads,
        repeat_share=share,
        repeat_weeks=weeks,
        order=order,
        blinding=blinding,
        planted_share=planted,
        calibration_cases=calibration,
    )


def _ask_rest(fields: Fields, base: Protocol) -> Protocol:
    kinds = st.multiselect(
        "Kinds of planted errors",
        list(PlantedKind),
        list(base.planted_kinds),
        format_func=lambda one: one.value.replace("_", " "),
        key=fields.key("kinds"),
    )
    left, right = st.columns(2)
    with left:
        certificate = fields.word("Certificate", "certificate", base.certificate)
        limit = fields.per_cent("Share to be shown, %", "limit", base.limit, 50.0, 99.9)
        failures = fields.whole("Failures allowed, fixed", "failures", base.fixed_failures, 0, 200)
        adjudication = fields.word("Adjudication", "adjudication", base.adjudication)
        seed = fields.whole("Seed of the draw", "seed", base.seed, 0, 2**31 - 1)
    with right:
        many = fields.word("Over all structures", "many", base.many_rule)
        rate = fields.per_cent("Error rate, %", "rate", base.error_rate, 0.1, 50.0)
        sampled = fields.per_cent(
            "Sample for adjudication, %", "sampled", base.adjudication_share, 0.0, 100.0
        )
        guess = st.checkbox("Ask for a source guess", base.asks_source, key=fields.key("guess"))
        sure = st.checkbox("Ask for confidence", base.asks_confidence, key=fields.key("sure"))
        assistance = st.checkbox("AI assistance", base.ai_assistance, key=fields.key("assistance"))
    return replace(
        base,
        planted_kinds=tuple(kinds),
        certificate=certificate,
        limit=limit,
        fixed_failures=failures,
        adjudication=adjudication,
        seed=seed,
        many_rule=many,
        error_rate=rate,
        adjudication_share=sampled,
        asks_source=guess,
        asks_confidence=sure,
        ai_assistance=assistance,
    )


def _ask_limits(fields: Fields, base: Protocol) -> Protocol:
    """What readers may answer, and how long a read that they began is theirs."""
    days = "Days until a begun read goes to another reader, 0 never"
    lease = fields.whole(days, "lease", base.lease_days, 0, 3650)
    drawn = "Reads drawn from nothing, without a contour, to tell the time saved, %"
    manual = fields.per_cent(drawn, "manual", base.manual_share, 0.0, 100.0)
    allowed = "No preference is an answer of a forced choice"
    neither = st.checkbox(allowed, base.allows_neither, key=fields.key("neither"))
    return replace(base, lease_days=lease, manual_share=manual, allows_neither=neither)


def show_saving(visit: Visit, standing: Standing, protocol: Protocol, facts: StudyFacts) -> bool:
    """What does not fit, else the button that makes a new version; True when the values fit."""
    try:
        check_protocol(protocol, facts)
    except Han5kError as error:
        st.warning(as_text(str(error)))
        return False
    if protocol == standing.protocol:
        st.caption(f"This is version {standing.number}, as it is in force.")
        return True
    reason = ""
    with st.form("protocol-saving", border=False):
        if standing.frozen_at_utc is not None:
            reason = st.text_input("Reason for the change", key="protocol-reason")
        label = f"Save as version {standing.number + 1}"
        is_wanted = st.form_submit_button(label, type="primary", key="protocol-save")
    if is_wanted:
        with attempt():
            change = Change(
                actor=visit.identity.name, now=utc_now(), reason=reason, after=standing.number
            )
            with transaction(visit.bench.study.engine) as session:
                set_protocol(session, protocol, facts, change=change)
            open_bench.clear()  # its scale may be another now
            tell(f"Version {standing.number + 1} is in force.")
            st.rerun()
    return True
