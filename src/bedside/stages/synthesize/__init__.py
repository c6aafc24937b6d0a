"""Synthesize: made-up patients, judged before they may leave.

The generator learns from training patients only. Those of `tune`, whom it never saw, judge it: half
of them for likeness and as the people whom attacks must not tell from members, a quarter as what an
attacker knows, a quarter as the floor. Held-out patients are not touched, as whether to export is a
choice. What may not leave is not kept.

Run folder:

    synthesis.json       all that was measured, the verdict and its reasons
    synthesis.html       the same as a page
    sheet.json           the data sheet; it goes with every export
    synthetic.parquet    the table, each row tagged; only where it may leave
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Literal, Protocol

from bedside.core.context import Context
from bedside.core.errors import StudyError
from bedside.core.run import Outcome, Run, write_text
from bedside.core.study import Study, TaskType
from bedside.methods.synthesis.public import Public

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset, Schema
    from bedside.methods.cases import Cases
    from bedside.methods.entrant import Arrays
    from bedside.methods.synthesis.form import Form
    from bedside.methods.synthesis.generator import Generator
    from bedside.methods.synthesis.promise import Private, Promise

NEEDS: tuple[str, ...] = ("prepare", "audit")
READS: tuple[str, ...] = ("modality", "seed", "about", "columns", "task")
KINDS = (".parquet", ".csv")
"""What a table is exported as."""
LIMITS = ("most_caught", "most_caught_rare", "most_excess", "most_copies")
"""Of the gate; no attack that a limit judges may gain more."""
TINY: dict[str, object] = {"generator": "preview", "replicates": 200, "audit_fits": 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[synthesize]`: what is made up, and what it may give away."""

    generator: Literal["", "flow", "trees", "copula", "preview"] = ""
    """Empty: flow matching, or with `epsilon` private marginals. `preview` is the quickest that the
    modality has, with `epsilon` those marginals too; images have no trees and no copula."""
    rows: int = 0
    """Patients to make up; 0: as many as the generator learnt from."""
    where: tuple[str, ...] = ()
    """Make up only such patients: `sex=F`, `age=65..80`, `creatinine=missing`."""
    rules: tuple[str, ...] = ()
    """What no made-up patient may break: `kappa <= lambda`, `if sex = M then parity is missing`."""
    epsilon: float | None = None
    """A differential privacy promise for each patient; none: no promise, only attacks."""
    delta: float = 1e-5
    """Its chance of failing."""
    codebook: Mapping[str, Public] = field(default_factory=dict)
    """With `epsilon`: what is public of each column."""
    audit_fits: int = 300
    """With `epsilon`: generators fitted with a planted canary, and as many without."""
    accept_untested: bool = False
    """Let a promise pass that so few canaries cannot refute: it rests on the accounting alone."""
    most_caught: float = 0.03
    """Of members, the share that a membership attack may find at 1 % false alarms (upper end)."""
    most_caught_rare: float = 0.2
    """The same of the tenth that is least like others, at 5 % false alarms."""
    most_excess: float = 0.05
    """By how much any other attack may succeed more often with members than with others."""
    most_copies: float = 0.01
    """By how much more often a row may be as close to a member as one other in 200 is."""
    fewest_subjects: int = 100
    """With fewer people to compare with, nothing may leave."""
    replicates: int = 1000
    """Bootstrap resamples behind an interval."""


