"""Jobs that SLURM was given before the rooms of retraining moved look for their function here."""

from __future__ import annotations

from han5k_review.retraining.jobs.slurm import run_on_node

__all__ = ["run_on_node"]
