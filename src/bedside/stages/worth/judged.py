"""From scores to verdicts: controls first, then each lever, by two measures and by subgroup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedside.core.context import Context
from bedside.core.dataset import Schema
from bedside.methods.worth import controls
from bedside.methods.worth.controls import TRUTHS, Control
from bedside.methods.worth.cost import times
from bedside.methods.worth.interval import Scores, pair
from bedside.methods.worth.leaked import Leaked, over_repetitions
from bedside.methods.worth.lever import BASE
from bedside.methods.worth.measure import LOWER_IS_BETTER, names_of
from bedside.methods.worth.money import Saving, saved
from bedside.methods.worth.monotone import Local, locally
from bedside.methods.worth.spent import Balance, balance
from bedside.methods.worth.verdict import Terms, Triple, Verdict, judged, reach_of
from bedside.stages.worth.scored import ALL, Fits, Judges, fits_of, judges_of

if TYPE_CHECKING:
    from bedside.stages.worth import Spec
    from bedside.stages.worth.design import Design

COPIES = "duplicates"
_UNTOLD = Verdict(kind="unknown", factor=None, gain=(0.0, 0.0, 0.0), ceiling=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """One lever, or several together, by one measure."""

    verdict: Verdict
    local: tuple[Local, ...]
    """k at each budget, without a formula; none where nothing may be said."""
    beside_copies: Verdict | None = None
    """Of synthesis: against as many copies of real cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The controls by one measure."""

    controls: tuple[Control, ...]
    refused: str
    """Why no number may be printed: a control failed, or did not have what the base had."""
    copies: Verdict = _UNTOLD
    """What duplicates are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that the page and the record tell."""

    spec: Spec
    design: Design
    measures: tuple[str, str]
    patients: int
    """Held-out patients."""
    data: str
    gates: Mapping[str, Gate]
    """By measure."""
    worths: Mapping[tuple[str, str], Worth]
    """By arm and measure."""
    groups: Mapping[tuple[str, str], tuple[Verdict, int]]
    """By arm and subgroup: of the first measure, and how many patients."""
    small: tuple[str, ...]
    """Subgroups that are too small."""
    fits: Mapping[str, Fits]
    savings: Mapping[str, Saving]
    reason: str = ""
    """Why nothing could be measured."""

    @property
    def arms(self) -> list[str]:
        """Levers, then levers together."""
        return [*self.design.levers, *self.design.combined]

    def balance(self, arm: str, base: str = BASE.name) -> Balance:
        """Whether an arm's fits had what those of the base had."""
        return balance(self.fits[base].spent, self.fits[arm].spent)

    def unequal(self, arm: str, base: str = BASE.name) -> str:
        """Why an arm cannot be held against the base; empty: it can."""
        found = self.balance(arm, base)
        return "" if found.small else found.words()

    def leaked(self, arm: str) -> tuple[Leaked, ...]:
        """What made-up cases gave away at each budget; nothing of an arm that makes none up."""
        return over_repetitions(self.fits[arm].leaks, level=self.spec.level) if self.fits else ()

    def cost(self, arm: str) -> Triple:
        """Processor time as a multiple of that without the lever, at the same budgets."""
        return times(self.fits[BASE.name].took, self.fits[arm].took, level=self.spec.level)


def judge(design: Design, spec: Spec, context: Context, schema: Schema) -> Found:
    """Score what was fitted, hold the controls against what they must be, then judge."""
    judges = judges_of(spec, context, schema)
    names = names_of(schema.target.type)
    reason = judges.enough() or _too_little(design)
    empty = Found(
        spec=spec, design=design, measures=names, patients=judges.truth.patients(),
        data=judges.dataset.label("held_out"), gates={}, worths={}, groups={},
        small=tuple(one.label for one in judges.small), fits={}, savings={}, reason=reason,
    )  # fmt: skip
    if not design.arms:
        return empty
    fits = {arm.name: fits_of(arm, design, judges, context) for arm, _ in design.arms}
    return _judged(replace(empty, fits=fits), judges)


