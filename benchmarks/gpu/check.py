"""One check of this folder: `python check.py NAME`; what it raises becomes a row that is missed."""

from __future__ import annotations

import importlib
import sys
import traceback

from gpu_process import end_with_me
from gpu_results import note, write_row


def main(name: str) -> int:
    end_with_me()
    note(f"{name} begins")
    try:
        importlib.import_module(f"gpu_{name}").run()
    except Exception as error:  # noqa: BLE001 - the next check goes on, and the row says why
        traceback.print_exc()
        write_row(name, "ends", f"{type(error).__name__}: {str(error)[:300]}", False)
        return 1
    note(f"{name} ended")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
