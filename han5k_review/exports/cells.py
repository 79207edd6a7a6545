"""Cells that no spreadsheet program can misread: limits, control characters, formulas."""

from __future__ import annotations

import re

EXCEL_TEXT_LIMIT = 32_767
EXCEL_ROW_LIMIT = 1_048_576
_CUT = " [cut here: a cell holds 32,767 characters, the CSV export has the whole text]"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff\x7f-\x9f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def clean_text(text: str) -> str:
    """Text without what a file cannot hold.

    Control characters become their visible pictures (U+2400 and on), line ends one `\\n`;
    characters that XML refuses become U+FFFD.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub(lambda found: chr(0x2400 + ord(found.group())), text)
    return _NOT_XML.sub("\ufffd", text)


def fit_excel(text: str) -> str:
    """Cleaned text that fits an XLSX cell; what is cut away is said at its end.

    Excel counts UTF-16 units. A text in `<r>` tags gets a space after it: the writer would take
    it for the XML of a formatted text.
    """
    text = clean_text(text)
    if _utf16_units(text) > EXCEL_TEXT_LIMIT:
        room = (EXCEL_TEXT_LIMIT - len(_CUT)) * 2
        text = text.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + _CUT
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "
    return text


def fit_csv(text: str) -> str:
    """Cleaned text for a CSV cell; what a spreadsheet program would run as a formula gets a `'`.

    Source of the rule: OWASP, CSV injection.
    """
    text = clean_text(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _utf16_units(text: str) -> int:
    return len(text) + sum(ord(character) > 0xFFFF for character in text)
