"""What is done to the intensities of one row: each step a loop in vectors over values in cache.

Noise is a function of (key, index of the element): no generator has a state, so the order of the
rows, the threads and the device do not matter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.compiled import bits, compiled, floating

Array = NDArray[Any]
F, N, U = np.float32, np.int32, np.uint32
LINEAR, GAMMA, GAUSSIAN, RICIAN, BIAS, CUTOUT = 0, 1, 2, 3, 4, 5


class Steps(NamedTuple):
    """Changes of intensity as the kernel reads them."""

    numbers: Array
    """float64: of each step, and of each channel, its code and then what the functions below
    say."""
    marks: Array
    """int64 [n, 4]: where a step's numbers begin, how many each channel has, and the two halves
    of its random key."""


SD = np.float32(1 / np.sqrt(8 + 1 / 6))
"""One over the standard deviation of what `normal` adds up."""


@compiled
def _log2(x: Any) -> Any:
    """Base-2 logarithm of a normal positive float32, to 1e-7: an odd series about the root of 2."""
    i = bits(x)
    e = N(N(i - N(0x3F3504F3)) >> N(23))
    m = floating(N(i - N(e << N(23))))
    s = (m - F(1)) / (m + F(1))
    q = s * s
    odd = F(1) + q * (F(1 / 3) + q * (F(1 / 5) + q * (F(1 / 7) + q * F(1 / 9))))
    return F(e) + F(2.885390081777927) * s * odd


@compiled
def _exp2(x: Any) -> Any:
    """2 to the x for x in [-126, 126], to 1e-7: an integer part and a Taylor series."""
    x = min(max(x, F(-126)), F(126))
    n = N(N(x + F(128.5)) - N(128))
    r = (x - F(n)) * F(0.6931471805599453)
    p = F(1 / 6) + r * (F(1 / 24) + r * (F(1 / 120) + r * F(1 / 720)))
    p = F(1) + r * (F(1) + r * (F(0.5) + r * p))
    return p * floating(N(N(n + N(127)) << N(23)))


@compiled
def _mixed(index: Any, key: Any) -> Any:
    """32 well-mixed bits of an index and a key."""
    s = U(U(index * U(747796405)) + key)
    s = U(U(s ^ (s >> U(16))) * U(0x7FEB352D))
    s = U(U(s ^ (s >> U(15))) * U(0x846CA68B))
    return U(s ^ (s >> U(16)))


@compiled
def normal(index: Any, low: Any, high: Any) -> Any:
    """A nearly normal deviate (mean 0, variance 1, ends at 6): 32 coins and two dice that smooth.

    The excess kurtosis is -0.06. `low` and `high` are the halves of a 64-bit key.
    """
    s = _mixed(index, low)
    r = U(U(s ^ high) * U(0x9E3779B9))
    r = U(r ^ (r >> U(15)))
    r = U(r * U(0x85EBCA6B))
    r = U(r ^ (r >> U(13)))
    v = U(s - ((s >> U(1)) & U(0x55555555)))
    v = U((v & U(0x33333333)) + ((v >> U(2)) & U(0x33333333)))
    v = U((v + (v >> U(4))) & U(0x0F0F0F0F))
    v = U(U(v * U(0x01010101)) >> U(24))
    dice = F(N(r & U(0xFFFF)) + N(r >> U(16))) * F(1 / 65536)
    return (F(N(v)) + dice - F(17 - 1 / 65536)) * SD


@compiled
def linear(row: Array, step: Array) -> None:
    """v * step[1] + step[2]"""
    a, b = F(step[1]), F(step[2])
    for x in range(len(row)):
        row[x] = row[x] * a + b


@compiled
def gamma(row: Array, step: Array) -> None:
    """((v - low) / range) ** g within the window, unchanged outside; step[1:4] = low, range, g."""
    low, span, power = F(step[1]), F(step[2]), F(step[3])
    inverse = F(1) / span
    tiny, one = F(1e-30), F(1)
    for x in range(len(row)):
        v = row[x]
        t = (v - low) * inverse
        w = _exp2(power * _log2(min(max(t, tiny), one))) * span + low
        row[x] = w if (t > F(0)) & (t < one) else v


@compiled
def gaussian(row: Array, step: Array, first: int, key: tuple[Any, Any]) -> None:
    """Adds noise of standard deviation step[1]; `first` is the index of the row's first value."""
    sd, low, high = F(step[1]), key[0], key[1]
    at = U(first)
    for x in range(len(row)):
        row[x] += sd * normal(U(at + U(x)), low, high)


