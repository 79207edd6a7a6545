"""Addresses of our routes, for the rooms that name them to a browser."""

from __future__ import annotations

from dataclasses import dataclass

SIGN_IN = "/sign-in"
"""The page to sign in at; `?next=` says where to go on afterwards."""

MONAI_LABEL = "/api/monai"
"""What a client of MONAI Label calls its server, after the host (docs/assist.md)."""
MONAI_SIGN_IN = f"{MONAI_LABEL}/auth/"
MONAI_TOKEN = f"{MONAI_LABEL}/auth/token"
MONAI_IMAGE = f"{MONAI_LABEL}/datastore/image"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRoutes:
    """The routes of one reader's task, or of a whole case for those who may read every case."""

    root: str

    @property
    def volume(self) -> str:
        """The index of the CT, which names its slabs."""
        return f"{self.root}/volume"

    @property
    def dose(self) -> str:
        """The index of the planned dose, which names its slabs."""
        return f"{self.root}/dose"

    @property
    def label_sets(self) -> str:
        """Which sets of contours there are now."""
        return f"{self.root}/label_sets"

    def masks(self, key: str) -> str:
        """The masks of one label set."""
        return f"{self.root}/masks/{key}"

    @property
    def grades(self) -> str:
        """Where a grade is sent; only below a task."""
        return f"{self.root}/grades"

    @property
    def signature(self) -> str:
        """Where a complete read is signed; only below a task."""
        return f"{self.root}/signature"

    @property
    def position(self) -> str:
        """Where the place to resume at is sent; only below a task."""
        return f"{self.root}/position"

    @property
    def drafts(self) -> str:
        """Drafts and locks; one draft is below it by its structure. Only below a task."""
        return f"{self.root}/drafts"


def name_task(assignment_id: int) -> CaseRoutes:
    """The routes below one assignment."""
    return CaseRoutes(root=f"/api/assignments/{assignment_id}")


def name_case(case_id: int) -> CaseRoutes:
    """The routes below one case."""
    return CaseRoutes(root=f"/api/cases/{case_id}")
