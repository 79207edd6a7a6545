"""Values of a protocol from text: `repeat_share=15%`, `structures=BrainStem,ParotidL`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import TypeVar

from han5k_review.errors import DataError
from han5k_review.protocol.rules import Protocol
from han5k_review.statistics.releases import ManyRule
from han5k_review.store.vocabulary import (
    AdjudicationRule,
    Blinding,
    CertificateKind,
    Endpoint,
    PlantedKind,
    Preset,
    ReadOrder,
)
from han5k_review.texts.numbers import find_whole_number

E = TypeVar("E", bound=StrEnum)
NAMES = tuple(field.name for field in fields(Protocol) if field.name != "preset")


def change_protocol(protocol: Protocol, changes: Sequence[str]) -> Protocol:
    """The protocol with these values, each as NAME=VALUE; lists by commas, shares also in per cent.

    DataError for a name or a value that is none.
    """
    values: dict[str, object] = {}
    for change in changes:
        name, found, text = change.partition("=")
        name = name.strip().replace("-", "_")
        if not found or name not in NAMES:
            raise DataError(
                f"NAME=VALUE with one of the names {', '.join(NAMES)} was expected, found "
                f"{change!r}."
            )
        values[name] = _READERS[name](name, text.strip())
    return replace(protocol, **values) if values else protocol  # type: ignore[arg-type]


def _text(_name: str, text: str) -> str:
    return text


def _names(_name: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _whole(name: str, text: str) -> int:
    number = find_whole_number(text)
    if number is None:
        raise DataError(f"A whole number was expected for {name}, found {text!r}.")
    return number


def _share(name: str, text: str) -> float:
    number, scale = (text[:-1], 100) if text.endswith("%") else (text, 1)
    try:
        return float(number) / scale
    except ValueError as error:
        raise DataError(
            f"A share such as 0.15 or 15% was expected for {name}, found {text!r}."
        ) from error


def _yes_or_no(name: str, text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise DataError(f"yes or no was expected for {name}, found {text!r}.")
    return text.lower() == "yes"


def _word(vocabulary: type[E]) -> Callable[[str, str], E]:
    def read(name: str, text: str) -> E:
        wanted = text.lower().replace("-", " ").replace("_", " ")
        spelled = {one.value.replace("-", " ").replace("_", " "): one for one in vocabulary}
        like = [one for words, one in spelled.items() if wanted and words.startswith(wanted)]
        if wanted in spelled or len(like) == 1:
            return spelled.get(wanted, like[0])
        raise DataError(
            f"One of {', '.join(one.value for one in vocabulary)} was expected for {name}, found "
            f"{text!r}."
        )

    return read


def find_preset(text: str) -> Preset:
    """The preset of this name, or the only one that begins like it; DataError lists them."""
    return _word(Preset)("the design", text)


def _kinds(name: str, text: str) -> tuple[PlantedKind, ...]:
    return tuple(_word(PlantedKind)(name, part) for part in _names(name, text))


_READERS: Mapping[str, Callable[[str, str], object]] = {
    "scale": _text,
    "structures": _names,
    "endpoint": _word(Endpoint),
    "sources": _names,
    "reads_per_case": _whole,
    "repeat_share": _share,
    "repeat_weeks": _whole,
    "calibration_cases": _names,
    "planted_share": _share,
    "planted_kinds": _kinds,
    "order": _word(ReadOrder),
    "blinding": _word(Blinding),
    "adjudication": _word(AdjudicationRule),
    "adjudication_share": _share,
    "ai_assistance": _yes_or_no,
    "asks_source": _yes_or_no,
    "asks_confidence": _yes_or_no,
    "allows_neither": _yes_or_no,
    "lease_days": _whole,
    "manual_share": _share,
    "certificate": _word(CertificateKind),
    "limit": _share,
    "error_rate": _share,
    "many_rule": _word(ManyRule),
    "fixed_failures": _whole,
    "seed": _whole,
}
