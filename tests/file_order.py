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
        "tests/browser/test_main_job.py": 112,
        "tests/browser/test_pages.py": 109,
        "tests/viewer/test_unsaved.py": 43,
        "tests/viewer/test_in_streamlit.py": 41,
        "tests/viewer/test_settling.py": 38,
        "tests/browser/test_retraining.py": 37,
        "benchmarks/test_study.py": 36,
        "tests/web/test_bounds.py": 36,
        "tests/browser/test_rows.py": 35,
        "tests/exports/test_writing.py": 33,
        "tests/viewer/test_drafts.py": 31,
        "tests/cli/test_commands.py": 31,
        "tests/browser/test_whole_road.py": 30,
        "tests/retraining/test_faults.py": 29,
        "tests/viewer/test_editing.py": 29,
        "benchmarks/importing_parts/test_importing.py": 28,
        "tests/viewer/test_keyboards.py": 27,
        "tests/viewer/test_grading.py": 26,
        "tests/browser/test_blinding.py": 25,
        "tests/web/test_entrance.py": 25,
        "tests/ui/test_addresses.py": 24,
        "tests/browser/test_adjudicating.py": 24,
        "tests/viewer/test_reading.py": 23,
        "tests/importing/test_interruptions.py": 22,
        "benchmarks/exchange_parts/test_exchange.py": 19,
        "tests/viewer/test_orientation.py": 18,
        "tests/demo/test_study.py": 17,
        "tests/cli/test_unforeseen_errors.py": 17,
        "tests/browser/test_cohort.py": 16,
        "tests/viewer/test_faults.py": 16,
        "tests/viewer/test_dose.py": 16,
        "tests/browser/test_reader_study.py": 16,
        "tests/retraining/test_prediction.py": 16,
        "tests/importing/test_identity.py": 15,
        "tests/evaluation/test_command.py": 14,
        "tests/exports/test_report.py": 14,
        "tests/store/test_engine.py": 14,
        "tests/viewer/test_controls.py": 13,
        "tests/viewer/test_grade_keys.py": 13,
        "tests/retraining/test_imports.py": 12,
        "tests/cli/test_dicomweb.py": 12,
        "tests/viewer/test_pure_javascript.py": 12,
        "tests/retraining/test_file_prediction.py": 12,
        "tests/web/test_front.py": 11,
        "tests/web/test_grade_routes.py": 10,
        "tests/viewer/test_touch.py": 10,
        "tests/exports/release/test_outlook.py": 10,
        "tests/web/test_guard.py": 10,
        "tests/browser/test_triage_page.py": 9,
        "tests/web/test_contour_routes.py": 9,
        "tests/importing/test_quick_runs.py": 9,
        "tests/imaging/test_matrix.py": 9,
        "tests/web/test_export_routes.py": 9,
        "tests/web/test_draft_refusals.py": 9,
        "tests/house/test_house_rules.py": 8,
        "tests/viewer/test_structure_states.py": 8,
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
