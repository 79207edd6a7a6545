"""The reading viewer: a typed door in Python, the workspace itself in JavaScript (`assets/`)."""

from han5k_review.ui.viewer.door import ViewerEvent, ViewerEventKind, view
from han5k_review.ui.viewer.payload import (
    GivenGrade,
    LabelLine,
    LabelSet,
    Resume,
    ViewerPayload,
    ViewerScale,
    ViewerScaleGrade,
    ViewerStructure,
    ViewerWindow,
)

__all__ = [
    "GivenGrade",
    "LabelLine",
    "LabelSet",
    "Resume",
    "ViewerEvent",
    "ViewerEventKind",
    "ViewerPayload",
    "ViewerScale",
    "ViewerScaleGrade",
    "ViewerStructure",
    "ViewerWindow",
    "view",
]