def _too_little(design: Design) -> str:
    if design.plan.enough:
        return ""
    left_out = "; ".join(f"{budget:,}: {why}" for budget, why in design.plan.left_out)
    return (
        f"fewer than three budgets can be tried, as of {design.patients:,} labelled patients "
        f"{design.rarest:,} have the rarest outcome; left out are {left_out}"
    )


def _judged(found: Found, judges: Judges) -> Found:
    ranking = found.measures[0]
    gates = {name: _gate(found, name) for name in found.measures}
    worths = {
        (arm, name): _worth(arm, name, found, gates[name])
        for name in found.measures
        for arm in found.arms
    }
    groups = {
        (arm, group.label): (_verdict(arm, group.label, found, gates[ranking]), group.subjects)
        for arm in found.design.levers
        for group in judges.groups
    }
    savings = {}
    if found.spec.price is not None:
        most = found.design.plan.budgets[-1]
        savings = {
            arm: saved(worths[arm, ranking].verdict, most, found.spec.price)
            for arm in found.design.levers
        }
    return replace(found, gates=gates, worths=worths, groups=groups, savings=savings)


def _verdict(arm: str, group: str, found: Found, gate: Gate) -> Verdict:
    """By the first measure, among the patients of a subgroup."""
    measure = found.measures[0]
    base, mine = (found.fits[name].scores[group, measure] for name in (BASE.name, arm))
    return judged(base, mine, _terms(base, measure, found, gate, found.unequal(arm)))


def _terms(base: Scores, measure: str, found: Found, gate: Gate, unequal: str) -> Terms:
    worthwhile = 0.01 if found.spec.worthwhile is None else found.spec.worthwhile
    if measure in LOWER_IS_BETTER:
        worthwhile = 0.02 * abs(float(base.mean[-1]))
    return Terms(
        level=found.spec.level, worthwhile=worthwhile, unknown=found.reason,
        refused=gate.refused or unequal, silent=controls.silent(gate.controls),
    )  # fmt: skip


def _gate(found: Found, measure: str) -> Gate:
    base, *others, copies = (
        found.fits[name].scores[ALL, measure] for name in (BASE.name, *TRUTHS, COPIES)
    )
    held = tuple(
        _control(name, base, other, found.spec.level)
        for name, other in zip(TRUTHS, others, strict=True)
    )
    gate = Gate(controls=held, refused=_refused(found, held))
    terms = _terms(base, measure, found, gate, found.unequal(COPIES))
    return replace(gate, copies=judged(base, copies, terms))


def _refused(found: Found, held: Sequence[Control]) -> str:
    """Why the controls allow no number: what came out of them, or what they were given."""
    late = [
        f"the control '{name}' cannot be held against the base: {reason}"
        for name in TRUTHS
        if (reason := found.unequal(name))
    ]
    return "; ".join(reason for reason in (controls.failed(held), *late) if reason)


def _control(name: str, base: Scores, other: Scores, level: float) -> Control:
    both = pair(base, other, reach=reach_of(base, other))
    return Control(name=name, found=both.factor(controls.LEVEL), plain=both.factor(level))


def _worth(arm: str, measure: str, found: Found, gate: Gate) -> Worth:
    base, mine, copies = (
        found.fits[name].scores[ALL, measure] for name in (BASE.name, arm, COPIES)
    )
    terms = _terms(base, measure, found, gate, found.unequal(arm))
    verdict = judged(base, mine, terms)
    if verdict.factor is None:
        return Worth(verdict=verdict, local=())
    local = tuple(locally(base, mine, level=terms.level, seed=len(arm)))
    beside = None
    if arm == "synthesis":
        unequal = found.unequal(arm, COPIES)
        beside = judged(copies, mine, _terms(base, measure, found, gate, unequal))
    return Worth(verdict=verdict, local=local, beside_copies=beside)
