"""Text files: UTF-8, or what their byte order mark says; anything else is one sentence."""

from __future__ import annotations

import codecs
from pathlib import Path

from han5k_review.errors import DataError

# The longer mark first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    """The text of a file, its line ends as they are.

    DataError when it cannot be read or is in an encoding that nobody declared (cp1252, Latin-1,
    UTF-16 without its mark): a guess would store wrong letters.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"A readable file was expected at {path}, found: {reason}.") from error
    return decode_text(content, str(path))


def decode_text(content: bytes, where: str, *, advice: str = "save the file as UTF-8") -> str:
    """As `read_text`, for the bytes of a file called `where`; `advice` ends a DataError."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{where} line {line}: text in UTF-8 was expected, found another encoding; {advice}."
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DataError(
            f"{where} line {line}: text in UTF-8 was expected, found zero bytes (UTF-16 without "
            f"its mark, or no text file); {advice}."
        )
    return text
