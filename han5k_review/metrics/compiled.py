"""The one way this package compiles: numba, cached on disk where a disk can be written.

Compiled functions call only functions of their own module and the three bit operations below:
numba's cache watches one source file per function, so a call across files could run stale code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile `function` at its first call, without the GIL; cached between processes.

    The cache lies beside the source, or in the user's cache folder where the install is read-only.
    Where neither can be written numba refuses to cache: then each process compiles for itself.
    """
    try:
        return cast(Function, numba.njit(nogil=True, error_model="numpy", cache=True)(function))
    except RuntimeError:
        return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """Compile `function` into its compiled callers: for the innermost steps, called by millions."""
    return cast(Function, numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))


def _bit_operation(emit: Callable[[Any, Any], Any]) -> Any:
    """Build a compiled-code-only function of one 64-bit word from one LLVM instruction."""

    def operation(typing_context: Any, word: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return emit(builder, arguments[0])

        return types.int64(types.uint64), generate

    return intrinsic(operation)


_DEFINED_FOR_ZERO = ir.Constant(ir.IntType(1), 0)

count_ones = _bit_operation(lambda builder, word: builder.ctpop(word))
zeros_above = _bit_operation(lambda builder, word: builder.ctlz(word, _DEFINED_FOR_ZERO))
zeros_below = _bit_operation(lambda builder, word: builder.cttz(word, _DEFINED_FOR_ZERO))
