"""Synthesis of a table: bedside's generators on FLChain, by a protocol that peers were put to.

    pip install bedside[examples]
    python bench/synthesis.py [--generators flow trees copula] [--seeds 0 1 2 3 4 5 6 7 8]

7,874 patients in random thirds by the seed: one to learn from, one to judge by, one independent.
Nine columns (age, sex, year, both light chains, their group, creatinine with its gaps, MGUS, and
whether the patient died; neither the cause of death, which gives it away, nor the time). As many
patients are made up as were learnt from.

    columns, pairs    likeness to the judges, 1 is perfect (the `real` row is the floor: independent
                      patients in the place of made-up ones)
    detection         AUROC of boosted trees, made up against the judges, three-fold; 0.5 is chance
    coverage          of the judges, those near whom there is one made up
    use               AUROC on the judges when trained on made-up less that when trained on real
    both              the same, trained on both
    caught            of members, the share found at 1 % false alarms by the density attack
    seconds           processor seconds of the fit, one thread

Peers by the same protocol on the same data (CTGAN 0.12.1 and arfpy 0.1.1, default settings,
snapped to the real grid; measured apart, not by this script): CTGAN detection 0.968, use
-0.075, caught 0.013, 61 s; ARF 0.740, +0.001, 0.014, 7 s; a verbatim copy is caught at 0.617.
The bars for flow: detection at most 0.56, use at least -0.005, caught at most 0.012, 20 s. Exits
with 1 where it misses one. The settings of flow were chosen on this data set: by seeds 0 to 2, the
larger batch by what it did on seeds 3 to 8, the encoding on seed 10. Seeds 20 to 28 chose nothing,
and there flow meets every bar. Of three seeds the share caught is sure to about 0.2 points only (on
0 to 2 flow misses the bars of use and caught), so nine are the default.
"""

# ruff: noqa: E402  # the number of threads is set before numpy is loaded
from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from bedside.adapters.arff import read_arff
from bedside.core.dataset import Field, Schema, Target
from bedside.methods.cases import Cases, joined
from bedside.methods.fidelity.columns import column_likeness
from bedside.methods.fidelity.coverage import coverage
from bedside.methods.fidelity.detection import detection
from bedside.methods.fidelity.pairs import pair_likeness
from bedside.methods.one_thread import one_thread
from bedside.methods.privacy.measured import caught
from bedside.methods.privacy.membership import by_density
from bedside.methods.privacy.people import People
from bedside.modalities.tables.synthesize import fit, form

NUMBERS = ("age", "sample.yr", "kappa", "lambda", "flc.grp", "creatinine")
CATEGORIES = {"sex": ("F", "M"), "mgus": ("no", "yes")}
FIELDS = tuple(Field(name=name) for name in NUMBERS) + tuple(
    Field(name=name, kind="category", categories=names) for name, names in CATEGORIES.items()
)
SCHEMA = Schema(
    fields=FIELDS, target=Target(type="binary", outcome="death", classes=("alive", "dead"))
)
BARS = {"detection": 0.56, "use": -0.005, "caught": 0.012, "seconds": 20.0}
SHOWN = ("columns", "pairs", "detection", "coverage", "use", "both", "caught", "seconds")


def patients() -> Cases:
    """All of FLChain."""
    spec = find_spec("sksurv")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("scikit-survival is needed for its data: pip install bedside[examples]")
    folder = Path(spec.submodule_search_locations[0])
    frame = read_arff(folder / "datasets" / "data" / "flchain.arff", "utf8")
    numbers = [
        frame[name].cast(pl.String).cast(pl.Float64, strict=False).fill_null(float("nan"))
        for name in NUMBERS
    ]
    codes = [
        frame[name]
        .cast(pl.String)
        .replace_strict({word: at + 1 for at, word in enumerate(names)}, default=0)
        for name, names in CATEGORIES.items()
    ]
    nothing = np.full(frame.height, np.nan)
    return Cases(
        arrays={
            "numeric": np.stack([s.to_numpy() for s in numbers], axis=1).astype(np.float32),
            "codes": np.stack([s.to_numpy() for s in codes], axis=1).astype(np.int64),
        },
        subjects=np.arange(frame.height),
        target=(frame["death"].cast(pl.String) == "dead").to_numpy().astype(np.float64),
        duration=nothing, event=nothing,
    )  # fmt: skip


