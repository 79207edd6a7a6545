"""Jobs that SLURM was given before the rooms of retraining moved start their process here."""

from __future__ import annotations

import sys

from han5k_review.retraining.network.predicting.run import run
from han5k_review.retraining.network.process import run_job

if __name__ == "__main__":
    sys.exit(run_job(sys.argv[1:], run))
