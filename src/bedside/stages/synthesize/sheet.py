"""The data sheet: what goes with a synthetic table wherever it goes.

After Gebru et al., Datasheets for Datasets, CACM 2021: where it comes from, what was measured, what
it may be used for and what not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.core.context import Context
from bedside.core.spec import Plain, plain
from bedside.methods.evaluation.record import clean
from bedside.stages.synthesize.judged import Found
from bedside.stages.synthesize.made import Made
from bedside.stages.synthesize.verdict import Leak, Verdict

if TYPE_CHECKING:
    from bedside.stages.synthesize import Spec

GENERATORS = {
    "flow": "flow matching (Lipman et al., ICLR 2023)",
    "trees": "sequential trees (Nowok et al., J Stat Softw 2016)",
    "copula": "Gaussian copula",
    "preview": "the quickest generator of the modality, for a first look",
    "private": "differentially private marginals (after McKenna et al., J Priv Confid 2021)",
}
USES = (
    "to develop and test software",
    "to teach",
    "to try an analysis before asking for the real data",
    "to add to real training patients, where `bedside worth` says that it pays",
)
NOT_USES = (
    "to tune, test or validate a model: bedside refuses it there",
    "to draw a conclusion about patients without confirming it on real ones",
    "to learn anything about a single person",
)


NOT_PROMISED = (
    "which columns and bins there are: the study says so, and they are public",
    "that the table passed the gate and that the audit dropped no or some fields, which look at "
    "real patients",
    "what canaries proved: it comes of many fits to the real patients",
)
"""With `epsilon`: what of this sheet the promise is not about."""


def sheet_of(spec: Spec, context: Context, made: Made, found: Found) -> dict[str, Plain]:
    """Plain JSON."""
    study, said = context.study, found.verdict
    return {
        "synthetic": True, "tag": tag_of(context, made), "study": study.name,
        "question": study.about.question, "source_data": context.dataset().digest,
        "run": context.run.name, "generator": made.name, "method": GENERATORS[made.name],
        "learnt_from": _learnt_from(made), "judged_by": _judged_by(made),
        "rows": len(made.synthetic), "where": list(spec.where), "rules": list(spec.rules),
        "fields": [
            {"name": item.name, "kind": item.kind, "unit": item.unit,
             "description": item.description}
            for item in made.schema.fields
        ],
        "outcome": made.schema.target.outcome,
        "epsilon": spec.epsilon, "delta": spec.delta if spec.epsilon else None,
        "epsilon_proved": said.proved, "epsilon_provable": said.provable,
        "promise": _promise(said), "promise_tested": said.tested if spec.epsilon else None,
        "not_promised": list(NOT_PROMISED) if spec.epsilon else [],
        "codebook": plain(spec.codebook) if spec.epsilon else None,
        "may_leave": said.leaves, "reasons": list(said.reasons),
        "attacks": [_attack(leak, promised=made.private is not None) for leak in said.leaks],
        "detection": None if made.private else clean(found.synthetic.detection[0]),
        "uses": list(USES), "not_uses": list(NOT_USES), "limits": list(study.about.limits),
    }  # fmt: skip


def _learnt_from(made: Made) -> str:
    """With a promise, the count that the noisy tables give: the exact one would break it."""
    if made.private is None:
        return f"{made.patients:,} training patients"
    return f"about {made.private.model.patients:,} training patients (a count with noise)"


def _judged_by(made: Made) -> str:
    judges = "" if made.private else f"{len(np.unique(made.tune.subjects)):,} "
    return f"{judges}other real patients (tune); none held out"


def _promise(said: Verdict) -> str | None:
    if said.epsilon is None:
        return None
    if said.tested:
        return "kept by its accounting, and put to the test by planted canaries"
    return "kept by its accounting alone: canaries so few could not have refuted it" + (
        ", which the study accepts" if said.accepted else ""
    )


def _attack(leak: Leak, *, promised: bool) -> dict[str, Plain]:
    """With a promise, no number that was measured on those to whom it was made."""
    told: dict[str, Plain] = {
        "attack": leak.attack, "slice": leak.slice, "limit": leak.limit, "standing": leak.shown
    }  # fmt: skip
    if promised:
        return told
    return told | {
        "gain": clean(leak.synthetic[0]), "up_to": clean(leak.synthetic[2]),
        "verbatim_copy": clean(leak.copy[0]), "independent_people": clean(leak.real[0]),
    }  # fmt: skip


def tag_of(context: Context, made: Made) -> str:
    """What each row is tagged with."""
    return f"{made.name}:{context.run.name}"
