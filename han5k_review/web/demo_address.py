"""A demo has passwords that everybody knows: it is served to this machine only."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from han5k_review.errors import ConfigError
from han5k_review.web.nodelay import list_listening_addresses

DEMO_MARK = "demo-complete"
"""The file that the command `demo` leaves in the study it made."""


def check_demo_address(study_root: Path) -> None:
    """ConfigError when this process serves a demo to other machines."""
    if not (study_root / DEMO_MARK).exists():
        return
    others = [
        one for one in list_listening_addresses() if not ipaddress.ip_address(one).is_loopback
    ]
    if others:
        raise ConfigError(
            f"A demo is served at 127.0.0.1 only, since everybody knows its passwords; found "
            f"{others[0]}. Serve a study of your own (`han5k init`), or leave --address out."
        )
