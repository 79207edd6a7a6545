"""What the server answers about prompts (docs/transport.md, Prompts)."""

from __future__ import annotations

import base64
from typing import Any

from han5k_review.prompting import prompts
from han5k_review.prompting.prompts import PromptState
from han5k_review.review.drafts.voxel_runs import encode_runs
from han5k_review.store.vocabulary import PatchMode
from han5k_review.web.answers import Answer


class PromptsAnswer(Answer):
    """Whether prompts are answered now, by which server; `why` not, as a sentence."""

    available: bool
    why: str | None
    licence: str | None
    server: str | None


class PromptAnswer(Answer):
    """What a prompt changes, as a stroke says it; a box of no voxels: nothing."""

    start: list[int]
    shape: list[int]
    runs: str
    mode: str
    licence: str
    seconds: float


def describe_answer(answer: prompts.PromptAnswer) -> dict[str, Any]:
    """The answer as one patch, and what it came from."""
    runs = encode_runs(answer.marked) if answer.marked.size else b""
    return {
        "start": list(answer.start_ijk),
        "shape": list(answer.shape_ijk),
        "runs": base64.b64encode(runs).decode("ascii"),
        "mode": PatchMode.XOR.value,
        "licence": answer.licence,
        "seconds": round(answer.seconds, 3),
    }


def describe_state(state: PromptState) -> dict[str, Any]:
    """Whether prompts are there, and why not."""
    return {
        "available": state.available,
        "why": state.why,
        "licence": state.licence,
        "server": state.server,
    }
