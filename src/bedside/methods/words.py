"""Numbers in words: three significant digits, intervals, counts of people before rates."""

from __future__ import annotations

import math
import re

MINUS = "\N{MINUS SIGN}"
_TINY = 1e-5
"""Below it, decimals are more zeros than digits."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count(number: float) -> str:
    """A count, exact, with thousands set apart.

    >>> count(7874)
    '7,874'
    """
    return f"{round(number):,}".replace("-", MINUS)


def patients(number: float) -> str:
    """A count of patients.

    >>> patients(1)
    '1 patient'
    """
    return f"{count(number)} patient{'' if round(number) == 1 else 's'}"


def decimals(*numbers: float, digits: int = 3) -> int:
    """Decimals that show the largest of `numbers` with `digits` significant digits, at most three
    where it is 0.001 or more (so that a difference of -0.001 is not given as -0.00104).

    >>> decimals(0.832, 0.812, 0.851), decimals(12.34), decimals(1575.0), decimals(0.00012)
    (3, 1, 0, 6)
    """
    largest = max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)
    if largest == 0:
        return 0
    before = math.floor(math.log10(largest)) + 1
    wanted = max(digits - before, 0)
    return min(wanted, 3) if largest >= 0.001 else min(wanted, 9)


def number(value: float | None, *, places: int | None = None) -> str:
    """A number with three significant digits at most, or with `places` decimals.

    >>> number(0.83249), number(-0.0012), number(1575.4), number(None)
    ('0.832', '−0.001', '1,575', 'not defined')
    """
    if value is None or not math.isfinite(value):
        return "not defined"
    text = f"{value:,.{decimals(value) if places is None else places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def interval(value: float | None, low: float | None, high: float | None, unit: str = "") -> str:
    """A number with its interval; `share` is written as a percentage, `share points` is
    a distance between shares (a study's own unit may well be called points).

    >>> interval(0.832, 0.812, 0.851)
    '0.832 (0.812 to 0.851)'
    >>> interval(0.412, 0.39, 0.434, "share")
    '41.2 % (39.0 to 43.4)'
    >>> interval(0.012, 0.006, 0.018, "share points")
    '1.20 points (0.60 to 1.80)'
    >>> interval(0.832, None, None)
    '0.832 (no interval)'
    """
    scale, suffix = _unit(unit)
    if value is None or not math.isfinite(value):
        return "not defined"
    known = [end * scale for end in (value, low, high) if end is not None and math.isfinite(end)]
    if 0 < max(map(abs, known)) < _TINY:
        ends = ("not defined" if end is None else power(end * scale) for end in (low, high))
        shown = "no interval" if low is None or high is None else " to ".join(ends)
        return f"{power(value * scale)}{suffix} ({shown})"
    places = decimals(*known)
    middle = number(value * scale, places=places) + suffix
    if low is None or high is None:
        return f"{middle} (no interval)"
    ends = (number(end * scale, places=places) for end in (low, high))
    return f"{middle} ({' to '.join(ends)})"


def power(value: float) -> str:
    """A very small or large number by its power of ten.

    >>> power(1.2e-7), power(-3e-12), power(0.0)
    ('1.2 × 10⁻⁷', '−3 × 10⁻¹²', '0')
    """
    if value == 0 or not math.isfinite(value):
        return number(value)
    digits, _, exponent = f"{value:.2e}".partition("e")
    digits = digits.rstrip("0").rstrip(".").replace("-", MINUS)
    return f"{digits} × 10{str(int(exponent)).translate(_RAISED)}"


def percent(share: float | None) -> str:
    """A share as a percentage.

    >>> percent(0.4123)
    '41.2 %'
    """
    return "not defined" if share is None else f"{number(share * 100)} %"


def joined(parts: list[str]) -> str:
    """Parts as in running text.

    >>> joined(["age", "sex", "creatinine"])
    'age, sex and creatinine'
    """
    return " and ".join(([", ".join(parts[:-1])] if len(parts) > 1 else []) + parts[-1:])


def duration(seconds: float) -> str:
    """How long something took.

    >>> duration(3.21), duration(75), duration(7300)
    ('3.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def group(slice_: str) -> str:
    """A subgroup as people say it.

    >>> group("sex=F & age=[65, 80)"), group("age=80 and above"), group("all")
    ('sex F, age 65 to below 80', 'age 80 and above', 'all patients')
    """
    if slice_ == "all":
        return "all patients"
    return ", ".join(
        re.sub(r"^\[(.+), (.+)\)$", r"\1 to below \2", value).join([f"{name} ", ""])
        if value
        else name
        for name, _, value in (part.partition("=") for part in slice_.split(" & "))
    )


def signs(text: str) -> str:
    """Hyphens before digits as minus signs, so that they are seen and read aloud.

    >>> signs("the difference is -0.001 (-0.006 to 0.004)")
    'the difference is −0.001 (−0.006 to 0.004)'
    """
    for before in (" ", "("):
        for digit in "0123456789":
            text = text.replace(f"{before}-{digit}", f"{before}{MINUS}{digit}")
    return text


def _unit(unit: str) -> tuple[float, str]:
    if unit in ("share", "share points"):
        return 100.0, " %" if unit == "share" else " points"
    return 1.0, f" {unit}" if unit else ""
