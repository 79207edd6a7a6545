"""Names that people gave, shown as they are: nothing of them is Markdown; commands stay code."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:&^=.@-])")
_CODE = re.compile(r"(`[^`\n]+`)")


def as_text(name: str | None) -> str:
    """The name with a backslash before each sign that Markdown would read; empty for None.

    What stands between two backticks stays as it is, a command of a sentence: in there Markdown
    reads nothing else.
    """
    parts = _CODE.split(name or "")
    return "".join(part if odd % 2 else _SIGNS.sub(r"\\\1", part) for odd, part in enumerate(parts))
