"""What was found as evidence: `worth.k` of each lever, its controls, what it costs and saves."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bedside.core.evidence import Evidence, finite
from bedside.methods.evaluation.record import clean
from bedside.methods.worth import controls
from bedside.methods.worth.controls import TRUTHS
from bedside.methods.worth.measure import LOWER_IS_BETTER
from bedside.methods.worth.verdict import Verdict
from bedside.stages.worth.judged import COPIES, Found

End = float | None


def lines_of(found: Found) -> list[Evidence]:
    """All lines; the first measure's names stand alone, the second's end in its name."""
    lines = list(_controls(found))
    for (arm, measure), worth in found.worths.items():
        slice_ = f"lever={arm}"
        lines.append(_k(found, f"worth.k{_suffix(found, measure)}", worth.verdict, slice_))
        value, low, high = worth.verdict.gain
        if measure in LOWER_IS_BETTER:
            value, low, high = -value, -high, -low
        name = f"worth.gain.{measure}"
        lines.append(_line(found, name, (clean(value), clean(low), clean(high)), slice_))
        if worth.beside_copies:
            name = f"worth.beside_copies{_suffix(found, measure)}"
            lines.append(_k(found, name, worth.beside_copies, slice_))
    for (arm, group), (verdict, subjects) in found.groups.items():
        slice_ = f"lever={arm} & {group}"
        lines.append(_k(found, "worth.k", verdict, slice_, subjects))
    for arm in found.arms if found.fits else ():
        value, low, high = (round(end, 3) for end in found.cost(arm))
        lines.append(_line(found, "worth.cost", (value, low, high), f"lever={arm}"))
        lines.append(_unequal(found, arm, f"lever={arm}"))
        lines += [
            _line(found, "worth.caught", one.caught, f"lever={arm} & labels={one.labels}")
            for one in found.leaked(arm)
        ]
    for arm, saving in found.savings.items():
        ends = (saving.value, saving.low, saving.high)
        lines.append(_line(found, "worth.saved", ends, f"lever={arm}", unit=found.spec.currency))
    return lines or [_k(found, "worth.k", None, f"lever={arm}") for arm in found.design.levers]


def _controls(found: Found) -> Iterator[Evidence]:
    for measure, gate in found.gates.items():
        suffix = _suffix(found, measure)
        for one in gate.controls:
            low = one.found.low if one.found.low > 0 else math.nan
            ends = (finite(one.found.value), finite(low), finite(one.found.high))
            yield _line(found, f"worth.{one.name}{suffix}", ends, level=controls.LEVEL)
        yield _k(found, f"worth.{COPIES}{suffix}", gate.copies, "all")
    for name in (*TRUTHS, COPIES) if found.fits else ():
        yield _unequal(found, name, f"control={name}")


def _unequal(found: Found, arm: str, slice_: str) -> Evidence:
    """Pairs of fits of which one had fewer tries or steps; counted, so exact."""
    count = float(found.balance(arm).unequal)
    ends = (count, count, count)
    return _line(found, "worth.unequal", ends, slice_, unit="pairs", subjects=found.design.patients)


def _k(
    found: Found, measure: str, verdict: Verdict | None, slice_: str, subjects: int | None = None
) -> Evidence:
    """A verdict's number; None where nothing may be said, so that a gate on it is unknown."""
    ends: tuple[End, End, End] = (None, None, None) if verdict is None else verdict.triple()
    return _line(found, measure, ends, slice_, subjects=subjects)


def _suffix(found: Found, measure: str) -> str:
    return "" if measure == found.measures[0] else f".{measure}"


def _line(
    found: Found, measure: str, ends: tuple[End, End, End], slice_: str = "all", *,
    level: float | None = None, unit: str = "", subjects: int | None = None,
) -> Evidence:  # fmt: skip
    value, low, high = ends
    return Evidence(
        measure=measure, value=value, low=low, high=high, level=level or found.spec.level,
        subjects=found.patients if subjects is None else subjects, unit=unit, slice=slice_,
        stage="worth", data=found.data, model=found.design.model,
    )  # fmt: skip
