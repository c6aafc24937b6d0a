"""Audit: what is wrong with the data, before any model sees it.

Run folder: findings.json (worst first), dropped.json (fields that later stages must not use) and
the evidence. Labels are read of training patients only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from bedside.core.context import Context
from bedside.core.finding import Finding, Verb
from bedside.core.run import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset
    from bedside.core.spec import Plain
    from bedside.methods.audit.duplicates import Fingerprints
    from bedside.methods.audit.settled import Thresholds
    from bedside.methods.audit.training import Column, Ints, Training

NEEDS: tuple[str, ...] = ("prepare",)
TINY: dict[str, object] = {"most_subjects": 2_000, "label_noise_rows": 500}
Whole = Literal["stop", "warn"]
KINDS = (
    "leak", "leak_time", "followup", "subjects_in_two_splits", "duplicates", "near_duplicates",
    "identifiers", "burned_in", "free_text", "suspect", "identity", "acquisition", "shortcut",
    "given_split", "units", "masks", "blank", "prevalence", "unobserved", "sample_size",
    "label_noise", "missing", "cardinality", "constant", "empty",
)  # fmt: skip
"""Kinds of finding, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[audit]`: for each kind of finding whether it stops the run, drops the field or warns."""

    leak: Verb = "stop"
    """A field gives the outcome away, by its value, by being missing, or by one group."""
    leak_time: Verb = "stop"
    """A field ends with the event, or only those who survived have it."""
    followup: Verb = "stop"
    """A field marks patients of whom none could be followed to the horizon."""
    suspect: Verb = "warn"
    """A field may hold later knowledge; there is a trace, but no proof."""
    identifiers: Verb = "stop"
    free_text: Verb = "stop"
    constant: Verb = "drop"
    empty: Verb = "drop"
    cardinality: Verb = "warn"
    units: Verb = "warn"
    shortcut: Verb = "warn"
    missing: Verb = "warn"
    """Whether a value is missing goes with the outcome."""
    subjects_in_two_splits: Whole = "stop"
    duplicates: Whole = "stop"
    near_duplicates: Whole = "warn"
    """Images of two patients in two splits that are one image, turned, cropped or compressed."""
    given_split: Whole = "warn"
    """The split that came with the data does not keep patients, or identical samples, apart."""
    identity: Whole = "warn"
    """Who the patient is tells the outcome of a sample."""
    acquisition: Whole = "warn"
    """How a sample was acquired, or its border, tells the outcome."""
    burned_in: Whole = "warn"
    """Text in the pixels."""
    masks: Whole = "warn"
    """Structures that are missing from a mask, cut by its edge, or of an unlikely size."""
    blank: Whole = "warn"
    """Samples that are the same in every value."""
    prevalence: Whole = "warn"
    unobserved: Whole = "warn"
    sample_size: Whole = "warn"
    label_noise: Whole = "warn"
    allow: tuple[str, ...] = ()
    """Fields that are known at the prediction time, whatever the audit finds: only warned of."""
    leak_value: float = 0.98
    """AUROC of a value whose lower end reaches this is a leak."""
    leak_missing: float = 0.85
    """The same for being missing."""
    leak_r2: float = 0.95
    leak_missing_r2: float = 0.5
    purity: float = 0.98
    """Share of one outcome in a group from which on it may settle the outcome."""
    odds: float = 20.0
    """How many times as high the odds of the rarer outcome must be in such a group (lower end)."""
    information: float = 0.2
    """Share of the outcome's entropy that such a group must explain alone, if it is the common
    outcome that it settles."""
    fewest: int = 20
    """Patients in such a group; and at least 1 %."""
    label_noise_share: float = 0.2
    label_noise_rows: int = 5_000
    most_subjects: int = 50_000
    """What needs labels is measured on at most so many training patients, drawn by the seed."""


class Cell(Protocol):
    """What the audit asks of a modality."""

    def columns(self, dataset: Dataset, rows: Ints) -> Iterator[Column]:
        """The fields of some rows, one after the other. Where a sample has no fields that a run
        could go on without (an image), numbers that describe it, each with its `part`."""

    def fingerprints(self, dataset: Dataset) -> Fingerprints:
        """Hashes of all rows, for duplicates."""

    def checks(
        self, dataset: Dataset, columns: Sequence[Column], training: Training, source: Plain
    ) -> list[Finding]:
        """Findings that only this modality has; `source` is prepare's columns.json."""


def run(spec: Spec, context: Context) -> Outcome:
    """Every check, then the verbs: what stops, what is dropped, what is warned of."""
    from bedside.methods.audit.by_label import by_label
    from bedside.methods.audit.training import training as draw

    cell: Cell = context.cell
    dataset = context.dataset()
    training = draw(dataset, most_subjects=spec.most_subjects, seed=context.study.about.seed)
    context.progress.advance(0, 4, "columns")
    columns = list(cell.columns(dataset, training.rows))
    source = context.input("prepare").read_json("columns.json")
    findings = cell.checks(dataset, columns, training, source)
    context.progress.advance(1, 4, "leaks")
    fields = [column for column in columns if not column.part]
    if fields:
        findings += by_label(training, lambda one: _of_leaks(spec, fields, one))
    context.progress.advance(2, 4, "outcome")
    if training.labelled:
        useless = {finding.field for finding in findings if finding.field}
        honest = [column for column in columns if column.name not in useless]
        strata = _strata(dataset, training)
        findings += by_label(training, lambda one: _of_outcome(spec, honest, one))
        findings += by_label(training, lambda one: _by_stratum(fields, one, strata))
    context.progress.advance(3, 4, "splits")
    findings += _of_splits(dataset, cell.fingerprints(dataset), bool(context.study.data.subject))
    context.progress.advance(4, 4, "findings")
    return _concluded(spec, context, findings)


def _of_leaks(spec: Spec, columns: Sequence[Column], training: Training) -> list[Finding]:
    from bedside.methods.audit.followup import followup_findings
    from bedside.methods.audit.leak_findings import leak_findings

    fewest = int(max(spec.fewest, thresholds_of(spec).fewest_share * training.size))
    return [
        *leak_findings(columns, training, thresholds_of(spec)),
        *followup_findings(columns, training, fewest),
    ]


def _of_outcome(spec: Spec, columns: Sequence[Column], training: Training) -> list[Finding]:
    """`columns` are those of which nothing was found."""
    from bedside.methods.audit.identity import identity_finding
    from bedside.methods.audit.label_noise import noise_finding
    from bedside.methods.audit.outcome import classes_finding, size_finding, unobserved_finding

    most, rows = spec.label_noise_share, spec.label_noise_rows
    fields = tuple(column.field for column in columns if not column.part)
    size = size_finding(training, fields) if len(fields) == len(columns) else None
    identity = identity_finding(training)
    return [
        unobserved_finding(training),
        size or classes_finding(training),
        noise_finding(columns, training, most_share=most, most_rows=rows),
        *([identity] if identity is not None else []),
    ]


def _by_stratum(
    columns: Sequence[Column], training: Training, strata: dict[str, NDArray[np.str_]]
) -> list[Finding]:
    from bedside.methods.audit.outcome import prevalence_findings
    from bedside.methods.audit.shortcuts import shortcut_findings

    found = shortcut_findings(columns, training, strata.get("site"))
    return [*prevalence_findings(training, strata), *found]


def _of_splits(dataset: Dataset, prints: Fingerprints, named: bool) -> list[Finding]:
    """`named`: the study names the column of the patient."""
    import polars as pl

    from bedside.core.dataset import SPLITS
    from bedside.methods.audit.given_split import given_split_findings
    from bedside.methods.audit.split_findings import copies_finding, two_splits_finding
    from bedside.methods.audit.training import patient_codes

    subject = patient_codes(dataset.samples["subject"])
    order = {name: at for at, name in enumerate(SPLITS)}
    split = dataset.samples["split"].replace_strict(order, return_dtype=pl.Int64).to_numpy()
    data = f"all@{dataset.digest[:8]}"
    return [
        two_splits_finding(subject, split, data),
        copies_finding(prints, split, subject, data),
        *given_split_findings(dataset.samples, prints, named=named, data=data),
    ]


def thresholds_of(spec: Spec) -> Thresholds:
    """From where on a field is too good."""
    from bedside.methods.audit.settled import Thresholds

    return Thresholds(
        value=spec.leak_value, missing=spec.leak_missing, r2=spec.leak_r2,
        missing_r2=spec.leak_missing_r2, purity=spec.purity, odds=spec.odds,
        information=spec.information, fewest=spec.fewest,
    )  # fmt: skip


def _strata(dataset: Dataset, training: Training) -> dict[str, NDArray[np.str_]]:
    """Site and calendar year of the training rows, where they are given."""
    import polars as pl

    found: dict[str, NDArray[np.str_]] = {}
    samples = dataset.samples
    names: tuple[str, ...] = ("site", "time")
    for name in names:
        if name not in samples.columns or samples[name].null_count() == samples.height:
            continue
        values = samples[name][training.rows]
        if name == "time" and values.dtype.is_temporal():
            values = values.dt.year()
        found[name] = values.cast(pl.String).fill_null("not given").to_numpy().astype(str)
    return found


def _concluded(spec: Spec, context: Context, findings: Sequence[Finding]) -> Outcome:
    """Write what was found and say it in one line."""
    from bedside.methods.audit.conclusion import conclude

    fields = [field.name for field in context.dataset().schema.fields]
    verbs: dict[str, Verb] = {kind: getattr(spec, kind) for kind in KINDS}
    concluded = conclude(findings, verbs, spec.allow, fields)
    context.run.write_json("findings.json", concluded.records)
    context.run.write_json("dropped.json", concluded.dropped)
    context.run.write_evidence(concluded.evidence)
    return Outcome(headline=concluded.headline, stop=concluded.stop)
