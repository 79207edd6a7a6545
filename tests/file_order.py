"""Which test files start first: the long ones, so that no long one runs alone at the end.

Two processes share the files (`--dist loadfile`). Files start in the order of their seconds here;
files that are not listed are quick and follow, in random order. `scripts/check` prints the slowest
files of a run: copy the numbers from there when they have moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

# Seconds in a quiet run of scripts/check, rounded: its 20 slowest, then what is below those.
EXPECTED_SECONDS: Mapping[str, int] = MappingProxyType(
    {
        "tests/cli/test_dicomweb.py": 15,
        "tests/viewer/test_dose.py": 12,
        "tests/browser/test_adjudicating.py": 22,
        "tests/browser/test_rows.py": 23,
        "tests/viewer/test_keyboards.py": 32,
        "tests/web/test_bounds.py": 40,
        "tests/viewer/test_settling.py": 52,
        "tests/viewer/test_unsaved.py": 96,
        "tests/browser/test_main_job.py": 128,
        "tests/browser/test_pages.py": 120,
        "tests/viewer/test_in_streamlit.py": 39,
        "tests/browser/test_retraining.py": 45,
        "tests/demo/test_demo_command.py": 30,
        "tests/viewer/test_editing.py": 49,
        "tests/viewer/test_drafts.py": 35,
        "tests/cli/test_commands.py": 61,
        "tests/web/test_draft_faults.py": 30,
        "tests/viewer/test_reading.py": 25,
        "tests/retraining/test_prediction.py": 34,
        "tests/retraining/test_faults.py": 36,
        "tests/importing/test_interruptions.py": 20,
        "tests/viewer/test_grading.py": 40,
        "tests/viewer/test_faults.py": 18,
        "tests/web/test_entrance.py": 16,
        "tests/browser/test_cohort.py": 24,
        "tests/retraining/test_file_prediction.py": 15,
        "tests/evaluation/test_command.py": 15,
        "tests/demo/test_study.py": 14,
        "tests/viewer/test_orientation.py": 14,
        "tests/house/test_serve.py": 14,
        "tests/metrics/test_properties.py": 14,
        "tests/web/test_served.py": 14,
        "tests/accounts/test_cookie.py": 14,
        "tests/web/test_guard.py": 14,
        "tests/web/test_grade_routes.py": 14,
        "tests/cli/test_unforeseen_errors.py": 12,
        "tests/web/test_volume_routes.py": 12,
        "tests/retraining/test_several_gpus.py": 10,
        "tests/retraining/test_preflight.py": 10,
        "tests/review/test_drafts.py": 10,
        "tests/web/test_draft_routes.py": 8,
        "tests/retraining/test_run.py": 8,
        "tests/retraining/test_fault_states.py": 8,
    }
)


def expected_seconds(node_id: str) -> int:
    """Seconds the file of this test is expected to take; 0 for a quick one."""
    return EXPECTED_SECONDS.get(node_id.partition("::")[0], 0)


def slowest_files(reports: Iterable[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    """Files and their seconds, slowest first, from (node id, seconds) of each test's phases."""
    seconds: dict[str, float] = {}
    for node_id, spent in reports:
        file = node_id.partition("::")[0]
        seconds[file] = seconds.get(file, 0.0) + spent
    return sorted(seconds.items(), key=lambda item: -item[1])[:most]
