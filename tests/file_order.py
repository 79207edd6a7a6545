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
        "tests/viewer/test_in_streamlit.py": 41,
        "tests/browser/test_retraining.py": 37,
        "benchmarks/test_study.py": 36,
        "tests/browser/test_pages.py": 36,  # twice that; not beside main_job, which imports for it
        "tests/browser/test_rows.py": 35,
        "tests/cli/test_commands.py": 31,
        "tests/browser/test_whole_road.py": 30,
        "tests/retraining/test_faults.py": 29,
        "benchmarks/importing_parts/test_importing.py": 28,
        "tests/viewer/test_unsaved.py": 26,
        "tests/viewer/test_settling.py": 26,
        "tests/browser/test_blinding.py": 25,
        "tests/web/test_entrance.py": 25,
        "tests/browser/test_adjudicating.py": 24,
        "tests/web/test_bounds.py": 20,
        "tests/viewer/test_drafts.py": 20,
        "benchmarks/exchange_parts/test_exchange.py": 19,
        "tests/viewer/test_editing.py": 17,
        "tests/viewer/test_keyboards.py": 17,
        "tests/viewer/test_grading.py": 17,
        "tests/demo/test_study.py": 17,
        "tests/cli/test_unforeseen_errors.py": 17,
        "tests/viewer/test_reading.py": 16,
        "tests/browser/test_cohort.py": 16,
        "tests/browser/test_reader_study.py": 16,
        "tests/retraining/test_prediction.py": 16,
        "tests/evaluation/test_command.py": 14,
        "tests/exports/test_report.py": 14,
        "tests/store/test_engine.py": 14,
        "tests/exports/test_writing.py": 12,
        "tests/importing/test_interruptions.py": 12,
        "tests/retraining/test_imports.py": 12,
        "tests/cli/test_dicomweb.py": 12,
        "tests/viewer/test_pure_javascript.py": 12,
        "tests/retraining/test_file_prediction.py": 12,
        "tests/viewer/test_faults.py": 11,
        "tests/web/test_grade_routes.py": 10,
        "tests/exports/release/test_outlook.py": 10,
        "tests/ui/test_addresses.py": 9,
        "tests/viewer/test_controls.py": 9,
        "tests/browser/test_triage_page.py": 9,
        "tests/imaging/test_matrix.py": 9,
        "tests/web/test_export_routes.py": 9,
        "tests/house/test_house_rules.py": 8,
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
