"""Forms: the multipart bodies that clients of MONAI Label send, and the one that they are sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from han5k_review.accounts.may import Action, require
from han5k_review.imaging.image_names import image_suffix
from han5k_review.web.bodies import Name
from han5k_review.web.desk import get_identity
from han5k_review.web.invalid import describe_invalid

MOST_BYTES = 64 * 1024 * 1024
_MOST_FIELDS = 8
_MOST_LABELS = 500
_SUFFIXES = (".seg.nrrd", ".nrrd", ".nii.gz", ".nii", ".mha")


class _NamedValue(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    name: Name
    idx: Annotated[int, Field(ge=1, le=65_535)]


class _Params(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    label_info: Annotated[list[_NamedValue], Field(max_length=_MOST_LABELS)] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLabel:
    """A label file as it came: its ending, and the names of its values, where any were sent."""

    suffix: str
    names: Mapping[int, str]
    content: BinaryIO


async def read_sent_label(request: Request) -> AsyncIterator[SentLabel]:
    """A dependency: the form of a pushed label, of at most `MOST_BYTES`, kept until the answer.

    Nothing is read for a person who may not grade.
    """
    require(get_identity(request), Action.GRADE)
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:12]) > MOST_BYTES:
        raise _too_long()
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(422, "A multipart form with params and label was expected.")
    async with _parsed(request) as fields:
        yield _as_label(fields)


@asynccontextmanager
async def _parsed(request: Request) -> AsyncIterator[Mapping[str, UploadFile | str]]:
    parser = MultiPartParser(
        request.headers, _bounded(request), max_files=1, max_fields=_MOST_FIELDS
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(422, "A multipart form was expected, found a damaged one.") from error
    except ClientDisconnect as error:  # nobody reads this answer; nothing was taken
        raise HTTPException(400, "A whole request was expected, the line was cut.") from error
    try:
        yield form
    finally:
        await form.close()


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BYTES:
            raise _too_long()
        yield chunk


def _too_long() -> HTTPException:
    return HTTPException(
        413,
        f"A label file of at most {MOST_BYTES >> 20} MB was expected, found a longer one; let 3D "
        "Slicer compress it.",
    )


def _as_label(fields: Mapping[str, UploadFile | str]) -> SentLabel:
    label = fields.get("label")
    if not isinstance(label, UploadFile):
        raise HTTPException(422, "A file was expected as label, found none.")
    # Clients send whole paths of their own; only the ending is of use.
    suffix = image_suffix(Path("label" + (label.filename or "")[-16:]))
    if suffix not in _SUFFIXES:
        raise HTTPException(
            422, f"A label file ending in {', '.join(_SUFFIXES)} was expected; save it so."
        )
    params = fields.get("params", "{}")
    try:
        told = _Params.model_validate_json(params if isinstance(params, str) else "")
    except ValidationError as error:
        raise HTTPException(422, describe_invalid(error.errors(include_url=False))) from error
    names = {one.idx: one.name for one in told.label_info}
    if len(names) < len(told.label_info):
        raise HTTPException(
            422, "Each label value once was expected in label_info, found a repeat."
        )
    return SentLabel(suffix=suffix, names=names, content=label.file)


def build_form(params: Mapping[str, Any], file_name: str, content: bytes) -> tuple[bytes, str]:
    """A form with `params` and one file, and its media type with the boundary."""
    boundary = secrets.token_hex(16)
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="params"',
        "Content-Type: application/json",
        "",
        json.dumps(params),
        f"--{boundary}",
        f'Content-Disposition: form-data; name="image"; filename="{file_name}"',
        "Content-Type: application/octet-stream",
        "",
        "",
    ]
    body = "\r\n".join(lines).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def with_form(route: dict[str, Any], *required: str) -> dict[str, Any]:
    """Keywords of a route (`web.described`) that takes a form, for the description of the API."""
    properties = {
        "params": {"type": "string"},
        "label": {"type": "string", "format": "binary"},
    }
    schema = {"type": "object", "properties": properties, "required": list(required)}
    route["openapi_extra"]["requestBody"] = {
        "required": bool(required),
        "content": {"multipart/form-data": {"schema": schema}},
    }
    return route
