"""What `han5k doctor` finds: one sentence, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong (`is_problem`), or only worth knowing; `mend` says what to do."""

    sentence: str
    mend: str
    is_problem: bool = True
