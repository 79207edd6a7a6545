"""What the prompt server of tests says, rightly and wrongly, in the words of the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from han5k_review.prompting.client import pack_array
from rigs.prompt_model import Part

LICENCE = "CC BY-NC-SA 4.0"
VERSION = "2.6.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with requests whose path begins with `path`, after `after` of them went well.

    `times`: how often, then all is well again. `kind`: full, gone, sleep (`seconds`), meet (wait
    until two are there), nan, values, shape, redirect (`to`), version, die.
    """

    kind: str = ""
    path: str = "/add_"
    after: int = 0
    times: int = 10_000
    seconds: float = 0.0
    to: str = ""


def describe_capabilities() -> dict[str, Any]:
    """As the official model's server tells them."""
    return {
        "supported_interactions": {
            "scribble": True,
            "lasso": True,
            "points": True,
            "bbox2d": True,
            "bbox3d": False,
        },
        "channel_mapping": {"prev_seg": 0, "points": [3, 4]},
        "num_interaction_channels": 7,
        "supports_initial_label": True,
        "supports_zero_shot_label_refinement": True,
        "preferred_scribble_thickness": [2, 2, 2],
        "interaction_decay": 0.98,
        "patch_size": [192, 192, 192],
        "do_autozoom": True,
        "inference_session_version": VERSION,
        "license": LICENCE,
        "supports_undo": True,
    }


def describe_change(
    was: Part, now: NDArray[np.bool_], dtype: np.dtype[Any]
) -> tuple[dict[str, Any], Any]:
    """Header and array of the box in which something changed."""
    places = np.nonzero(was.inside ^ now)
    if not places[0].size:
        return {"ran_prediction": True, "bbox": None}, b""
    spans = [(int(at.min()), int(at.max()) + 1) for at in places]
    part = now[tuple(slice(*span) for span in spans)].astype(dtype)
    bounds = [
        [own + low, own + high] for (low, high), (own, _) in zip(spans, was.bounds, strict=True)
    ]
    return {"ran_prediction": True, "bbox": bounds}, part


def spoil(content: Any, fault: Fault | None) -> bytes:
    """The array packed, or a wrong one."""
    if isinstance(content, bytes):
        return content
    if fault is not None and fault.kind == "nan":
        content = np.full(content.shape, np.nan, np.float32)
    elif fault is not None and fault.kind == "values":
        content = np.full(content.shape, 7, np.uint8)
    elif fault is not None and fault.kind == "shape":
        content = content[:1, :1, :1]
    return pack_array(content, nthreads=1)
