"""The reading viewer: a typed door in Python, the workspace itself in JavaScript (`assets/`).

    seen = get_visible_task(session, assignment, names_reads=True)
    payload = build_payload(
        seen, catalogue=catalogue, windows=windows, scale=scale, warnings={}
    )
    event = find_event("viewer")
    if event is not None and event.kind is ViewerEventKind.NEXT_CASE:
        ...
    view(payload, key="viewer")

Who owns which state there, and what redraws when: docs/viewer-code.md.
"""

from han5k_review.viewer.door import ViewerEvent, ViewerEventKind, find_event, view
from han5k_review.viewer.mount import build_payload
from han5k_review.viewer.payload import (
    Addresses,
    Decision,
    DecisionCandidate,
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
    "Decision",
    "DecisionCandidate",
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
    "find_event",
    "view",
]
