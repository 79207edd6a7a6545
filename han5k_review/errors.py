"""The one tree of errors this project raises on purpose.

    Han5kError
    |-- DataError          a file or a record is wrong: the user mends the input
    |   |-- GeometryError  two images that must share one grid do not
    |   |-- ServerError    another computer cannot be reached, or does not answer as it should
    |   |-- StorageError   the disk or the database refused (full, read-only, gone)
    |   `-- ConflictError  the record exists already, or moved on since it was read
    |-- RuleError          the study forbids it: nothing is broken, the answer is no
    |   `-- AccessError    this person may not do this
    |       `-- SignInError  nobody is signed in, or the session has ended
    `-- ConfigError        a setting, a structure table or a label map is wrong

A message is one sentence that says what was expected, what was found, which case and file, and
what to do. Foreign errors are mapped to this tree at the border (`raise ... from error`); the
tree is caught at the edges only: the command line prints the sentence and exits with 2, a route
answers with it, a page shows it.
"""

from __future__ import annotations


class Han5kError(Exception):
    """Root of the tree. `str(error)` is the sentence a user reads."""


class DataError(Han5kError):
    """A file or a record is wrong."""


class GeometryError(DataError):
    """Two images that must share one grid do not; the message names both geometries."""


class ServerError(DataError):
    """Another computer cannot be reached, or does not answer as it should."""


class StorageError(DataError):
    """Disk or database refused a write or a read."""


class ConflictError(DataError):
    """The record exists already with other content, or changed since it was read."""


class RuleError(Han5kError):
    """The study's rules forbid the action."""


class AccessError(RuleError):
    """The person is not signed in, or their role does not allow the action."""


class SignInError(AccessError):
    """Nobody is signed in here, or the session has ended: signing in mends it."""


class ConfigError(Han5kError):
    """A setting, a structure table, a scale or a label map is wrong."""
