"""One session at the server: nnInteractive's own client, with what it answers checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.prompting.address import ServerAddress
from han5k_review.prompting.client import (
    ServerAtCapacityError,
    SessionExpiredError,
    nnInteractiveRemoteInferenceSession,
)
from han5k_review.prompting.line import Line
from han5k_review.prompting.marks import build_box, build_lasso, build_scribble
from han5k_review.prompting.packing import pack_mask
from han5k_review.prompting.prompts import (
    FLAT_ONLY,
    Prompt,
    PromptError,
    PromptKind,
    Refusal,
    say_wait,
)

FULL_SECONDS = 10
"""What nnInteractive's server says in `Retry-After`, which its client does not hand on."""
_CONNECT_SECONDS = 5.0
_RELEASE_SECONDS = 5.0
_CT_TIMES_LONGER = 4
_CONTOUR = "/add_initial_seg_interaction"
_SPOKEN = "2"
_BY_HAND = "draw by hand"
_UNKNOWN = "not told by the server"
_LOST = (SessionExpiredError, httpx.NetworkError, httpx.RemoteProtocolError)


class SessionLostError(Exception):
    """The server knows this session no more, or ended in the middle of a request."""


class ServerSession(nnInteractiveRemoteInferenceSession):  # type: ignore[misc]
    """A session that was claimed; `close` gives it back. Not for two threads at once.

    The client would mirror the server's mask of the whole CT; here only what an answer changed is.
    """

    def __init__(self, address: ServerAddress, line: Line) -> None:
        """Claim one; PromptError, or SessionLostError, when there is none to have."""
        self._line = line
        self._answered: StructureBox | None = None
        try:
            with telling_faults():
                super().__init__(
                    address.url,
                    api_key=address.key,
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=address.seconds,
                    set_image_read_timeout=_CT_TIMES_LONGER * address.seconds,
                    write_timeout=_CT_TIMES_LONGER * address.seconds,
                )
                check_version(self.INFERENCE_SESSION_VERSION)
        except Exception:
            self._give_up()
            raise

    @property
    def _http(self) -> httpx.Client:
        """The client's own; what it sends can be stopped from its first request on."""
        return self._requests

    @_http.setter
    def _http(self, requests: httpx.Client) -> None:
        self._line.watch(requests)
        self._requests = requests

    @property
    def version(self) -> str:
        """The server's version of nnInteractive."""
        return str(self.INFERENCE_SESSION_VERSION)

    @property
    def licence(self) -> str:
        """Of the model that the server has loaded, in its words."""
        return say_licence(self.license)

    def send_scan(self, volume: CtVolume) -> None:
        """The CT in HU, with its own axes."""
        with telling_faults():
            spacing = {"spacing": list(volume.grid.spacing_mm)}
            self.set_image(np.ascontiguousarray(volume.hu)[None], spacing)
            # Only its shape and type are told; all its voxels are one byte.
            self.set_target_buffer(np.broadcast_to(np.zeros((), np.uint8), volume.grid.shape))

    def send_contour(self, mask: StructureMask) -> None:
        """The contour that prompts go on from; earlier prompts count no more."""
        with telling_faults():
            told = {"run_prediction": False, "override_capability_checks": False}
            self._post_binary(_CONTOUR, told, pack_mask(mask))

    def send_prompt(self, prompt: Prompt, *, predict: bool) -> StructureBox | None:
        """What is inside now, in the box that the server has written to; None: nothing changed.

        `predict` False: the prompt counts from the next one on.
        """
        self._answered = None
        with telling_faults():
            self._send(prompt, predict)
        return self._answered

    def give_back(self) -> None:
        """Tell the server, while another thread may still wait for an answer."""
        with suppress(httpx.HTTPError):
            self._http.post("/release", timeout=_RELEASE_SECONDS)

    def _give_up(self) -> None:
        """Leave nothing open of a session that did not begin."""
        self._stop_heartbeat = getattr(self, "_stop_heartbeat", threading.Event())
        self._heartbeat_thread = getattr(self, "_heartbeat_thread", None)
        if hasattr(self, "_http"):
            self.close()

    def _send(self, prompt: Prompt, predict: bool) -> None:
        if self.original_image_shape is None:
            raise ValueError("a CT comes before prompts")
        told: dict[str, Any] = {
            "include_interaction": prompt.include,
            "run_prediction": predict,
        }
        i, j, k = self.original_image_shape[1:]
        match prompt.kind:
            case PromptKind.POINT:
                self.add_point_interaction(prompt.points[0], **told)
            case PromptKind.BOX:
                self._check_box(prompt)
                self.add_bbox_interaction(build_box(prompt), **told)
            case PromptKind.SCRIBBLE:
                marks = build_scribble(prompt, (i, j, k), self.preferred_scribble_thickness)
                told["interaction_bbox"] = marks.bounds
                self.add_scribble_interaction(marks.voxels, **told)
            case PromptKind.LASSO:
                marks = build_lasso(prompt, (i, j, k))
                told["interaction_bbox"] = marks.bounds
                self.add_lasso_interaction(marks.voxels, **told)

    def _check_box(self, prompt: Prompt) -> None:
        if not prompt.flat_axes and not self.supported_interactions.get("bbox3d", False):
            raise PromptError(
                Refusal.WRONG, f"For the model of this server {FLAT_ONLY} was expected."
            )

    def _write_bbox_into_target_buffer(
        self, diff: NDArray[np.generic], bbox: Sequence[Sequence[int]]
    ) -> None:
        """Where the client takes an answer over: only a mask of the box's own shape may be."""
        shape = self.target_buffer.shape
        sizes = [high - low for low, high in bbox]
        is_inside = all(0 <= low < high <= n for (low, high), n in zip(bbox, shape, strict=True))
        if not is_inside or list(diff.shape) != sizes:
            raise PromptError(
                Refusal.FAILED,
                f"A mask of {sizes} voxels within {list(shape)} was expected of the nnInteractive "
                f"server, found one of {list(diff.shape)}; {_BY_HAND}, and tell who runs it.",
            )
        inside = diff == 1
        if not (inside | (diff == 0)).all():
            raise PromptError(
                Refusal.FAILED,
                "A mask of 0 and 1 was expected of the nnInteractive server, found other values; "
                f"{_BY_HAND}, and tell who runs it.",
            )
        i, j, k = (int(low) for low, _ in bbox)
        self._answered = StructureBox(start_ijk=(i, j, k), inside=inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureBox:
    """A part (i, j, k) of the server's mask, which begins at `start_ijk`."""

    start_ijk: tuple[int, int, int]
    inside: NDArray[np.bool_]


def check_version(found: object) -> None:
    """Return for a server of nnInteractive 2; PromptError else."""
    if not isinstance(found, str) or found.split(".")[0] != _SPOKEN:
        raise PromptError(
            Refusal.FAILED,
            f"A server of nnInteractive {_SPOKEN} was expected, found another version; {_BY_HAND}, "
            "and tell who runs it.",
        )


def say_licence(told: object) -> str:
    """The server's word on its model; it says `!!MISSING!!` when it has none."""
    return told if isinstance(told, str) and told and "!!" not in told else _UNKNOWN


@contextmanager
def telling_faults() -> Iterator[None]:
    """Faults of server, line and protocol as PromptError, or SessionLostError where anew may do."""
    try:
        yield
    except PromptError:
        raise
    except ServerAtCapacityError as error:
        raise PromptError(Refusal.FULL, say_wait(FULL_SECONDS), FULL_SECONDS) from error
    except httpx.ConnectTimeout as error:
        raise SessionLostError from error
    except httpx.TimeoutException as error:
        raise PromptError(
            Refusal.SLOW,
            f"The nnInteractive server did not answer in time; {_BY_HAND}, or try again.",
        ) from error
    except _LOST as error:
        raise SessionLostError from error
    except httpx.HTTPStatusError as error:
        sentence = say_status(error.response.status_code)
        raise PromptError(Refusal.FAILED, sentence) from error
    except (httpx.HTTPError, ValueError, KeyError, TypeError, IndexError, RuntimeError) as error:
        raise PromptError(
            Refusal.FAILED,
            "An answer in the words of nnInteractive 2 was expected of the nnInteractive server, "
            f"found another; {_BY_HAND}, and tell who runs it.",
        ) from error


def say_status(status: int) -> str:
    """What an answer with this status means for a reader."""
    if 300 <= status < 400:
        return (
            "The nnInteractive server led to another address, which is not followed; "
            f"{_BY_HAND}, and tell who runs it to set HAN5K_NNINTERACTIVE_URL."
        )
    if status in (401, 403):
        return (
            f"The nnInteractive server does not take our key; {_BY_HAND}, and tell who runs it to "
            "set HAN5K_NNINTERACTIVE_KEY."
        )
    return (
        f"The nnInteractive server refused the prompt ({status}); {_BY_HAND}, and tell who runs it."
    )


def say_unreachable() -> str:
    """What to do when it is not there."""
    return f"The nnInteractive server cannot be reached; {_BY_HAND}, and try again in a minute."
