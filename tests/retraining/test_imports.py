from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
import han5k_review.retraining.runs.run_commands, han5k_review.retraining.worker
heavy = [m for m in ("torch", "nnunetv2", "matplotlib") if m in sys.modules]
sys.exit(", ".join(heavy) or 0)
"""


def test_the_web_app_and_the_worker_do_not_load_torch() -> None:
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


_JOB = """
import sys, types
def refuse(name):
    raise AttributeError(name)
sys.modules["SimpleITK"] = types.ModuleType("SimpleITK")  # nnU-Net imports it for its own readers
sys.modules["SimpleITK"].__getattr__ = refuse
import han5k_review.retraining.network.training.run, han5k_review.retraining.network.predicting.run
sys.exit(", ".join(m for m in ("sqlmodel", "sqlalchemy", "alembic") if m in sys.modules) or 0)
"""


def test_a_jobs_process_needs_neither_a_database_nor_simpleitk() -> None:
    done = subprocess.run([sys.executable, "-c", _JOB], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
