"""What a de-identification leaves in writing: counts, refusals, evidence, one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bedside.core.errors import DataError
from bedside.core.evidence import Evidence, write_evidence
from bedside.core.run import write_text
from bedside.stages.deidentify.one_file import Record


def told(out: Path, records: Sequence[Record], refused: Mapping[str, str]) -> str:
    """Write removed.json, refused.json and evidence.jsonl; the sentence that sums them up.

    Raises DataError where every file was refused.
    """
    kept = [record for record in records if not record.refused]
    write_text(out / "refused.json", json.dumps(dict(refused), indent=1))
    if not kept:
        first = next(iter(refused.values()), "nothing to read")
        raise DataError(
            "the source", expected="a file that can be de-identified",
            found=f"{len(refused)} refused", hint=f"the first one: {first}; see refused.json",
        )  # fmt: skip
    write_text(out / "removed.json", json.dumps(_removed(kept), indent=1, sort_keys=True))
    evidence = _evidence(records, len(refused))
    write_evidence(out / ".evidence.part", evidence)
    (out / ".evidence.part").replace(out / "evidence.jsonl")
    return _sentence(out, kept, evidence, len(refused))


def _removed(records: Sequence[Record]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for record in records:
        for keyword, actions in record.removed.items():
            into = total.setdefault(keyword, {})
            for action, count in actions.items():
                into[action] = into.get(action, 0) + count
    return total


def _evidence(records: Sequence[Record], refused: int) -> list[Evidence]:
    """Counts, and shares of patients with Wilson's interval."""
    kept = [record for record in records if not record.refused]
    patients = {record.patient for record in records if record.residue or not record.refused}
    removed = sum(n for record in kept for of in record.removed.values() for n in of.values())
    pixels = sum(record.pixels for record in kept)
    covered = sum(record.covered for record in kept) / pixels if pixels else None

    def number(name: str, value: float | None, unit: str) -> Evidence:
        return Evidence(
            measure=f"deidentify.{name}", value=value, unit=unit, subjects=len(patients),
            stage="deidentify",
        )  # fmt: skip

    return [
        number("files", len(kept), "files"),
        number("refused", refused, "files"),
        number("removed", removed, "elements"),
        number("covered", covered, "share of pixels"),
        number("unsearched", sum(r.unsearched for r in kept), "values"),
        _share("burned_in", {r.patient for r in kept if r.found}, patients),
        _share("residual_text", {r.patient for r in kept if r.left}, patients),
        _share("residual_values", {r.patient for r in records if r.residue}, patients),
    ]


def _share(name: str, having: set[str], patients: set[str]) -> Evidence:
    from bedside.methods.proportion import wilson

    share, low, high = wilson(len(having), len(patients))
    return Evidence(
        measure=f"deidentify.{name}", value=share, low=low, high=high, subjects=len(patients),
        unit="share", stage="deidentify",
    )  # fmt: skip


def _sentence(out: Path, kept: Sequence[Record], evidence: Sequence[Evidence], refused: int) -> str:
    of = {item.measure.removeprefix("deidentify."): item for item in evidence}
    residual, text = of["residual_values"], of["residual_text"]
    patients = f"{residual.subjects} patient{'s' if residual.subjects != 1 else ''}"
    files = f"{len(kept)} file{'s' if len(kept) != 1 else ''}"
    return (
        f"{files} of {patients} in {out.name}, {refused} refused; "
        f"{of['removed'].value:,.0f} elements removed or replaced; text covered in "
        f"{sum(record.found for record in kept):,} of {sum(r.frames for r in kept):,} frames; "
        f"values of the patient found in the new files of {residual.value:.0%} of patients "
        f"(up to {residual.high:.0%}), text still seen in those of {text.value:.0%}"
    )
