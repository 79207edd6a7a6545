"""The types of everything a request says, in its address or its body, and the reading of bodies.

Ids, words, times and numbers are bounded here once; every route and body uses these types, so that
nothing reaches a database that it cannot hold.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from han5k_review.accounts.may import Action, require
from han5k_review.store.columns import MAX_ROW_ID
from han5k_review.web.desk import get_identity
from han5k_review.web.invalid import describe_invalid

MAX_NAME = 128
_MAX_INDEX = 100_000
_LINE_SIGNS = "\t\n\r"
# What comes after the bound is thrown away up to here, so that the browser hears the answer.
_MAX_THROWN_AWAY = 16 * 1024 * 1024
_FIRST_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_TIME = datetime(2200, 1, 1, tzinfo=UTC)


def _check_text(text: str) -> str:
    """Text that every database and every file can hold: no control signs, no half characters."""
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text if sign not in _LINE_SIGNS):
        raise PydanticCustomError("text_signs", "text without control signs")
    return text


Text = Annotated[str, AfterValidator(_check_text)]
Name = Annotated[Text, Field(min_length=1, max_length=MAX_NAME)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{8,64}$")]
"""An id that a browser made up: a request, a stroke, a tab."""
RowId = Annotated[int, Field(ge=1, le=MAX_ROW_ID)]
Index = Annotated[int, Field(ge=0, le=_MAX_INDEX)]
"""A voxel, slice or slab, counted from 0."""
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Moment = Annotated[AwareDatetime, Field(ge=_FIRST_TIME, lt=_LAST_TIME)]


class Body(BaseModel):
    """Every body: each value of its own JSON type, and nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)
    max_bytes: ClassVar[int] = 4096


_AnyBody = TypeVar("_AnyBody", bound=Body)


def bounded(
    kind: type[_AnyBody], action: Action | None = None
) -> Callable[[Request], Awaitable[_AnyBody]]:
    """A dependency that reads a body of this kind, of at most `kind.max_bytes`.

    Nothing is read for a person who may not do `action`.
    """

    async def read_body(request: Request) -> _AnyBody:
        identity = get_identity(request)
        if action is not None:
            require(identity, action)
        try:
            return kind.model_validate_json(await read_bounded(request, kind.max_bytes))
        except ValidationError as error:
            sentence = describe_invalid(error.errors(include_url=False))
            raise HTTPException(422, sentence) from error

    read_body.__annotations__["return"] = kind  # for the description of the API
    return read_body


async def read_bounded(request: Request, max_bytes: int) -> bytes:
    """The body of a request; 413 where it is longer."""
    content = bytearray()
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= max_bytes:
                content += chunk
            elif size > max_bytes + _MAX_THROWN_AWAY:
                break
    except ClientDisconnect as error:  # nobody reads this answer; nothing was taken
        raise HTTPException(400, "A whole request was expected, the line was cut.") from error
    if size > max_bytes:
        raise HTTPException(
            413, f"At most {max_bytes} bytes were expected in this request, found more; send less."
        )
    return bytes(content)
