"""Release: prove that what is served says what was trained, check the gates, sign a bundle.

Run folder: parity.json, gates.json, score.json (ML test score), evidence, and bundle/ only when
every gate passed. The order is the point: without parity no gates, without gates no bundle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedside.core.context import Context
from bedside.core.gate import Gate
from bedside.core.run import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bedside.core.evidence import Evidence
    from bedside.core.gate import GateResult
    from bedside.core.spec import Plain
    from bedside.core.study import Study

NEEDS: tuple[str, ...] = ("prepare", "audit", "train", "evaluate")
READS: tuple[str, ...] = (
    "modality", "seed", "about", "data", "columns", "task", "decision", "gates",
)  # fmt: skip
TINY: dict[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[release]`: how exactly copies must agree, who signs, and which model."""

    model: str = ""
    """Name of a raced model; empty: the one that the evaluation recommends."""
    key: str = ""
    """Path of an ed25519 private key; BEDSIDE_SIGNING_KEY goes before it; empty: the user's own."""
    tolerance: float = 1e-4
    """Largest difference between the trained model and its graph: float32 sums in another order."""
    served_tolerance: float = 1e-5
    """Largest difference between the graph and the served answer: the same, batch by batch."""
    flips: int = 0
    """Most patients for whom the trained model and its graph may decide differently."""


def outside(spec: Spec, study: Study, data_folder: Path | None) -> dict[str, str]:  # noqa: ARG001  # the chain passes all three to every stage
    """The code by which requests are read: found by name, so that no import tells of it."""
    from bedside.core import cells
    from bedside.core.code import code_digest

    return {"serve": code_digest(cells.cell(study.about.modality, "serve").__name__)}


def run(spec: Spec, context: Context) -> Outcome:
    """Parity, gates, bundle; the outcome stops the chain where one of them fails."""
    from bedside.stages.release.assembly import Candidate, build_bundle, candidate
    from bedside.stages.release.proof import prove

    context.progress.advance(0, 3, "comparing trained, exported and served")
    chosen: Candidate = candidate(spec.model, context)
    proof = prove(chosen, context)
    context.run.write_json("parity.json", proof.record())
    # Named as it will be written, for ids follow from content and are linked to.
    proved = [replace(item, run=context.run.name) for item in proof.evidence]
    results = _check(spec, context, [*context.evidence(), *proved], chosen.name)
    context.progress.advance(1, 3, "checking the gates")
    passed = replace(_share_passed(results, chosen.name), run=context.run.name)
    own = [*proved, passed]
    score = _write(context, results, [*context.evidence(), *own])
    context.run.write_evidence(own)
    stop = _stop(results)
    if stop:
        return Outcome(headline=stop, stop=stop)
    context.progress.advance(2, 3, "signing the bundle")
    made = build_bundle(chosen, context, key=spec.key, gates=results)
    return Outcome(
        headline=f"{chosen.name} as bundle {made.id[:12]}: trained, exported and served agree on "
        f"{proof.samples:,} held-out samples; {len(results)} gates passed; ML test score {score}"
        + (f"; signing key made in {made.key_made}" if made.key_made else "")
    )


def own_gates(spec: Spec) -> tuple[Gate, ...]:
    """What must hold of every release, whatever the study asks."""
    held_out = (
        Gate(measure="parity.exported", at_most=spec.tolerance, subjects=1),
        Gate(measure="parity.exported_flips", at_most=spec.flips, subjects=1),
        Gate(measure="parity.served", at_most=spec.served_tolerance, subjects=1),
        Gate(measure="parity.served_flips", at_most=0, subjects=1),
        Gate(measure="parity.not_finite", at_most=0, subjects=1),
    )
    made_up = (
        Gate(measure="parity.exported", at_most=spec.tolerance, data="edge", subjects=0),
        Gate(measure="parity.exported_flips", at_most=0, data="edge", subjects=0),
        Gate(measure="parity.served", at_most=spec.served_tolerance, data="edge", subjects=0),
        Gate(measure="parity.served_flips", at_most=0, data="edge", subjects=0),
        Gate(measure="parity.refusals", at_least=1, data="edge", subjects=0),
    )
    return (*held_out, *made_up)


def _check(
    spec: Spec, context: Context, evidence: Sequence[Evidence], model: str
) -> list[GateResult]:
    """The study's own gates first."""
    from bedside.stages.release.label_gates import asked

    gates = (*asked(context.study, evidence), *own_gates(spec))
    return [gate.check(evidence, model) for gate in gates]


def _share_passed(results: Sequence[GateResult], model: str) -> Evidence:
    from bedside.core.evidence import Evidence

    share = sum(result.verdict == "pass" for result in results) / len(results)
    return Evidence(
        measure="release.gates", value=share, low=share, high=share, level=1.0, subjects=0,
        unit="share", stage="release", model=model,
    )  # fmt: skip


def _write(context: Context, results: Sequence[GateResult], evidence: Sequence[Evidence]) -> int:
    """gates.json and score.json; gives the ML test score."""
    from bedside.stages.release.testscore import ml_test_score

    context.run.write_json("gates.json", [_record(result) for result in results])
    score = ml_test_score(evidence, context.study.task.labels)
    context.run.write_json("score.json", score)
    total = score["score"]
    return total if isinstance(total, int) else 0


def _record(result: GateResult) -> dict[str, Plain]:
    from bedside.stages.release.card import bound

    found = result.evidence
    return {
        "measure": result.gate.measure, "slice": result.gate.slice, "data": result.gate.data,
        "bound": bound(result), "verdict": result.verdict, "reason": result.reason,
        "value": found.value if found else None, "low": found.low if found else None,
        "high": found.high if found else None, "subjects": found.subjects if found else 0,
        "evidence": found.id if found else "",
    }  # fmt: skip


def _stop(results: Sequence[GateResult]) -> str:
    """Which gates keep the model from being released, in one sentence; empty: none."""
    from bedside.stages.release.card import bound

    held = [result for result in results if result.verdict != "pass"]
    if not held:
        return ""
    named = "; ".join(
        f"{result.gate.measure} {bound(result)} on {result.gate.data} is {result.verdict} "
        f"({result.reason})"
        for result in held[:3]
    )
    more = f"; and {len(held) - 3} more in gates.json" if len(held) > 3 else ""
    return f"No release: {named}{more}."