class Cell(Protocol):
    """What synthesize asks of a modality."""

    def arrays(self, dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
        """Inputs of some rows, of the fields that `schema` keeps."""

    def form(self, schema: Schema, cases: Cases) -> Form:
        """How cases with this schema, of which these are some, look to their judges."""

    def fit(
        self, name: str, schema: Schema, cases: Cases, *, seed: int, rules: Sequence[str] = (),
        folder: Path | None = None,
    ) -> Generator:  # fmt: skip
        """A generator of that name, fitted to training cases; it keeps the rules. `folder` is for
        what a long fit needs to go on after a kill."""

    def fit_private(
        self, schema: Schema, cases: Cases, promise: Promise, *, rules: Sequence[str] = ()
    ) -> Private:
        """A generator that keeps a privacy promise, with noise that nobody can repeat."""


def outside(spec: Spec, study: Study, data_folder: Path | None) -> Mapping[str, str]:  # noqa: ARG001  # one form for all stages
    """Digest of the page's template: a changed page is made again."""
    from bedside.adapters.html import templates_digest
    from bedside.stages.synthesize.page import NAME

    return {"page": templates_digest(NAME)}


def run(spec: Spec, context: Context) -> Outcome:
    """Fit, make up, judge, and keep the table where it may leave."""
    from bedside.adapters.parquet import write_tagged
    from bedside.stages.synthesize.judged import judge
    from bedside.stages.synthesize.made import FIT, make_up
    from bedside.stages.synthesize.page_of import page_of
    from bedside.stages.synthesize.sheet import sheet_of

    check(spec)
    require_one_outcome(context.study.task.type)
    made = make_up(spec, context)
    found = judge(spec, context, made)
    sheet = sheet_of(spec, context, made, found)
    context.run.write_json("synthesis.json", found.to_json())
    context.run.write_json("sheet.json", sheet)
    context.run.write_evidence(found.lines)
    if found.verdict.leaves:
        table = made.form.table(made.synthetic, context.study)
        write_tagged(table, context.run.path("synthetic.parquet"), sheet)
    write_text(context.run.path("synthesis.html"), page_of(found, made, sheet, context))
    rmtree(
        context.run.path(FIT), ignore_errors=True
    )  # what a fit went on from is no longer needed, and tells much
    return Outcome(headline=found.verdict.sentence())


def check_export(path: Path) -> None:
    """DataError for a name that no table can be exported to: told before any work."""
    from bedside.core.errors import DataError

    if path.suffix.lower() not in KINDS:
        raise DataError(
            path.name, expected=f"a name that ends in {' or '.join(KINDS)}", found="another"
        )


def export(finished: Run, path: Path) -> Path:
    """Write a finished run's table to `path` with its data sheet beside it, and give the latter.

    Raises DataError where the table may not leave.
    """
    from bedside.stages.synthesize.way_out import let_out

    check_export(path)
    return let_out(finished, path)


def check(spec: Spec) -> None:
    """StudyError for settings that make no sense together."""
    wrong: list[tuple[str, bool, str, str]] = [
        ("epsilon", spec.epsilon is not None and not 0 < spec.epsilon < float("inf"),
         "a number above 0", f"{spec.epsilon}"),
        ("delta", not 0 < spec.delta < 1, "a number between 0 and 1", f"{spec.delta}"),
        ("rows", spec.rows < 0, "0 or more", f"{spec.rows}"),
        ("generator", spec.generator not in ("", "preview") and bool(spec.epsilon),
         "epsilon, or another generator", "both"),
        ("accept_untested", spec.accept_untested and spec.epsilon is None,
         "epsilon beside it, as there is no promise to accept", "none"),
        ("audit_fits", spec.audit_fits < 10, "at least 10", f"{spec.audit_fits}"),
        ("replicates", spec.replicates < 1, "at least 1", f"{spec.replicates}"),
        ("fewest_subjects", spec.fewest_subjects < 1, "at least 1", f"{spec.fewest_subjects}"),
        *((key, not 0 <= getattr(spec, key) <= 1, "a share from 0 to 1", f"{getattr(spec, key)}")
          for key in LIMITS),
    ]  # fmt: skip
    for key, broken, expected, found in wrong:
        if broken:
            raise StudyError(f"[synthesize] {key}", expected=expected, found=found)


def require_one_outcome(task: TaskType) -> None:
    """StudyError for several labels a sample, which generators do not know."""
    if task == "multilabel":
        raise StudyError(
            "[task] type", expected="one outcome a sample for `synthesize`", found="several labels",
            hint="name one of the labels as target of a study of its own",
        )  # fmt: skip
