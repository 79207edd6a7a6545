"""The bench as a program sees it: what a token may do, one method each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from han5k_review.client.line import Line
from han5k_review.client.packets import read_packet
from han5k_review.client.revising import put_revision
from han5k_review.client.values import Case, Contour, Ct, LabelSet, Person, Revision, Run, Task
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.slabs import read_slab


@contextmanager
def connect(address: str, token: str, *, verify: str | bool = True) -> Iterator[Bench]:
    """A bench at `address` (`https://review.example`), seen with a personal token.

    `verify`: a file of certificates to trust, where the hospital has its own.
    """
    line = Line(address, token, verify=verify)
    try:
        yield Bench(line=line)
    finally:
        line.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the token may see and do; every method asks the server anew."""

    line: Line

    def get_person(self) -> Person:
        """Whom the token stands for."""
        told = self.line.get("/api/me")
        return Person(
            name=told["name"],
            pseudonym=told["pseudonym"],
            role=told["role"],
            scopes=tuple(told["scopes"]),
        )

    def list_tasks(self) -> tuple[Task, ...]:
        """One's own reads, in their order (scope `read`)."""
        return tuple(
            Task(
                assignment_id=one["assignment"],
                case=one["case"],
                graded=one["graded"],
                total=one["total"],
                open_drafts=one["open_drafts"],
                signed_at_utc=one["signed_at_utc"],
            )
            for one in self.line.get("/api/assignments")["assignments"]
        )

    def list_cases(self) -> tuple[Case, ...]:
        """The cases by name, for roles that may see every case (scope `read`).

        A case that the account reads blind and has not signed is left out.
        """
        return tuple(
            Case(
                case_id=one["case"],
                name=one["name"],
                patient=one["patient"],
                split=one["split"],
                image_sha256=one["image"],
            )
            for one in self.line.get("/api/cases")["cases"]
        )

    def get_ct(self, place: Task | Case) -> Ct:
        """The CT of a read or a case, every slab checked by its hash; DataError for a wrong one."""
        index = self.line.get(f"{place.root}/volume")
        grid = _read_grid(index)
        hu = np.empty(grid.shape, dtype=np.int16)
        for slab in index["slabs"]:
            first, ends = slab["first"], slab["first"] + slab["slices"]
            content = self.line.get_bytes(slab["url"])
            hu[:, :, first:ends] = read_slab(content, *grid.shape[:2], slab["sha256"])
        return Ct(hu=hu, grid=grid, image_sha256=index["image"])

    def list_label_sets(self, place: Task | Case) -> tuple[LabelSet, ...]:
        """The sets of contours that may be seen, the one under review first."""
        told = self.line.get(f"{place.root}/label_sets")["label_sets"]
        return tuple(LabelSet(key=one["key"], name=one["name"]) for one in told)

    def get_contours(self, place: Task | Case, key: str = "a") -> tuple[Contour, ...]:
        """The contours of a set, by name; without `key` those under review."""
        content = self.line.get_bytes(f"{place.root}/masks/{key}")
        return read_packet(content, self._get_grid(place))

    def put_revision(
        self, task: Task, structure: str, mask: NDArray[np.generic], *, confirmed: bool = False
    ) -> Revision:
        """Submit a corrected contour of an own read (scope `revise`); an adjudicator decides on it.

        `mask` is (ni, nj, nk) on the CT's grid, non-zero = inside. `confirmed` answers the question
        that the server asks when the edit does not fit the grade (ConflictError without).
        """
        grid = self._get_grid(task)
        return put_revision(self.line, task, structure, mask, grid, confirmed=confirmed)

    def list_runs(self) -> tuple[Run, ...]:
        """The training runs, newest first (scope `runs`)."""
        return tuple(map(_read_run, self.line.get("/api/runs")["runs"]))

    def get_run(self, run_id: int) -> Run:
        """A training run as it stands now."""
        return _read_run(self.line.get(f"/api/runs/{run_id}"))

    def start_run(
        self,
        *,
        preset: str = "smoke",
        group: str | None = None,
        parent_model_id: int | None = None,
        from_scratch: bool = False,
        count_references: bool = False,
        request_id: str | None = None,
    ) -> Run:
        """Put a run in the queue (scope `runs`); RuleError with every reason when it cannot start.

        Without `group` the label group with most trusted contours; it continues the group's model
        in use, or `parent_model_id`, or with `from_scratch` none. With the same `request_id` (8 to
        64 letters, digits, `._:-`) it can be called again: it gives the run that the first call
        started. Without one, an answer that is lost on its way is asked for once more by itself.
        """
        body = {
            "request_id": request_id or uuid.uuid4().hex,
            "preset": preset,
            "group": group,
            "parent_model": parent_model_id,
            "from_scratch": from_scratch,
            "count_references": count_references,
        }
        return _read_run(self.line.post_again("/api/runs", body))

    def _get_grid(self, place: Task | Case) -> Grid:
        return _read_grid(self.line.get(f"{place.root}/volume"))


def _read_grid(index: dict[str, Any]) -> Grid:
    return Grid.from_rows(index["shape"], index["affine_ras"])


def _read_run(told: dict[str, Any]) -> Run:
    return Run(
        run_id=told["run"],
        state=told["state"],
        preset=told["preset"],
        group=told["group"],
        parent_model_id=told["parent_model"],
        result_model_id=told["result_model"],
        error=told["error"],
    )
