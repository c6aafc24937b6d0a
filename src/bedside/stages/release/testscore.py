"""The ML test score (Breck et al., IEEE Big Data 2017), computed from evidence.

28 tests in four sections. A test counts 1 where this run measured what it asks for, with links to
the evidence, and 0 where it did not: nothing is counted on someone's word. The paper's half points
for tests done by hand are not given. The score is that of the weakest section.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bedside.core.evidence import Evidence
from bedside.core.spec import Plain
from bedside.methods.multilabel import parted

SECTIONS = ("data", "model", "infrastructure", "monitoring")
_LINKS = 5
_NO_SUBGROUPS = ("coverage=", "threshold=", "predicted=", "class=", "reason", "outcome", "with ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One of the 28 tests, and what of a run answers it."""

    section: str
    number: int
    name: str
    """As in the paper, tables I to IV."""
    measures: tuple[str, ...] = ()
    """Patterns of measures, each of which must have been measured; empty: not measured by a run."""
    sliced: bool = False
    """Measured on a subgroup, not on all."""


CHECKS = (
    Check(section="data", number=1, name="feature expectations are captured in a schema",
          measures=("parity.refusals",)),
    Check(section="data", number=2, name="all features are beneficial",
          measures=("importance",)),
    Check(section="data", number=3, name="no feature's cost is too much"),
    Check(section="data", number=4, name="features adhere to meta-level requirements",
          measures=("audit.leak*",)),
    Check(section="data", number=5, name="the data pipeline has appropriate privacy controls",
          measures=("audit.identifier*",)),
    Check(section="data", number=6, name="new features can be added quickly"),
    Check(section="data", number=7, name="all input feature code is tested",
          measures=("parity.served", "parity.exported")),
    Check(section="model", number=1, name="model specs are reviewed and submitted"),
    Check(section="model", number=2, name="offline and online metrics correlate"),
    Check(section="model", number=3, name="all hyperparameters have been tuned",
          measures=("train.trials*",)),
    Check(section="model", number=4, name="the impact of model staleness is known"),
    Check(section="model", number=5, name="a simpler model is not better",
          measures=("deep_minus_simple.*",)),
    Check(section="model", number=6, name="model quality is sufficient on important data slices",
          measures=("auroc|c_index|rmse",), sliced=True),
    Check(section="model", number=7, name="the model is tested for considerations of inclusion",
          measures=("gap.*|conformal_coverage",), sliced=True),
    Check(section="infrastructure", number=1, name="training is reproducible"),
    Check(section="infrastructure", number=2, name="model specs are unit tested"),
    Check(section="infrastructure", number=3, name="the ML pipeline is integration tested",
          measures=("parity.served_flips", "parity.exported_flips")),
    Check(section="infrastructure", number=4, name="model quality is validated before serving",
          measures=("release.gates",)),
    Check(section="infrastructure", number=5, name="the model is debuggable"),
    Check(section="infrastructure", number=6, name="models are canaried before serving"),
    Check(section="infrastructure", number=7, name="serving models can be rolled back"),
    Check(section="monitoring", number=1, name="dependency changes result in notification"),
    Check(section="monitoring", number=2, name="data invariants hold for inputs",
          measures=("parity.refusals",)),
    Check(section="monitoring", number=3, name="training and serving are not skewed",
          measures=("parity.served_flips", "parity.exported_flips")),
    Check(section="monitoring", number=4, name="models are not too stale"),
    Check(section="monitoring", number=5, name="models are numerically stable",
          measures=("parity.not_finite",)),
    Check(section="monitoring", number=6, name="computing performance has not regressed"),
    Check(section="monitoring", number=7, name="prediction quality has not regressed"),
)  # fmt: skip


def ml_test_score(evidence: Sequence[Evidence], labels: Sequence[str] = ()) -> dict[str, Plain]:
    """Each test with its points and links, the sum of each section, and the score: their minimum.

    >>> ml_test_score([])["score"]
    0
    """
    tests: list[Plain] = []
    sums = dict.fromkeys(SECTIONS, 0)
    for check in CHECKS:
        links = _links(check, evidence, labels)
        sums[check.section] += bool(links)
        tests.append(
            {
                "section": check.section, "number": check.number, "name": check.name,
                "points": int(bool(links)), "evidence": list[Plain](links),
                "why": "measured in this run" if links else "not measured by a run of bedside",
            }
        )  # fmt: skip
    return {
        "source": "Breck et al., The ML Test Score, IEEE Big Data 2017",
        "score": min(sums.values()),
        "sections": dict[str, Plain](sums),
        "of": 7,
        "tests": tests,
    }


def _links(check: Check, evidence: Iterable[Evidence], labels: Sequence[str]) -> list[str]:
    """Ids of evidence for every measure of a check; none where one of them was not measured."""
    links: list[str] = []
    items = [item for item in evidence if not check.sliced or is_subgroup(item.slice, labels)]
    for pattern in check.measures:
        found = [item.id for item in items if item.value is not None and _fits(item, pattern)]
        if not found:
            return []
        links.extend(found[:_LINKS])
    return links


def is_subgroup(slice_name: str, labels: Sequence[str] = ()) -> bool:
    """Whether a slice is of patients by what they are: `sex=F`, not `coverage=0.9`.

    Nor a label of a multi-label question, whose `labels` these are, by itself.

    >>> is_subgroup("sex=F & age=[65, 80)"), is_subgroup("threshold=0.1"), is_subgroup("all")
    (True, False, False)
    """
    part = parted(slice_name, labels)[1]
    return "=" in part and not part.startswith(_NO_SUBGROUPS)


def _fits(item: Evidence, pattern: str) -> bool:
    return any(fnmatchcase(item.measure, part) for part in pattern.split("|"))
