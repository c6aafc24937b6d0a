"""Evidence: one measured number, with its interval and its count of patients.

It is the one currency of bedside: measured by stages, compared by gates, written to
`evidence.jsonl`, drawn in the report. Nothing else is a claim.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from bedside.core.errors import RunError
from bedside.core.spec import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One number about one thing.

    `value`, `low` and `high` are None where the number is undefined (a c-index without events,
    say): such evidence says that it was asked for, and a gate on it is unknown.
    """

    measure: str
    """Plain name from docs/measures.md: `auroc`, `audit.leak`, `deep_minus_simple.auroc`."""
    value: float | None
    low: float | None = None
    """Lower end of the interval, in the measure's unit."""
    high: float | None = None
    level: float = 0.95
    """Nominal coverage of the interval."""
    subjects: int
    """Independent patients behind the number."""
    unit: str = ""
    """Empty for a pure number; else `days`, `per 100 patients`, `share`."""
    slice: str = "all"
    """Whom or what it is about: `all`, `sex=F`, `sex=F & age=[65, 80)`, or a field's name."""
    stage: str
    data: str = ""
    """Split and short digest of the data: `held_out@1f3a`."""
    model: str = ""
    run: str = ""
    """Name of the run folder that measured it."""

    @property
    def id(self) -> str:
        """A short name that follows from the content; the report links to it."""
        return digest(self)[:12]


def finite(value: float) -> float | None:
    """JSON has no NaN: an undefined number is None."""
    return float(value) if math.isfinite(value) else None


def write_evidence(path: Path, evidence: Iterable[Evidence]) -> None:
    """One JSON object a line, keys as in Evidence."""
    names = [field.name for field in fields(Evidence)]
    lines = (
        json.dumps({name: getattr(item, name) for name in names}, allow_nan=False)
        for item in evidence
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_evidence(path: Path) -> Iterator[Evidence]:
    """The evidence of a file, in its order; RunError names the first line that is not evidence."""
    if not path.is_file():
        raise RunError(
            path.name,
            expected="a file of evidence",
            found="no such file",
            hint="name a folder that `bedside run` has written",
        )
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield Evidence(**json.loads(line))
        except (TypeError, ValueError) as error:
            raise RunError(
                f"{path.name}:{number}",
                expected="one evidence object a line",
                found="no such",
                hint="the file was cut or edited; run the study again",
            ) from error
