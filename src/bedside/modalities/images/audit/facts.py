"""How images were acquired, as prepare wrote it down: facts that may name patients or devices."""

from __future__ import annotations

import numpy as np
import polars as pl

from bedside.core.dataset import Dataset, Field
from bedside.core.errors import RunError
from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.methods.audit.identifiers import Source, identifies
from bedside.methods.audit.probes import Probe, groups_of
from bedside.methods.audit.separation import Ints
from bedside.methods.audit.training import Column, Training

FILE = "facts.parquet"
RARE = 0.9
"""Share of different texts from which on they are taken for identifiers."""
FEWEST = 50
WHY = (
    "What names a patient must not stay beside the data, nor leave the hospital in a report or a "
    "bundle."
)


def facts_of(dataset: Dataset, rows: Ints) -> list[Column]:
    """Each fact of some rows, less those that are the same for all; none without the file.

    Raises RunError where there is not one row of facts a sample.
    """
    path = dataset.folder / FILE
    if not path.is_file():
        return []
    facts = pl.read_parquet(path)
    if facts.height != dataset.samples.height:
        raise RunError(
            FILE, expected=f"one row a sample, {dataset.samples.height:,}",
            found=f"{facts.height:,} rows", hint="run `bedside prepare STUDY` again",
        )  # fmt: skip
    some = facts[rows]
    return [_column(some[name]) for name in some.columns if some[name].n_unique() > 1]


def _column(fact: pl.Series) -> Column:
    if fact.dtype.is_numeric():
        values = fact.cast(pl.Float32).to_numpy()
        return Column(
            field=Field(name=fact.name), numeric=np.where(np.isinf(values), np.nan, values)
        )
    words = fact.cast(pl.String)
    names = tuple(words.drop_nulls().unique().sort().to_list())
    order = {name: at + 1 for at, name in enumerate(names)}
    codes = [0 if word is None else order[word] for word in words.to_list()]
    return Column(
        field=Field(name=fact.name, kind="category", categories=names),
        codes=np.asarray(codes, np.int64),
    )


def probes_of(facts: list[Column]) -> list[Probe]:
    """Each fact, and all together where there are several."""
    each = [
        Probe(name=f"'{fact.name}', a fact of its acquisition", slice=fact.name,
              values=fact.values[:, None])
        for fact in facts
    ]  # fmt: skip
    if len(each) < 2:
        return each
    together = np.concatenate([probe.values for probe in each], axis=1)
    name = f"all {len(each)} facts of its acquisition together"
    return [*each, Probe(name=name, slice="facts", values=together)]


def groupings(dataset: Dataset, facts: list[Column], training: Training) -> dict[str, Ints]:
    """Site, and each fact in words, of which at least two values have ten patients each."""
    named: dict[str, list[str | None]] = {}
    if "site" in dataset.samples.columns:
        named["site"] = dataset.samples["site"][training.rows].cast(pl.String).to_list()
    for fact in facts:
        if fact.codes is not None:
            words = (None, *fact.field.categories)
            named[fact.name] = [words[code] for code in fact.codes]
    found = {name: groups_of(values, training.subject)[0] for name, values in named.items()}
    return {name: code for name, code in found.items() if len(np.unique(code[code >= 0])) > 1}


def identifying_findings(facts: list[Column], training: Training) -> list[Finding]:
    """Kind identifiers: facts that name patients, or that none does; nothing without facts."""
    if not facts:
        return []
    found = [
        _found(fact, text, training)
        for fact in facts
        if (text := identifies(fact, training, _source(fact)))
    ]
    clear = Finding(
        kind="identifiers", state="clear", why=WHY,
        sentence="No fact of how the images were acquired looks like an identifier.",
    )  # fmt: skip
    return found or [clear]


def _source(fact: Column) -> Source:
    if fact.codes is None:
        return Source()
    there = int((fact.codes > 0).sum())
    distinct = len(fact.field.categories)
    rare = there >= FEWEST and distinct > RARE * there
    return Source(
        looks="identifier" if rare else "", distinct=distinct,
        distinct_share=distinct / max(there, 1),
    )  # fmt: skip


def _found(fact: Column, text: str, training: Training) -> Finding:
    there = fact.values[~fact.missing]
    part = len(np.unique(there)) / max(len(there), 1)
    evidence = Evidence(
        measure="audit.identifiers", value=part, low=part, high=part, subjects=training.size,
        unit="share", slice=fact.name, stage="audit", data=training.data,
    )  # fmt: skip
    return Finding(
        kind="identifiers", state="found", sentence=f"The fact '{fact.name}' {text}.", why=WHY,
        short=f"the fact '{fact.name}' {text}", severity=part, evidence=(evidence,),
        look="No model sees the facts, but they lie beside the data. De-identify the source; or go "
        'on and keep the folder as safe as the source: [audit] identifiers = "warn".',
    )  # fmt: skip
