"""nnInteractive's own client, without torch.

It takes torch along wherever that is installed, which costs a web process two seconds and 300 MB;
numpy is all that it needs. So torch is hidden from it while it is imported, as if it were not here.
"""

import sys

_HIDDEN = "torch"
_is_hidden = _HIDDEN not in sys.modules
if _is_hidden:
    sys.modules[_HIDDEN] = None  # type: ignore[assignment]
try:
    from nnInteractive.inference.remote import (
        ServerAtCapacityError,
        SessionExpiredError,
        nnInteractiveRemoteInferenceSession,
    )
    from nnInteractive.inference.remote.serialization import pack_array, unpack_array
finally:
    if _is_hidden:
        del sys.modules[_HIDDEN]

__all__ = [
    "ServerAtCapacityError",
    "SessionExpiredError",
    "nnInteractiveRemoteInferenceSession",
    "pack_array",
    "unpack_array",
]
