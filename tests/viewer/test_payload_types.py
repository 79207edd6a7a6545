"""The payload's types in JavaScript (pure/payload.js) are those of the Python side."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import fields
from enum import StrEnum

import pytest

from han5k_review.viewer import payload
from rigs.viewer_desk import ASSETS

TYPES = ASSETS / "pure/payload.js"
RECORD = re.compile(r"@typedef \{object\} (\w+)\n(.*?)\*/", re.S)
PROPERTY = re.compile(r"@property \{(.+)\} (\w+)$", re.M)
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}
RECORDS = {
    name: {field: kind for kind, field in PROPERTY.findall(body)}
    for name, body in RECORD.findall(TYPES.read_text())
}


def in_javascript(kind: object) -> str:
    """`tuple[str, ...] | None` as `string[] | null`."""
    if isinstance(kind, types.UnionType):
        return " | ".join(in_javascript(one) for one in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return f"{in_javascript(typing.get_args(kind)[0])}[]"
    if typing.get_origin(kind) is dict:
        return f"Record<string, {in_javascript(typing.get_args(kind)[1])}>"
    if isinstance(kind, type):
        return PLAIN.get(kind, kind.__name__)
    raise TypeError(f"No JavaScript type is known for {kind}.")


def python_side(name: str) -> dict[str, str]:
    """Fields as they stand in the mount object, with their JavaScript types."""
    kind = getattr(payload, name)
    hints = typing.get_type_hints(kind)
    return {field.name: in_javascript(hints[field.name]) for field in fields(kind)}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_has_the_fields_and_types_of_its_dataclass(name: str) -> None:
    assert RECORDS[name] == python_side(name)


def test_every_dataclass_of_the_payload_has_its_record() -> None:
    known = {
        name
        for name, kind in vars(payload).items()
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")
    }
    assert set(RECORDS) == known


def test_line_styles_are_those_of_the_enum() -> None:
    found = re.search(r"@typedef \{(.+)\} LabelLine", TYPES.read_text())
    assert found is not None
    assert issubclass(payload.LabelLine, StrEnum)
    assert re.findall(r'"([^"]+)"', found[1]) == [line.value for line in payload.LabelLine]
