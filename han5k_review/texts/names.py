"""Names: one way to store them, and one way to ask whether two of them mean the same.

The same letters can be stored in two ways (Unicode's NFC and NFD; macOS writes file names in NFD),
and names that were copied carry hard spaces and characters that nobody sees.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BLANKS = re.compile(r"[^\S\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")  # white space on one line
_INVISIBLE = "Cf"  # Unicode's format characters: soft hyphen, zero-width space, byte order mark
_SHORT, _CACHED = 100, 1 << 15  # what strangers type is long and is not kept


def compose(text: str) -> str:
    """The same text in Unicode's form NFC: one code for a letter with its accent."""
    return unicodedata.normalize("NFC", text)


def tidy_name(text: str) -> str:
    """A name as it is stored: NFC, no invisible characters, single spaces and none at the ends.

    Line ends inside stay, to be refused: two lines are no name.
    """
    seen = text
    if not text.isascii():
        seen = "".join(c for c in compose(text) if unicodedata.category(c) != _INVISIBLE)
    return _BLANKS.sub(" ", seen.strip())


def fold_name(text: str) -> str:
    """What is equal for two names that differ only in letter case, Unicode form or white space.

    Unicode's canonical caseless matching (chapter 3.13, D145) of the tidy names. A superscript
    digit stays what it is: `1²` is not `12`.
    """
    return _fold(text) if len(text) > _SHORT else _fold_short(text)


def _fold(text: str) -> str:
    return compose(unicodedata.normalize("NFD", tidy_name(text)).casefold())


@lru_cache(maxsize=_CACHED)
def _fold_short(text: str) -> str:
    return _fold(text)


def show_line(text: str) -> str:
    r"""A text for one line of a report: line ends and what cannot be printed as codes (`\n`).

    Names come from files: they may hold anything, half a letter included (a file name that is not
    UTF-8), which neither a terminal nor a database takes.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def fold_patient(text: str) -> str:
    """As `fold_name`, and white space does not count at all: `PAT 01` and `pat01` are one patient.

    The strict side: two writings that are taken for one patient by mistake cost a question, one
    patient taken for two costs an honest comparison.
    """
    return fold_name(text).replace(" ", "")
