"""The typed door: what goes in is the contract's mount object, what comes out is typed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from han5k_review.viewer import GivenGrade, Resume, ViewerEvent, ViewerEventKind, ViewerPayload
from han5k_review.viewer.door import read_event
from rigs.viewer_cases import payload, plain_structure

STRUCTURES = (plain_structure("Larynx"),)


def test_the_payload_is_the_mount_object_of_the_contract() -> None:
    mounted = payload(
        12, STRUCTURES, next_assignment=13, resume=Resume(structure="Larynx", slice=6)
    )
    found = mounted.to_json()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {
        "assignment",
        "case",
        "next",
        "addresses",
        "label_sets",
        "structures",
        "windows",
        "scale",
        "grades",
        "read_only",
        "resume",
        "edit_base",
        "start_editing",
        "compare",
        "side_by_side",
        "rules",
        "decision",
        "account",
    }
    assert found["rules"]["outside"]["at_least"] == 0.01
    assert found["edit_base"] is None
    assert found["start_editing"] is False
    assert found["addresses"] == {
        "volume": "/api/assignments/12/volume",
        "label_sets": "/api/assignments/12/label_sets",
        "grades": "/api/assignments/12/grades",
        "position": "/api/assignments/12/position",
        "drafts": "/api/assignments/12/drafts",
        "sign_in": "/sign-in",
    }
    assert found["next"] == {
        "assignment": 13,
        "volume": "/api/assignments/13/volume",
        "label_sets": [{**found["label_sets"][0], "url": "/api/assignments/13/masks/a"}],  # type: ignore[index,dict-item]
    }
    assert found["resume"] == {"structure": "Larynx", "slice": 6}
    assert found["label_sets"] == [
        {
            "key": "a",
            "name": "Pseudo-label",
            "line": "solid",
            "url": "/api/assignments/12/masks/a",
            "color": None,
        }
    ]


def test_given_grades_go_in_with_their_flags() -> None:
    grade = GivenGrade(turn=5, code="minor", graded_at_utc="2026-01-05T14:02:11Z", tags=("over",))
    base = payload(12, STRUCTURES)
    mounted = ViewerPayload(
        case=base.case,
        addresses=base.addresses,
        label_sets=base.label_sets,
        structures=base.structures,
        windows=base.windows,
        scale=base.scale,
        grades={"Larynx": grade},
    )
    assert mounted.to_json()["grades"] == {
        "Larynx": {
            "turn": 5,
            "code": "minor",
            "graded_at_utc": "2026-01-05T14:02:11Z",
            "tags": ["over"],
            "comment": "",
            "flagged_slices": [],
        }
    }


def test_what_is_no_plain_json_is_refused_before_streamlit_makes_text_of_it() -> None:
    with pytest.raises(TypeError, match="plain JSON value was expected, found int64"):
        payload(12, STRUCTURES, resume=Resume(structure="Larynx", slice=np.int64(6))).to_json()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "event"),
    [
        ({"kind": "next_case"}, ViewerEvent(kind=ViewerEventKind.NEXT_CASE)),
        (
            {"kind": "graded", "graded": 31, "total": 50},
            ViewerEvent(kind=ViewerEventKind.GRADED, graded=31, total=50),
        ),
        ({"kind": "sign_in", "extra": "x"}, ViewerEvent(kind=ViewerEventKind.SIGN_IN)),
        ({"kind": "delete_everything"}, None),
        (None, None),
        ("next_case", None),
    ],
)
def test_events_are_read_or_left(raw: object, event: ViewerEvent | None) -> None:
    assert read_event(raw) == event