def thirds(cases: Cases, seed: int) -> tuple[Cases, Cases, Cases]:
    """To learn from, to judge by, independent."""
    order = np.random.default_rng(seed).permutation(len(cases))
    size = len(cases) // 3
    first, second, third = (cases.rows(order[at * size : (at + 1) * size]) for at in range(3))
    return first, second, third


def auroc(train: Cases, test: Cases) -> float:
    """Of boosted trees."""

    def matrix(cases: Cases) -> np.ndarray:
        return np.concatenate([cases.arrays["numeric"], cases.arrays["codes"]], axis=1)

    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=20, random_state=0
    )
    model.fit(matrix(train), train.target)
    return float(roc_auc_score(test.target, model.predict_proba(matrix(test))[:, 1]))


def judged(made: Cases, roles: tuple[Cases, Cases, Cases], seed: int) -> dict[str, float]:
    """All measures but the time."""
    learnt, judges, apart = roles
    shape = form(SCHEMA, learnt)
    table, real = (
        shape.mixed(replace(made, subjects=-1 - np.arange(len(made)))),
        shape.mixed(judges),
    )
    people = People(members=shape.mixed(learnt), others=real, reference=shape.mixed(apart))
    base = auroc(learnt, judges)
    return {
        "columns": float(np.mean(list(column_likeness(real, table).values()))),
        "pairs": float(np.mean(list(pair_likeness(real, table).values()))),
        "detection": detection(real, table, seed=0).auroc(seed=0, replicates=2)[0],
        "coverage": coverage(real, table)["coverage"],
        "use": auroc(made, judges) - base, "both": auroc(joined(learnt, made), judges) - base,
        "caught": caught(by_density(people, table), 0.01, seed=seed, replicates=2)[0],
    }  # fmt: skip


def one(name: str, seed: int, cases: Cases) -> dict[str, float]:
    """One generator on one split; `real` and `copy` are floor and ceiling."""
    roles = thirds(cases, seed)
    if name == "real":
        return judged(roles[2], roles, seed) | {"seconds": 0.0, "caught": float("nan")}
    if name == "copy":
        rows = np.random.default_rng(seed + 1).integers(0, len(roles[0]), len(roles[0]))
        return judged(roles[0].rows(rows), roles, seed) | {"seconds": 0.0}
    started = time.process_time()
    generator = fit(name, SCHEMA, roles[0], seed=seed)
    seconds = time.process_time() - started
    made = generator.sample(len(roles[0]), seed=seed + 100)
    return judged(made, roles, seed) | {"seconds": seconds}


def main() -> int:
    """Print a row a generator, the mean over the seeds; 1 where flow misses a bar."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--generators", nargs="+", default=["flow", "trees", "copula"])
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(9)))
    arguments = parser.parse_args()
    cases, missed = patients(), []
    print(f"{'':8}" + "".join(f"{name:>11}" for name in SHOWN), flush=True)
    for name in (*arguments.generators, "real", "copy"):
        with one_thread():
            rows = [one(name, seed, cases) for seed in arguments.seeds]
        mean = {key: float(np.mean([row[key] for row in rows])) for key in SHOWN}
        print(f"{name:8}" + "".join(f"{mean[key]:11.4f}" for key in SHOWN), flush=True)
        each = " ".join(f"{row['detection']:.3f}" for row in rows)
        print(f"{'':8}detection by seed: {each}", flush=True)
        if name == "flow":
            missed = [key for key, bar in BARS.items()
                      if (mean[key] < bar if key == "use" else mean[key] > bar)]  # fmt: skip
    print(f"flow misses: {', '.join(missed)}" if missed else "flow meets every bar")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
