"""The reading viewer: a typed door in Python, the workspace itself in JavaScript (`assets/`)."""

from han5k_review.ui.viewer.door import ViewerEvent, ViewerEventKind, view
from han5k_review.ui.viewer.mount import build_payload
from han5k_review.ui.viewer.payload import (
    Addresses,
    GivenGrade,
    LabelLine,
    LabelSet,
    NextCase,
    Resume,
    ViewerPayload,
    ViewerScale,
    ViewerScaleGrade,
    ViewerStructure,
    ViewerWindow,
)

__all__ = [
    "Addresses",
    "GivenGrade",
    "LabelLine",
    "LabelSet",
    "NextCase",
    "Resume",
    "ViewerEvent",
    "ViewerEventKind",
    "ViewerPayload",
    "ViewerScale",
    "ViewerScaleGrade",
    "ViewerStructure",
    "ViewerWindow",
    "build_payload",
    "view",
]
