"""A process of its own that works at a desk: holds it until it is cancelled, and says so.

`python -m tests.background.worker FOLDER URL`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from han5k_review.background import Desk, Ending, Hand, Steps
from han5k_review.store.study import open_study
from han5k_review.store.work_tables import WorkKind


def work(hand: Hand) -> Ending:
    hand.steps = Steps(done=3, total=7, failed=1)
    sys.stdout.write("working\n")
    sys.stdout.flush()
    assert hand.cancel.wait(60)
    return Ending(text="nothing was stored", is_cancelled=True)


if __name__ == "__main__":
    folder, url = sys.argv[1:]
    study = open_study(Path(folder), url)
    desk = Desk(study=study, kind=WorkKind.ROUND)
    assert desk.start("ParotidL", work, actor="ada").ended.wait(60)
    study.engine.dispose()
