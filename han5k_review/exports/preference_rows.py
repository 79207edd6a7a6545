"""Rows of the two sheets about a forced choice: each choice, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from han5k_review.review.preferences import GivenChoice
from han5k_review.statistics.preferences import (
    PairChoice,
    PreferenceResult,
    measure_preference,
)
from han5k_review.store.vocabulary import Choice

ALL_STRUCTURES = "all structures"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceRow:
    """Two sources compared in one structure, or in all; `repeats` came again, `same` as before."""

    sources: tuple[str, str]
    structure: str
    result: PreferenceResult
    repeats: int
    same: int


def build_preference_rows(
    choices: Sequence[GivenChoice], structures: Iterable[str]
) -> list[PreferenceRow]:
    """For every two sources all structures together, then each in the order of `structures`.

    First reads alone are counted; a repeat is compared with what its reader said first.
    """
    rows = []
    for sources in dict.fromkeys(one.sources for one in choices):
        own = [one for one in choices if one.sources == sources]
        read = {one.preference.structure for one in own}
        for name in (ALL_STRUCTURES, *(name for name in structures if name in read)):
            some = [one for one in own if name in (ALL_STRUCTURES, one.preference.structure)]
            rows.append(_measure(sources, name, some))
    return rows


def _measure(
    sources: tuple[str, str], structure: str, choices: Sequence[GivenChoice]
) -> PreferenceRow:
    first = [one for one in choices if not one.is_repeat]
    said = {
        (one.reader, one.case, one.preference.structure): one.preferred or one.preference.choice
        for one in first
    }
    again = [
        (said[place], one.preferred or one.preference.choice)
        for one in choices
        if one.is_repeat and (place := (one.reader, one.case, one.preference.structure)) in said
    ]
    return PreferenceRow(
        sources=sources,
        structure=structure,
        result=measure_preference(_judge(one) for one in first),
        repeats=len(again),
        same=sum(before == after for before, after in again),
    )


def _judge(one: GivenChoice) -> PairChoice:
    choice = one.preference.choice
    decided = choice in (Choice.LEFT, Choice.RIGHT)
    return PairChoice(
        patient=one.patient,
        first=one.preferred == one.sources[0] if decided else None,
        left=choice is Choice.LEFT if decided else None,
        is_poor=choice is Choice.BOTH_POOR,
    )
