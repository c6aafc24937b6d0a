"""How the kernels are compiled: once, cached on disk, without the interpreter's lock.

Beside the decorator there are the few instructions that numba has no words for: two neighbours in
one load, the bits of a float32, the upper half of a product. Each is ordinary LLVM, so it runs
wherever numba does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
from numba import njit, types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
WIDE = {types.uint8: np.uint16, types.int16: np.uint32, types.float32: np.uint64}
"""What holds two neighbouring values of a kind of image."""


def compiled(function: F) -> F:
    """A function as machine code.

    Sums may be contracted (fused multiply-add), not reordered; NaN keeps its meaning. Errors of
    arithmetic follow numpy, and no index is checked: callers hand over places that are inside.
    """
    decorate = njit(
        nogil=True, cache=True, boundscheck=False, error_model="numpy", fastmath={"contract", "nsz"}
    )
    return cast("F", decorate(function))


def reordered(function: F) -> F:
    """As `compiled`, for sums that may be taken in any order (and so in vectors)."""
    decorate = njit(
        nogil=True, cache=True, boundscheck=False, error_model="numpy",
        fastmath={"contract", "nsz", "reassoc"},
    )  # fmt: skip
    return cast("F", decorate(function))


def pairs_for(values: NDArray[Any], count: int) -> NDArray[Any]:
    """Room for `count` pairs of neighbours at each of four corners, [4, count]."""
    kinds = {np.dtype(np.uint8): np.uint16, np.dtype(np.int16): np.uint32}
    return np.empty((4, count), kinds.get(values.dtype, np.uint64))


@overload(pairs_for)
def _pairs_for(values: Any, count: Any) -> Callable[..., Any]:  # noqa: ARG001  # by numba's form
    wide = WIDE[values.dtype]

    def make(values: Any, count: Any) -> Any:  # noqa: ARG001  # by numba's form
        return np.empty((4, count), wide)

    return make


@intrinsic
def _pair(_typing: Any, values: Any, at: Any) -> Any:
    bits = 2 * values.dtype.bitwidth
    kind: Any = {16: types.uint16, 32: types.uint32, 64: types.uint64}[bits]

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        first = builder.gep(array.data, [arguments[1]], inbounds=True)
        both = builder.load(builder.bitcast(first, ir.IntType(bits).as_pointer()))
        both.align = values.dtype.bitwidth // 8
        return both

    return kind(values, at), code


@intrinsic
def _apart(_typing: Any, both: Any) -> Any:
    half = both.bitwidth // 2

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        shift = ir.Constant(ir.IntType(both.bitwidth), half)
        ends = (arguments[0], builder.lshr(arguments[0], shift))
        parts = [builder.trunc(end, ir.IntType(half)) for end in ends]
        if half == 32:
            parts = [builder.bitcast(part, ir.FloatType()) for part in parts]
        elif half == 16:
            parts = [builder.sitofp(part, ir.FloatType()) for part in parts]
        else:
            parts = [builder.uitofp(part, ir.FloatType()) for part in parts]
        return context.make_tuple(builder, signature.return_type, parts)

    two: Any = types.UniTuple
    return two(types.float32, 2)(both), code


@intrinsic
def _bits(_typing: Any, _value: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), code


@intrinsic
def _floating(_typing: Any, _bits: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), code


@intrinsic
def _hint(_typing: Any, values: Any, at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        first = builder.gep(array.data, [arguments[1]], inbounds=True)
        place = builder.bitcast(first, ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", (place.type,), form)
        builder.call(fetch, [place, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(values, at), code


@intrinsic
def _upper(_typing: Any, _one: Any, _other: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        twice = ir.IntType(128)
        whole = builder.mul(*(builder.zext(word, twice) for word in arguments))
        return builder.trunc(builder.lshr(whole, ir.Constant(twice, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), code


pair = cast("Callable[[NDArray[Any], Any], Any]", _pair)
"""The value at a place and its neighbour to the right, in one load (little-endian)."""
apart = cast("Callable[[Any], tuple[np.float32, np.float32]]", _apart)
"""A pair as two float32."""
hint = cast("Callable[[NDArray[Any], Any], None]", _hint)
"""Tells the memory that a place will be read soon."""
bits = cast("Callable[[np.float32], np.int32]", _bits)
"""The bits of a float32."""
floating = cast("Callable[[np.int32], np.float32]", _floating)
"""The float32 of some bits."""
upper = cast("Callable[[Any, Any], np.uint64]", _upper)
"""The upper 64 bits of the product of two 64-bit words."""
