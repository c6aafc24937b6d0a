"""Made-up pictures of malaria cells: how like real ones, of what use, and what they give away.

    BEDSIDE_DATA=DATA python bench/image_synthesis.py [--seconds 150] [--count 1000] [--folder OUT]

A flow learns from three quarters of the patients; all else is measured on the others. A verbatim
copy of training pictures is the ceiling of each attack, real pictures of other patients the floor.
Likeness is told beside that of real training pictures. With `--folder`, a killed training goes on,
and the sheet of real and made-up pictures is left there.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bedside.core.dataset import Field, Schema, Target
from bedside.core.spec import plain
from bedside.methods.cases import Cases, joined
from bedside.methods.evaluation.truth import Truth
from bedside.methods.fidelity.coverage import coverage
from bedside.methods.fidelity.detection import detection
from bedside.methods.fidelity.utility import Exam, utility
from bedside.methods.one_thread import one_thread
from bedside.methods.privacy.copies import CHANCE_FEW, near_copies
from bedside.methods.privacy.measured import caught, excess, shares, told_apart
from bedside.methods.privacy.membership import by_density, by_distance
from bedside.methods.privacy.people import People
from bedside.methods.synthesis.mixed import Mixed
from bedside.modalities.images.settings import Spec
from bedside.modalities.images.synthesize import fit_pictures, settings_for
from bedside.modalities.images.synthesize.looks import Looks, looks_of
from bedside.modalities.images.synthesize.sheet import sheet

CLASSES = ("none", "parasite")
MEMBERS = 4000
"""Training pictures that are attacked."""


def malaria() -> tuple[Schema, Cases, Cases]:
    """The schema, cells of three quarters of the patients, and cells of the others."""
    path = Path(os.environ["BEDSIDE_DATA"]) / "malaria_dev.npz"
    with np.load(path, allow_pickle=False) as held:
        images, label, patient = held["images"][:, None], held["label"], held["patient"]
    _, subjects = np.unique(patient, return_inverse=True)
    order = np.random.default_rng(0).permutation(subjects.max() + 1)
    apart = np.isin(subjects, order[: len(order) // 4])
    nothing = np.full(len(label), np.nan)
    cases = Cases(arrays={"image": images}, subjects=subjects, target=label.astype(np.float64),
                  duration=nothing, event=nothing)  # fmt: skip
    settings = plain(Spec(image="images", mirrors=("left-right", "up-down")))
    schema = Schema(
        fields=(Field(name="image", modality="images", kind="image", axes=("C", "H", "W"),
                      shape=images.shape[1:], dtype="uint8"),),
        target=Target(type="binary", outcome="a parasite in the cell", classes=CLASSES),
        settings=settings if isinstance(settings, dict) else {},
    )  # fmt: skip
    return schema, cases.rows(~apart), cases.rows(apart)


def some(cases: Cases, count: int, *, seed: int = 1) -> Cases:
    """`count` cases, as many of each class."""
    rng = np.random.default_rng(seed)
    kinds = [rng.permutation(np.flatnonzero(cases.target == kind)) for kind in (0, 1)]
    return cases.rows(np.sort(np.concatenate([kind[: count // 2] for kind in kinds])))


def mixed_of(looks: Looks, cases: Cases) -> Mixed:
    """As judges see them, with whose each picture is: intervals are by patient."""
    return replace(looks.mixed(cases), subjects=cases.subjects)


def likeness(looks: Looks, made: Cases, learnt: Cases, other: Cases) -> None:
    """Detection and coverage by class, beside real training pictures in the made-up ones' place."""
    for kind, name in enumerate(CLASSES):
        real = mixed_of(looks, other.rows(other.target == kind))
        for what, cases in (("made up", made), ("real", some(learnt, len(made)))):
            there = mixed_of(looks, cases.rows(cases.target == kind))
            size = min(len(real), len(there))
            here = real.rows(np.random.default_rng(2).permutation(len(real))[:size])
            auroc = detection(here, there, seed=0).auroc(seed=0)
            seen = coverage(here, there)
            print(f"{name:8} {what:8} {size} against as many of other patients: detection "
                  f"{_said(auroc)}, coverage {seen['coverage']:.3f}, precision "
                  f"{seen['precision']:.3f}", flush=True)  # fmt: skip


