"""What is wrong with a request, in the house's own words instead of those of a library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_SHOWN = 80
_Words = Callable[[Mapping[str, Any]], str]


def _say(words: str) -> _Words:
    return lambda _: words


def _bound(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


_EXPECTED: Mapping[str, _Words] = {
    "missing": _say("a value"),
    "extra_forbidden": _say("nothing of this name"),
    "int_type": _say("a whole number"),
    "int_parsing": _say("a whole number"),
    "int_parsing_size": _say("a whole number"),
    "int_from_float": _say("a whole number"),
    "float_type": _say("a number"),
    "finite_number": _say("a finite number"),
    "bool_type": _say("true or false"),
    "string_type": _say("text"),
    "text_signs": _say("text without control signs or halves of signs"),
    "string_pattern_mismatch": _say("8 to 64 letters, digits or . _ : -"),
    "list_type": _say("a list"),
    "tuple_type": _say("a list"),
    "model_type": _say("a JSON object"),
    "model_attributes_type": _say("a JSON object"),
    "dict_type": _say("a JSON object"),
    "datetime_type": _say("a time in ISO 8601"),
    "datetime_parsing": _say("a time in ISO 8601"),
    "datetime_from_date_parsing": _say("a time in ISO 8601"),
    "timezone_aware": _say("a time with its zone"),
    "greater_than_equal": lambda context: f"at least {_bound(context['ge'])}",
    "less_than_equal": lambda context: f"at most {_bound(context['le'])}",
    "less_than": lambda context: f"less than {_bound(context['lt'])}",
    "string_too_short": lambda context: f"at least {context['min_length']} characters",
    "string_too_long": lambda context: f"at most {context['max_length']} characters",
    "too_short": lambda context: f"at least {context['min_length']} entries",
    "too_long": lambda context: f"at most {context['max_length']} entries",
    "literal_error": lambda context: str(context["expected"]),
    "enum": lambda context: str(context["expected"]),
}
_LENGTHS = {"string_too_long", "too_long", "string_too_short", "too_short"}


def describe_invalid(errors: Sequence[Mapping[str, Any]]) -> str:
    """One sentence about the first of pydantic's errors: what was expected, what was found."""
    first = errors[0]
    kind, found = str(first["type"]), first.get("input")
    if kind == "json_invalid":
        return _describe_json(first, found)
    place = ".".join(quote(part) for part in first["loc"] if part not in ("body", "path", "query"))
    words = _EXPECTED.get(kind)
    expected = words(first.get("ctx") or {}) if words else quote(first["msg"])
    sentence = (
        f"{expected[0].upper()}{expected[1:]} {'were' if kind in _LENGTHS else 'was'} expected"
    )
    if place:
        sentence += f" as {place}"
    if kind == "missing":
        return f"{sentence}, found nothing."
    if kind in _LENGTHS and isinstance(found, str | list | tuple):
        return f"{sentence}, found {len(found)}."
    return f"{sentence}, found {quote(found)!r}."


def quote(value: object) -> str:
    """A value a request brought, short and in signs that every answer can hold."""
    text = str(value)
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + " ..."
    return "".join(sign if sign.isprintable() else "?" for sign in shown)


def _describe_json(error: Mapping[str, Any], found: object) -> str:
    reason = str((error.get("ctx") or {}).get("error", ""))
    if found in (b"", ""):
        return "A JSON object was expected as the body, found an empty body."
    if "hex escape" in reason or "surrogate" in reason:
        return (
            "Whole characters were expected in the text, found half of one (an emoji that was cut "
            "in two); delete it, then save again."
        )
    if "unicode" in reason:
        return "UTF-8 was expected in the body, found other bytes."
    return f"JSON was expected as the body, found something else ({quote(reason)})."
