"""What was found as `worth.json`, in numbers and in words: all that page and report read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np

from bedside.core.evidence import finite
from bedside.core.spec import Plain, plain
from bedside.methods.measure_words import words
from bedside.methods.words import count
from bedside.methods.worth.controls import TRUTHS
from bedside.methods.worth.interval import Factor
from bedside.methods.worth.lever import BASE
from bedside.methods.worth.measure import LOWER_IS_BETTER
from bedside.methods.worth.monotone import Local
from bedside.methods.worth.verdict import Triple, Verdict
from bedside.stages.worth.drawn import drawn
from bedside.stages.worth.judged import COPIES, Found, Worth
from bedside.stages.worth.scored import ALL

Record = dict[str, Plain]


def record_of(found: Found) -> Record:
    """As `worth.json`."""
    design, spec = found.design, found.spec
    return {
        "sentence": headline(found),
        "reason": found.reason or None,
        "model": design.model,
        "measures": list(found.measures),
        "names": {name: words(name).short for name in found.measures},
        "patients": found.patients,
        "labelled": design.patients,
        "rarest": design.rarest,
        "budgets": list(design.plan.budgets),
        "left_out": [{"budget": n, "reason": why} for n, why in design.plan.left_out],
        "repetitions": spec.repetitions,
        "trials": spec.trials,
        "share": spec.share,
        "level": spec.level,
        "currency": spec.currency,
        "price": spec.price,
        "controls": {name: _gate(found, name) for name in found.gates},
        "levers": [_lever(found, arm) for arm in found.design.levers],
        "combined": [_lever(found, arm) for arm in found.design.combined],
        "absent": dict(design.absent),
        "small_groups": list(found.small),
        "unequal": cast("Plain", _unequal(found)),
    }


def headline(found: Found) -> str:
    """What the levers are worth, in a sentence."""
    labels = "labels" if not found.design.plan.budgets else f"{_range(found)} labels"
    if not found.design.levers:
        return "no lever to measure: " + "; ".join(
            f"{name}: {why}" for name, why in found.design.absent.items()
        )
    if found.reason:
        return f"what a lever is worth is unknown: {found.reason}"
    refused = found.gates[found.measures[0]].refused
    if refused:
        return f"no number: {refused}"
    ranking = found.measures[0]
    said = {arm: found.worths[arm, ranking].verdict for arm in found.design.levers}
    reasons = {one.reason for one in said.values() if one.factor is None}
    if len(reasons) == 1 and all(one.factor is None for one in said.values()):
        return f"{reasons.pop()} ({found.design.model}, {labels})"
    parts = [
        f"{arm} is worth {one.words()} times the labels" if one.factor else f"{arm}: {one.reason}"
        for arm, one in said.items()
    ]
    return f"{'; '.join(parts)} ({found.design.model}, {labels})"


def _range(found: Found) -> str:
    budgets = found.design.plan.budgets
    return f"{count(budgets[0])} to {count(budgets[-1])}"


def _gate(found: Found, measure: str) -> Record:
    gate = found.gates[measure]
    base = found.fits[BASE.name].scores[ALL, measure]
    entries: Record = {"refused": gate.refused or None}
    for one in gate.controls:
        mine = found.fits[one.name].scores[ALL, measure]
        truth = TRUTHS[one.name]
        verdict = "unknown" if one.silent else "pass" if one.passed else "fail"
        entries[one.name] = {
            **_factor(one.found), "words": _spelt(one.found), "truth": truth, "verdict": verdict,
            "picture": plain(drawn(one.name, base, mine, _shown(found, one.found),
                                   measure=measure, truth=truth)),
        }  # fmt: skip
    copies = gate.copies
    mine = found.fits[COPIES].scores[ALL, measure]
    shown = _shown(found, copies.factor, copies)
    entries[COPIES] = {
        **_verdict(copies),
        "picture": plain(drawn(COPIES, base, mine, shown, measure=measure)),
    }  # fmt: skip
    return entries


def _unequal(found: Found) -> list[Record]:
    """Arms of which some fits had other budgets than the base's, or a cut pretraining."""
    arms = [*TRUTHS, COPIES, *found.arms] if found.fits else []
    held = {arm: found.balance(arm) for arm in arms}
    return [
        {"arm": arm, "pairs": one.pairs, "unequal": one.unequal, "words": said}
        for arm, one in held.items()
        for said in (one.words(), one.of_start())
        if said
    ]


def _shown(
    found: Found, factor: Factor | None, verdict: Verdict | None = None
) -> tuple[Factor | None, str, float]:
    """What a picture says of k: the factor, how it is written, and the nominal coverage."""
    said = verdict.words() if verdict else _spelt(factor) if factor else ""
    return factor, said, found.spec.level


def _lever(found: Found, arm: str) -> Record:
    by = {name: _worth(found, arm, found.worths[arm, name], name) for name in found.measures
          if (arm, name) in found.worths}  # fmt: skip
    groups = [
        {"slice": group, "subjects": subjects, **_verdict(verdict)}
        for (name, group), (verdict, subjects) in found.groups.items()
        if name == arm
    ]
    saving = found.savings.get(arm)
    return {
        "name": arm,
        "by": cast("Plain", by),
        "groups": cast("Plain", groups),
        "cost": round(found.cost(arm), 3) if arm in found.fits else None,
        "seconds": round(found.fits[arm].seconds, 1) if arm in found.fits else None,
        "saving": plain(saving) if saving else None,
    }


def _worth(found: Found, arm: str, worth: Worth, measure: str) -> Record:
    base, mine = (found.fits[name].scores[ALL, measure] for name in (BASE.name, arm))
    verdict = worth.verdict
    picture = drawn(arm, base, mine, _shown(found, verdict.factor, verdict), measure=measure)
    beside = worth.beside_copies
    return {
        **_verdict(verdict),
        "gain": _triple(_natural(verdict.gain, measure)),
        "local": [_local(one) for one in worth.local],
        "beside_copies": _verdict(beside) if beside else None,
        "picture": plain(picture),
    }


def _verdict(verdict: Verdict) -> Record:
    value, low, high = verdict.triple()
    return {
        "kind": verdict.kind, "value": value, "low": low, "high": high, "words": verdict.words(),
    }  # fmt: skip


def _factor(factor: Factor) -> Record:
    low = finite(factor.low) or None
    return {"value": finite(factor.value), "low": low, "high": finite(factor.high)}


def _spelt(factor: Factor) -> str:
    low = f"{factor.low:.2f}" if factor.low > 0 else "any less"
    high = f"{factor.high:.2f}" if np.isfinite(factor.high) else "any more"
    return f"{factor.value:.2f} ({low} to {high})"


def _local(one: Local) -> Record:
    return {
        "labels": int(one.budget), "value": finite(one.factor), "bound": one.bound,
        "low": finite(one.low), "high": finite(one.high),
    }  # fmt: skip


def _natural(gain: Triple, measure: str) -> Triple:
    """Of an error: as it is usually given, lower better."""
    value, low, high = gain
    return (-value, -high, -low) if measure in LOWER_IS_BETTER else gain


def _triple(values: Iterable[float]) -> list[Plain]:
    return [finite(round(value, 6)) for value in values]
