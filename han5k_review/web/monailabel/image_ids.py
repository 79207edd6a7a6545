"""Image ids: how a client of MONAI Label names a read, and what it opened.

`read-12` names a read. The plugin of 3D Slicer downloads a CT without its token, so the id that it
is given with a case goes further, `read-12.<contours>.<until>.<signature>`: it opens the CT of this
read for some minutes, and tells later which contours the revisions that come back started from.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from han5k_review.store.columns import MAX_ROW_ID

_WINDOW_SECONDS = 600
_SIGNATURE_BYTES = 16
_ID = re.compile(r"read-([1-9]\d{0,9})(?:\.([0-9a-f]{12})\.(\d{1,12})\.([0-9a-f]{32}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageId:
    """A read; signed, also the contours that were opened and until when its CT comes (Unix s)."""

    assignment_id: int
    contours: str = ""
    until: int = 0

    def opens_ct(self, now: datetime) -> bool:
        """May whoever holds this id have the CT, without anything else?"""
        return bool(self.contours) and now.timestamp() < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageIds:
    """Ids of one study: made and read with its key."""

    key: bytes = field(repr=False)

    def sign(self, assignment_id: int, contours: str, now: datetime) -> str:
        """The id of a read that is opened now: its CT comes for 10 to 20 minutes."""
        window = int(now.timestamp()) // _WINDOW_SECONDS
        opened = ImageId(
            assignment_id=assignment_id, contours=contours, until=(window + 2) * _WINDOW_SECONDS
        )
        return f"{_body(opened)}.{self._sign(opened)}"

    def find(self, text: str) -> ImageId | None:
        """What an id says; None for any other text, and for a signature that is not this key's."""
        match = _ID.fullmatch(text)
        if match is None or int(match[1]) > MAX_ROW_ID:
            return None
        plain = ImageId(assignment_id=int(match[1]))
        if match[2] is None:
            return plain
        signed = replace(plain, contours=match[2], until=int(match[3]))
        return signed if hmac.compare_digest(self._sign(signed), match[4]) else None

    def _sign(self, opened: ImageId) -> str:
        digest = hashlib.blake2b(
            _body(opened).encode(), digest_size=_SIGNATURE_BYTES, key=self.key, person=b"image ids"
        )
        return digest.hexdigest()


def name_read(assignment_id: int) -> str:
    """The id of a read that opens nothing by itself."""
    return f"read-{assignment_id}"


def _body(opened: ImageId) -> str:
    return f"{name_read(opened.assignment_id)}.{opened.contours}.{opened.until}"
