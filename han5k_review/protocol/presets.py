"""The designs that ship, as protocols; sources stand in docs/protocol.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from han5k_review.protocol.rules import Protocol, StudyFacts
from han5k_review.store.vocabulary import AdjudicationRule, CertificateKind, Endpoint, Preset

_TWO_SOURCES = ("ai", "reference")

_DESIGNS: Mapping[Preset, Callable[[Protocol], Protocol]] = {
    Preset.ACCEPTANCE: lambda base: replace(
        base, planted_share=0.02, certificate=CertificateKind.SEQUENTIAL
    ),
    Preset.COMPARISON: lambda base: replace(
        base,
        sources=_TWO_SOURCES,
        asks_source=True,
        asks_confidence=True,
        endpoint=Endpoint.SOURCES,
    ),
    Preset.FORCED_CHOICE: lambda base: replace(
        base, sources=_TWO_SOURCES, endpoint=Endpoint.PREFERENCE
    ),
    Preset.TWO_READS: lambda base: replace(
        base,
        reads_per_case=2,
        adjudication=AdjudicationRule.ONE_LEVEL,
        endpoint=Endpoint.AGREEMENT,
    ),
    Preset.TIMED_REVISION: lambda base: replace(
        base, ai_assistance=True, manual_share=0.5, endpoint=Endpoint.TIME
    ),
    Preset.INTRA_READER: lambda base: replace(
        base, repeat_share=0.15, repeat_weeks=2, endpoint=Endpoint.REPEATABILITY
    ),
    Preset.TRAINING: lambda base: replace(base, endpoint=Endpoint.LEARNING),
    Preset.OWN: lambda base: base,
}


def build_preset(preset: Preset, facts: StudyFacts) -> Protocol:
    """A preset for this study: all its structures, and the scale in use."""
    base = Protocol(
        preset=preset,
        scale=facts.scale,
        structures=facts.structures,
        endpoint=Endpoint.ACCEPTABLE,
    )
    return _DESIGNS[preset](base)
