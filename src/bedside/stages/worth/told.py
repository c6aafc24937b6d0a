"""What was found as `worth.json`, in numbers and in words: all that page and report read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from bedside.core.evidence import finite
from bedside.core.spec import Plain, plain
from bedside.methods.measure_words import words
from bedside.methods.worth.controls import TRUTHS, silent, spelt
from bedside.methods.worth.interval import Factor
from bedside.methods.worth.lever import BASE
from bedside.methods.worth.measure import LOWER_IS_BETTER
from bedside.methods.worth.monotone import Local
from bedside.methods.worth.verdict import Triple, Verdict
from bedside.stages.worth.drawn import drawn
from bedside.stages.worth.judged import COPIES, Found, Worth
from bedside.stages.worth.said import headline, meaning
from bedside.stages.worth.scored import ALL

Record = dict[str, Plain]
_PLAINLY = {
    "placebo": "as many other labels", "oracle": "twice the real labels",
    COPIES: "real labels copied",
}  # fmt: skip
"""Controls, to those who do not know their names."""


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
        "beside": _beside(found),
    }


def _gate(found: Found, measure: str) -> Record:
    gate = found.gates[measure]
    base = found.fits[BASE.name].scores[ALL, measure]
    weak = silent(gate.controls)  # said where nothing comes before it, as a plateau does
    entries: Record = {"refused": gate.refused or (gate.copies.reason == weak and weak) or None}
    for one in gate.controls:
        mine = found.fits[one.name].scores[ALL, measure]
        truth = TRUTHS[one.name]
        entries[one.name] = {
            **_factor(one.found), "words": spelt(one.found), "truth": truth,
            "verdict": one.verdict, "plain": spelt(one.plain),
            "picture": plain(drawn(_PLAINLY[one.name], base, mine, _shown(found, one.found),
                                   measure=measure, truth=truth)),
        }  # fmt: skip
    copies = gate.copies
    mine = found.fits[COPIES].scores[ALL, measure]
    shown = _shown(found, copies.factor, copies)
    entries[COPIES] = {
        **_verdict(copies),
        "picture": plain(drawn(_PLAINLY[COPIES], base, mine, shown, measure=measure)),
    }  # fmt: skip
    return entries


def _beside(found: Found) -> str:
    """What pretraining draws on besides a budget's patients; empty: nothing."""
    how = found.design.beginning
    if how is None or not (how.asked.pool or how.asked.weights):
        return ""
    what = "starts from a file of weights" if how.asked.weights else "sees an unlabelled pool too"
    return f", but that pretraining {what}"


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
    said = verdict.words() if verdict else spelt(factor) if factor else ""
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
        "cost": _triple(found.cost(arm)) if found.fits else None,
        "seconds": round(sum(found.fits[arm].took.values()), 1) if found.fits else None,
        "saving": plain(saving) if saving else None,
        "leaked": [
            {"labels": one.labels, "caught": _triple(one.caught), "copy": finite(one.copy)}
            for one in found.leaked(arm)
        ],
    }


def _worth(found: Found, arm: str, worth: Worth, measure: str) -> Record:
    base, mine = (found.fits[name].scores[ALL, measure] for name in (BASE.name, arm))
    verdict = worth.verdict
    picture = drawn(arm, base, mine, _shown(found, verdict.factor, verdict), measure=measure)
    beside = worth.beside_copies
    return {
        **_verdict(verdict),
        "gain": _triple(_natural(verdict.gain, measure)),
        "gain_means": meaning(verdict.gain),
        "local": [_local(one) for one in worth.local],
        "beside_copies": _verdict(beside) if beside else None,
        "picture": plain(picture),
    }


def _verdict(verdict: Verdict) -> Record:
    value, low, high = verdict.triple()
    return {
        "kind": verdict.kind, "value": value, "low": low, "high": high, "words": verdict.words(),
        "finding": verdict.finding,
    }  # fmt: skip


def _factor(factor: Factor) -> Record:
    low = finite(factor.low) or None
    return {"value": finite(factor.value), "low": low, "high": finite(factor.high)}


def _local(one: Local) -> Record:
    return {
        "labels": int(one.budget), "value": finite(one.factor), "bound": one.bound,
        "low": finite(one.low) or None, "high": finite(one.high),
    }  # fmt: skip


def _natural(gain: Triple, measure: str) -> Triple:
    """Of an error: as it is usually given, lower better."""
    value, low, high = gain
    return (-value, -high, -low) if measure in LOWER_IS_BETTER else gain


def _triple(values: Iterable[float]) -> list[Plain]:
    return [finite(round(value, 6)) for value in values]
