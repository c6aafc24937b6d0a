"""Augment: what training will do to the images, shown, and measured: do the labels survive it?

Run folder: chain.json (the ops, plain: training reads it), sheet.png with pictures.json, and the
evidence. Only training patients are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from bedside.core.context import Context
from bedside.core.run import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Dataset
    from bedside.core.evidence import Evidence
    from bedside.core.spec import Plain

    Ints = NDArray[np.int64]
    Survived = tuple[str, str, Ints, NDArray[np.float64]]
    """A measure, what it is about, the rows it was measured on, and its value for each, 0 to 1."""

NEEDS: tuple[str, ...] = ("prepare",)
READS: tuple[str, ...] = ("modality", "seed", "task")
TINY: dict[str, object] = {"most_samples": 60, "samples": 2, "versions": 3}
REPLICATES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[augment]`: how samples are changed in training. The default is good for most images."""

    policy: Literal["none", "light", "standard", "trivial", "rand"] = "standard"
    """light: small moves and tones; standard: those, bends, noise and blur; trivial: one random op
    at a random strength; rand: two random ops at one strength; none."""
    strength: float = 1.0
    """How far the ranges of all ops reach, 1 being as written."""
    ops: tuple[Mapping[str, object], ...] = ()
    """Ops instead of a policy, such as {op = "affine", rotation = [-10, 10], p = 0.5}."""
    swaps: tuple[tuple[int, int], ...] = ()
    """Pairs of mask labels that change places under a left-right mirror: left and right organ."""
    samples: int = 4
    """Images on the sheet."""
    versions: int = 5
    """Augmented versions of each."""
    most_samples: int = 400
    """Evidence is measured on at most so many training images, drawn by the seed."""


class Cell(Protocol):
    """What this stage asks of a modality."""

    def chain(self, dataset: Dataset, settings: Mapping[str, Plain]) -> Plain:
        """The ops that the settings of `[augment]` come to, as plain JSON."""

    def sheet(
        self, dataset: Dataset, rows: Ints, chain: Plain, *, seed: int, versions: int
    ) -> tuple[bytes, dict[str, str]]:
        """A PNG of some rows and augmented versions, and its `title`, `alt` and `note`."""

    def survived(self, dataset: Dataset, rows: Ints, chain: Plain, *, seed: int) -> list[Survived]:
        """How the labels of some rows fare."""


def run(spec: Spec, context: Context) -> Outcome:
    """The chain, its picture, and the evidence that labels survive it."""
    from bedside.core.spec import plain

    cell: Cell = context.cell
    dataset, seed = context.dataset(), context.study.about.seed
    settings = plain(spec)
    chain = cell.chain(dataset, settings if isinstance(settings, dict) else {})
    context.run.write_json("chain.json", chain)
    rows = _drawn(dataset, spec.most_samples, seed)
    context.progress.advance(0, 2, "sheet")
    shown = _spread(dataset, rows, spec.samples)
    png, words = cell.sheet(dataset, shown, chain, seed=seed, versions=spec.versions)
    context.run.path("sheet.png").write_bytes(png)
    context.run.write_json("pictures.json", [{"file": "sheet.png", **words}])
    context.progress.advance(1, 2, "labels")
    found = cell.survived(dataset, rows, chain, seed=seed)
    evidence = [_measured(dataset, one, seed) for one in found]
    context.run.write_evidence(evidence)
    return Outcome(headline=_headline(spec, evidence))


def _drawn(dataset: Dataset, most: int, seed: int) -> Ints:
    """Training rows, at most so many, in order."""
    import numpy as np

    from bedside.core.errors import DataError
    from bedside.core.randomness import stream

    rows = dataset.rows("train")
    if not len(rows):
        raise DataError(
            "augment", expected="training patients", found="none",
            hint="check the shares of the splits in [prepare]",
        )  # fmt: skip
    drawn = stream(seed, 0xA06).permutation(rows)[:most]
    return np.sort(drawn)


def _spread(dataset: Dataset, rows: Ints, count: int) -> Ints:
    """Some of the rows, of every class in turn, each of another patient where there are enough."""
    import numpy as np

    from bedside.methods.multilabel import strata_of

    subjects = dataset.subjects(rows)
    first = rows[np.unique(subjects, return_index=True)[1]]
    if len(first) < count:
        first = rows
    target = dataset.samples["target"].to_numpy()[first]
    if dataset.schema.target.type == "multilabel":
        target = strata_of(dataset.samples[first], dataset.schema.target)
    rank = np.zeros(len(first))
    for value in np.unique(target):
        same = np.flatnonzero(target == value)
        rank[same] = np.arange(len(same))
    return np.sort(first[np.argsort(rank, kind="stable")[:count]])


def _measured(dataset: Dataset, survived: Survived, seed: int) -> Evidence:
    """The mean over samples with its interval by patient."""
    import numpy as np

    from bedside.core.evidence import Evidence, finite
    from bedside.methods.intervals import estimate, resample
    from bedside.methods.proportion import wilson

    measure, about, rows, values = survived
    subjects = dataset.subjects(rows)
    patients = len(np.unique(subjects))
    if (values == values[0]).all() and values[0] in (0.0, 1.0):
        value, low, high = wilson(int(values[0]) * patients, patients)
    else:
        found = estimate(
            lambda weights: {"mean": (weights * values).sum(axis=1) / weights.sum(axis=1)},
            resample(subjects, REPLICATES, seed),
        )
        value, low, high = found["mean"]
    return Evidence(
        measure=measure, value=finite(value), low=finite(low), high=finite(high), slice=about,
        subjects=patients, unit="share", stage="augment", data=dataset.label("train"),
    )  # fmt: skip


def _headline(spec: Spec, evidence: Sequence[Evidence]) -> str:
    """What is done, and the weakest of what was measured."""
    what = f"{len(spec.ops)} ops" if spec.ops else f"policy {spec.policy}"
    known = [item for item in evidence if item.value is not None]
    if not known:
        return f"{what}; nothing was measured"
    worst = min(known, key=lambda item: item.value or 0.0)
    name = worst.measure.removeprefix("augment.").replace("_", " ")
    return f"{what}; least {name}{_of(worst.slice)}: {worst.value:.2f}"


def _of(slice_: str) -> str:
    """A slice in the words of the headline.

    >>> _of("all"), _of("op=gamma"), _of("label=cyst & op=gamma")
    ('', ' under gamma', ' of cyst under gamma')
    """
    said = ""
    for part in slice_.split(" & "):
        key, _, value = part.partition("=")
        said += {"all": "", "op": f" under {value}"}.get(key, f" of {value or key}")
    return said
