"""The typed door: what goes in is the contract's mount object, what comes out is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from han5k_review.viewer import GivenGrade, Resume, ViewerEvent, ViewerEventKind, ViewerPayload
from han5k_review.viewer.door import read_event
from rigs.viewer_cases import block_case, lps_grid, store_cases

SHAPE = (12, 12, 8)
BLOCK = {"Larynx": (slice(4, 9), slice(5, 11), slice(1, 3))}


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[ViewerPayload]:
    """The first of two stored cases."""
    hu, grid = np.zeros(SHAPE, dtype=np.int16), lps_grid(SHAPE, (1.0, 1.0, 2.0))
    cases = [block_case(hu, grid, BLOCK, resume=("Larynx", 6), has_next=True) for _ in range(2)]
    desk = store_cases(tmp_path, cases)
    yield desk.payload(1)
    desk.study.engine.dispose()


def test_the_payload_is_the_mount_object_of_the_contract(mounted: ViewerPayload) -> None:
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
        "choice",
        "rules",
        "decision",
        "account",
        "meaning",
        "signed",
        "source_guesses",
        "most_confident",
        "assistance",
        "manual",
        "bands",
    }
    assert found["rules"]["outside"]["at_least"] == 0.01
    assert found["edit_base"] is None
    assert found["start_editing"] is False
    assert found["addresses"] == {
        "volume": "/api/assignments/1/volume",
        "label_sets": "/api/assignments/1/label_sets",
        "grades": "/api/assignments/1/grades",
        "position": "/api/assignments/1/position",
        "drafts": "/api/assignments/1/drafts",
        "signature": "/api/assignments/1/signature",
        "dose": None,
        "sign_in": "/sign-in",
    }
    assert found["next"] == {
        "assignment": 2,
        "volume": "/api/assignments/2/volume",
        "label_sets": [{**found["label_sets"][0], "url": "/api/assignments/2/masks/a"}],  # type: ignore[index,dict-item]
    }
    assert found["resume"] == {"structure": "Larynx", "slice": 6}
    assert found["label_sets"] == [
        {
            "key": "a",
            "name": "Pseudo-label",
            "line": "solid",
            "url": "/api/assignments/1/masks/a",
            "color": None,
        }
    ]


def test_given_grades_go_in_with_their_flags(mounted: ViewerPayload) -> None:
    grade = GivenGrade(turn=5, code="minor", graded_at_utc="2026-01-05T14:02:11Z", tags=("over",))
    assert replace(mounted, grades={"Larynx": grade}).to_json()["grades"] == {
        "Larynx": {
            "turn": 5,
            "code": "minor",
            "graded_at_utc": "2026-01-05T14:02:11Z",
            "tags": ["over"],
            "comment": "",
            "flagged_slices": [],
            "confidence": None,
            "source_guess": None,
        }
    }


def test_what_is_no_plain_json_is_refused_before_streamlit_makes_text_of_it(
    mounted: ViewerPayload,
) -> None:
    odd = replace(mounted, resume=Resume(structure="Larynx", slice=np.int64(6)))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="plain JSON value was expected, found int64"):
        odd.to_json()


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