@compiled
def rician(row: Array, step: Array, first: int, key: tuple[Any, Any]) -> None:
    """Length of (signal + noise, noise), signal above step[2], standard deviation step[1]."""
    sd, floor, low, high = F(step[1]), F(step[2]), key[0], key[1]
    at = U(first)
    other = U(low ^ U(0xA5A5A5A5))
    for x in range(len(row)):
        index = U(at + U(x))
        real = row[x] - floor + sd * normal(index, low, high)
        imaginary = sd * normal(index, other, high)
        row[x] = np.sqrt(real * real + imaginary * imaginary) + floor


@compiled
def bias(line: Array, step: Array, where: tuple[int, int, int, int, int]) -> None:
    """(v - floor) * 2 ** polynomial + floor; step[1] = floor, step[2:22] = coefficients of
    z^i y^j x^k for i + j + k <= 3, places in [-1, 1]."""
    z0, y0, depth, height, width = where
    for r in range(len(line) // width):
        z = z0 * 2 / max(depth - 1, 1) - 1 if depth > 1 else 0.0
        y = (y0 + r) * 2 / max(height - 1, 1) - 1
        _bias_row(line[r * width : (r + 1) * width], step[1], step[2:22], z, y)


@compiled
def _bias_row(row: Array, floor: Any, c: Array, z: Any, y: Any) -> None:
    x0 = c[0] + c[1] * z + c[2] * y + c[3] * z * z + c[4] * z * y + c[5] * y * y
    x0 += c[6] * z**3 + c[7] * z * z * y + c[8] * z * y * y + c[9] * y**3
    x1 = c[10] + c[11] * z + c[12] * y + c[13] * z * z + c[14] * z * y + c[15] * y * y
    x2 = c[16] + c[17] * z + c[18] * y
    low, a, b, d, e = F(floor), F(x0), F(x1), F(x2), F(c[19])
    scale = F(2 / max(len(row) - 1, 1))
    for i in range(len(row)):
        x = F(N(i)) * scale - F(1)
        row[i] = (row[i] - low) * _exp2(a + x * (b + x * (d + x * e))) + low


@compiled
def cutout(line: Array, step: Array, where: tuple[int, int, int, int, int]) -> None:
    """A box filled with step[7]; step[1:7] = first and last-but-one of z, y, x."""
    z, y, _, _, width = where
    if not step[1] <= z < step[2]:
        return
    for r in range(len(line) // width):
        if step[3] <= y + r < step[4]:
            line[r * width + int(step[5]) : r * width + int(step[6])] = F(step[7])


@compiled
def change(
    line: Array, steps: Steps, channel: int, where: tuple[int, int, int, int, int], first: int
) -> None:
    """All steps, in order, on some rows of a channel. `where` = slice, first row, depth, height,
    width; `first` = index of the first value."""
    for at in range(len(steps.marks)):
        mark = steps.marks[at]
        begin = mark[0] + channel * mark[1]
        step, key = steps.numbers[begin : begin + mark[1]], (U(mark[2]), U(mark[3]))
        code = step[0]
        if code == LINEAR:
            linear(line, step)
        elif code == GAMMA:
            gamma(line, step)
        elif code == GAUSSIAN:
            gaussian(line, step, first, key)
        elif code == RICIAN:
            rician(line, step, first, key)
        elif code == BIAS:
            bias(line, step, where)
        elif code == CUTOUT:
            cutout(line, step, where)