def use(looks: Looks, made: Cases, learnt: Cases, other: Cases, target: Target) -> None:
    """Trees on features: learnt from real, made-up and both, judged on other patients."""
    truth = Truth(task="binary", subjects=other.subjects, target=other.target,
                  counts=np.ones(len(other)))  # fmt: skip
    exam = Exam(cases=other, truth=truth, target=target, edges=None, inputs=looks.inputs)
    for real in (some(learnt, len(made)), learnt):
        found = utility(real, made, exam, seed=0)
        print(f"trees on {len(real)} real {_said(found.real)}, on {len(made)} made up "
              f"{_said(found.synthetic)}, made up less real {_said(found.synthetic_minus_real)}, "
              f"both less real {_said(found.both_minus_real)}; {found.subjects} patients",
              flush=True)  # fmt: skip


def attacks(looks: Looks, made: Cases, learnt: Cases, other: Cases) -> None:
    """Near copies and membership, of made-up pictures, of a verbatim copy, of other real ones."""
    patients = np.unique(other.subjects)
    parts = [np.isin(other.subjects, patients[at::3]) for at in range(3)]
    others, known, independent = (other.rows(part) for part in parts)
    whole = mixed_of(looks, learnt)
    rng = np.random.default_rng(3)
    rows = rng.permutation(len(learnt))
    people = People(
        members=whole.rows(rows[:MEMBERS]), others=mixed_of(looks, others),
        reference=mixed_of(looks, known),
    )  # fmt: skip
    everyone = replace(people, members=whole)
    floor = independent.rows(rng.permutation(len(independent))[: len(made)])
    planted = joined(
        learnt.rows(rows[: len(made) // 20]), made.rows(np.arange(len(made) // 20, len(made)))
    )
    for what, cases in (
        ("made up", made), ("made up, 5 % verbatim", planted),
        ("verbatim copy", learnt.rows(rows[: len(made)])), ("real, other patients", floor),
    ):  # fmt: skip
        released = mixed_of(looks, cases)
        close = near_copies(everyone, released)
        near, chance = shares(close)
        print(f"{what}: near copies {near:.3f} where others have "
              f"{chance:.3f} (excess {_said(excess(close, seed=0))})")  # fmt: skip
        few = near_copies(everyone, released, CHANCE_FEW)
        print(f"    closer than one other in {1 / CHANCE_FEW:.0f}: {shares(few)[0]:.3f} "
              f"(excess {_said(excess(few, seed=0))})")  # fmt: skip
        for attack in (by_distance, by_density):
            found = attack(people, released)
            print(f"    {found.name}: AUROC {told_apart(found):.3f}, at 1 % false alarms "
                  f"{_said(caught(found, 0.01, seed=0))}", flush=True)  # fmt: skip


def _said(interval: tuple[float, float, float]) -> str:
    value, low, high = interval
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Train, make up, measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    schema, learnt, other = malaria()
    settings = replace(settings_for(learnt), seconds=asked.seconds)
    with one_thread(), TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        generator = fit_pictures(schema, learnt, settings, seed=0, folder=folder)
        started = time.process_time()
        half = asked.count // 2
        made = joined(
            *(generator.sample(half, seed=kind, where={"target": kind}) for kind in (0, 1))
        )
        print(
            f"{len(learnt)} pictures learnt, {len(other)} of other patients; {asked.seconds:.0f} s "
            f"of training, {len(made)} made up in {time.process_time() - started:.0f} s",
            flush=True,
        )
        (folder / "sheet.png").write_bytes(sheet(schema, learnt, made, seed=0)[0])
        looks = looks_of(schema, learnt)
        use(looks, made, learnt, other, schema.target)
        likeness(looks, made, learnt, other)
        attacks(looks, made, learnt, other)


if __name__ == "__main__":
    main()
