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


def sheet_of(spec: Spec, context: Context, made: Made, found: Found) -> dict[str, Plain]:
    """Plain JSON."""
    study, said = context.study, found.verdict
    judges = len(np.unique(made.tune.subjects))
    return {
        "synthetic": True, "tag": tag_of(context, made), "study": study.name,
        "question": study.about.question, "source_data": context.dataset().digest,
        "run": context.run.name, "generator": made.name, "method": GENERATORS[made.name],
        "learnt_from": f"{made.patients:,} training patients",
        "judged_by": f"{judges:,} other real patients (tune); none held out",
        "rows": len(made.synthetic), "where": list(spec.where), "rules": list(spec.rules),
        "fields": [
            {"name": item.name, "kind": item.kind, "unit": item.unit,
             "description": item.description}
            for item in made.schema.fields
        ],
        "outcome": made.schema.target.outcome,
        "epsilon": spec.epsilon, "delta": spec.delta if spec.epsilon else None,
        "epsilon_proved": said.proved, "epsilon_provable": said.provable,
        "codebook": plain(spec.codebook) if spec.epsilon else None,
        "may_leave": said.leaves, "reasons": list(said.reasons),
        "attacks": [
            {"attack": leak.attack, "slice": leak.slice,
             "gain": clean(leak.synthetic[0]), "up_to": clean(leak.synthetic[2]),
             "limit": leak.limit, "verbatim_copy": clean(leak.copy[0]),
             "independent_people": clean(leak.real[0])}
            for leak in said.leaks
        ],
        "detection": clean(found.synthetic.detection[0]),
        "uses": list(USES), "not_uses": list(NOT_USES), "limits": list(study.about.limits),
    }  # fmt: skip


def tag_of(context: Context, made: Made) -> str:
    """What each row is tagged with."""
    return f"{made.name}:{context.run.name}"
