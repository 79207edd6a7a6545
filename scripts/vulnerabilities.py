"""Ask pip-audit which pinned packages have known vulnerabilities; scripts/check runs it.

Exit code 1 for a vulnerability without an entry in `EXCEPTIONS`. Where its service cannot be
reached it says so and ends with 0: a gate must not need a network beside the package registry.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 180
# Vulnerability -> why it does not concern us. Take an entry out when the pin moves past it.
EXCEPTIONS: dict[str, str] = {}


def main() -> int:
    """0: none without a reason, or nobody could be asked; 1: some."""
    words = [sys.executable, "-m", "pip_audit", "-r", str(ROOT / "constraints.txt")]
    words += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
    try:
        asked = subprocess.run(
            words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
        packages = json.loads(asked.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        packages = []
    said, is_bad = judge(packages)
    print(said)
    return 1 if is_bad else 0


def judge(packages: list[dict[str, Any]]) -> tuple[str, bool]:
    """What pip-audit's list means: a sentence (with a line for each finding), and if it is bad."""
    asked = [one for one in packages if "vulns" in one]
    if not asked:
        return (
            "The service that knows vulnerabilities could not be asked about any package; nothing "
            "is known, and this is no failure. Run it where there is a network.",
            False,
        )
    found = [(one, known) for one in asked for known in one["vulns"]]
    lines = [
        f"{one['name']} {one['version']}: {known['id']}, mended in "
        f"{', '.join(known.get('fix_versions') or ['no version yet'])}"
        + (f"; accepted: {EXCEPTIONS[known['id']]}" if known["id"] in EXCEPTIONS else "")
        for one, known in found
    ]
    unasked = len(packages) - len(asked)
    lines.append(
        f"{len(asked)} packages looked up, {unasked} unknown to the service, {len(found)} known "
        "vulnerabilities"
    )
    return "\n".join(lines), any(known["id"] not in EXCEPTIONS for _, known in found)


if __name__ == "__main__":
    sys.exit(main())
