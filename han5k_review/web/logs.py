"""What the web app writes to its error stream: lines of JSON that name no patient and no person.

A message of an exception can hold a path, a name or a comment: a line has only the exception's type
and the places in the code. The whole trace goes to a fault log in the study, for its owner only.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_FOREIGN = ("uvicorn", "uvicorn.error", "asyncio", "streamlit")
_ACCESS = "uvicorn.access"  # its lines are addresses: the observer has those of routes
_PLACES = 12


def set_up_logs() -> None:
    """Make every logger of this process write so; called once, by the web app's own process."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        keep_places_only,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.setLogRecordFactory(_forget_messages(logging.getLogRecordFactory()))
    logging.root.handlers = [handler]
    for name in {*logging.root.manager.loggerDict, *_FOREIGN, _ACCESS}:
        if name.split(".")[0] in _FOREIGN:
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [], name != _ACCESS


def keep_places_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put an exception's type and places where the exception was."""
    caught = event.pop("exc_info", None)
    if caught is True:
        caught = sys.exc_info()
    if isinstance(caught, tuple):
        caught = caught[1]
    if isinstance(caught, BaseException):
        event["exception"] = type(caught).__name__
        event["places"] = list_places(caught)
    return event


def list_places(error: BaseException) -> list[str]:
    """`file:line function` of the innermost frames, outermost first; no message, no values."""
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    return [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
        for frame in frames
    ]


def _forget_messages(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """Records of other libraries, whose handlers come and go, without exceptions' messages."""

    def make_record(*words: Any, **more: Any) -> logging.LogRecord:
        record = make(*words, **more)
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            error = record.exc_info[1]
            places = " < ".join(reversed(list_places(error)))
            record.msg = f"{type(error).__name__} at {places}"
            record.args, record.exc_info, record.exc_text = (), None, None
        return record

    return make_record
