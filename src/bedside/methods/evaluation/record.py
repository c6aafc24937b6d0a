"""Evidence in the making: one place where numbers become lines, with undefined ones as None."""

from __future__ import annotations

from collections.abc import Mapping

from bedside.core.evidence import Evidence, finite
from bedside.core.spec import Plain
from bedside.methods.evaluation.extremes import doubted
from bedside.methods.intervals import Interval
from bedside.methods.multilabel import slice_of

UNITS = {
    "alerts_per_100": "per 100 patients",
    "missed_per_100": "per 100 patients",
    "table_per_1000": "per 1,000 patients",
}
IN_TARGET_UNIT = ("rmse", "mae", "conformal_width")
IN_TARGET_UNIT_IF_REGRESSION = ("calibration_intercept",)

DIGITS = 12
"""Decimals kept."""


class Record:
    """The lines of one run on one split; `units` overrides the unit of a measure."""

    def __init__(self, data: str, *, level: float, units: Mapping[str, str] | None = None) -> None:
        self.data, self.level = data, level
        self.units = UNITS | dict(units or {})
        self.lines: list[Evidence] = []
        self.label = ""

    def of_label(self, label: str) -> Record:
        """The same lines, written to as those of one label of a multi-label question."""
        record = Record(self.data, level=self.level, units=self.units)
        record.lines, record.label = self.lines, label
        return record

    def add(
        self, measure: str, interval: Interval, *, subjects: int, model: str = "",
        slice_: str = "all",
    ) -> dict[str, Plain]:  # fmt: skip
        """Keep a number; gives value, low, high and subjects as JSON has them."""
        value, low, high = (clean(end) for end in interval)
        known = measure.rsplit(".", 1)[-1]
        line = Evidence(
            measure=measure, value=value, low=low, high=high, level=self.level, subjects=subjects,
            unit=self.units.get(measure, self.units.get(known, "")),
            slice=slice_of(self.label, slice_) if self.label else slice_,
            stage="evaluate", data=self.data, model=model,
        )  # fmt: skip
        self.lines.append(line)
        return {"value": value, "low": low, "high": high, "subjects": subjects}

    def add_all(
        self, found: Mapping[str, Interval], *, subjects: int, model: str = "", slice_: str = "all"
    ) -> None:
        """Keep several numbers about the same patients."""
        for measure, interval in doubted(found, subjects, self.level).items():
            self.add(measure, interval, subjects=subjects, model=model, slice_=slice_)


def clean(number: float) -> float | None:
    """None where undefined; without the traces of rounding that make a share 1.0000000000000002."""
    return finite(round(number, DIGITS) + 0.0)


def target_units(task: str, unit: str) -> dict[str, str]:
    """Units of the measures that are in the unit of what is predicted."""
    if task != "regression" or not unit:
        return {}
    return dict.fromkeys((*IN_TARGET_UNIT, *IN_TARGET_UNIT_IF_REGRESSION), unit)
