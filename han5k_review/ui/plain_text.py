"""Names that people gave, shown as they are: nothing in them is Markdown."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:&^=.@-])")


def as_text(name: str | None) -> str:
    """The name with a backslash before each sign that Markdown would read; empty for None."""
    return _SIGNS.sub(r"\\\1", name or "")
