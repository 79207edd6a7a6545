"""Kills (-9) and breaks everything, and looks whether anything that was acknowledged is lost.

    python benchmarks/faults.py --kills 50 [--quick] [--engine sqlite|postgresql]
    python benchmarks/faults.py [--only WORD]

With `--kills`: readers grade, draw, submit and sign as fast as answers come, on both engines, while
web app, worker and database are killed, networks cut, the disk made slow and full, the clock moved.
No acknowledged act may be lost, stored twice or altered, `han5k doctor --deep` must find nothing,
`han5k audit verify` must say intact. Takes some minutes on two cores; `--quick` less than one.

Without: every line is one real, tiny nnU-Net run on a synthetic study. A run must end as if nothing
had happened (its weights equal, bit for bit, those of the run nobody disturbed) or in a named state
with a sentence. Takes some ten minutes on two cores. Exit code 1 when anything ends otherwise.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="Only faults or states with this word.")
    parser.add_argument("--kills", type=int, default=None, help="Kills under load, per engine.")
    parser.add_argument("--quick", action="store_true", help="A handful of each, under load.")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), help="Only this one.")
    parser.add_argument("--seed", type=int, default=1, help="Other moments, in another order.")
    chosen = parser.parse_args()
    if chosen.kills is None and not chosen.quick:
        from faults_parts.lines import run_lines

        return run_lines(chosen.only)
    from faults_parts.kills import ENGINES, FULL, QUICK, run_kills

    plan = QUICK if chosen.quick else FULL
    plan = replace(plan, kills=chosen.kills or plan.kills, seed=chosen.seed)
    engines = tuple(one for one in ENGINES if chosen.engine in (None, one.lower()))
    return run_kills(plan, engines)


if __name__ == "__main__":
    sys.exit(main())
