"""Why a draft's request is refused: a code for the browser beside the sentence for the person."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from han5k_review.errors import RuleError


class Reason(StrEnum):
    """The codes of docs/transport.md, Drafts."""

    NOT_UNDER_REVIEW = "not_under_review"
    OUTSIDE = "outside"
    BAD_PATCH = "bad_patch"
    NO_DRAFT = "no_draft"
    ANOTHER_DRAFT = "another_draft"
    LEASE_HELD = "lease_held"
    LEASE_LOST = "lease_lost"
    OLD_VERSION = "old_version"
    GAP = "gap"
    KEY_REUSED = "key_reused"
    LOCKED = "locked"
    CONTOUR_REPLACED = "contour_replaced"
    UNCHANGED = "unchanged"
    SIGNED = "signed"
    NO_ASSISTANCE = "no_assistance"
    NO_PROMPTS = "no_prompts"
    GRADE_DISAGREES = "grade_disagrees"


class DraftError(RuleError):
    """A request about a draft that the study's rules refuse; nothing was changed.

    `detail` holds what the browser needs to go on: the present version, the lease, the check.
    """

    def __init__(self, reason: Reason, sentence: str, **detail: Any) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.detail = detail
