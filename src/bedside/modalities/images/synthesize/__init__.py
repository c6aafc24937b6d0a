"""Synthesis of pictures: of a class, or under a mask. See docs/synthesis.md.

A class is drawn as often as training patients have it; a mask is one of a training patient, turned,
scaled, shifted and bent, so that it stays a mask. What is made has the size, the channels and the
grid of values of the pictures that were learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import DataError, StudyError
from bedside.core.spec import nearest
from bedside.methods.cases import Cases
from bedside.methods.entrant import Arrays
from bedside.methods.networks.images.velocity import VelocitySettings
from bedside.methods.synthesis.flow_training import fit_flow
from bedside.methods.synthesis.generator import Generator
from bedside.methods.synthesis.image_flow import UNTOLD, FlowSettings, Pictures
from bedside.methods.synthesis.promise import Private, Promise
from bedside.modalities.images.settings import axes_of, frozen
from bedside.modalities.images.synthesize.looks import Looks, looks_of
from bedside.modalities.images.synthesize.masks import drawable, labelled
from bedside.modalities.images.synthesize.pictures import ByClass, UnderMasks
from bedside.modalities.images.train import arrays as inputs_of

__all__ = ["GENERATORS", "arrays", "fit", "fit_pictures", "fit_private", "form", "settings_for"]

GENERATORS = ("flow", "preview")
PREVIEW = 20.0
"""Seconds of processor time for a first look."""
LARGEST = {"cpu": 64, "cuda": 256}
"""Longest side of a picture that is learnt on such a device in reasonable time."""
_CLASSES = ("binary", "multiclass")


def arrays(dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
    """Inputs of some rows as models take them; of a segmentation also `mask` [N, H, W]."""
    inputs = inputs_of(dataset, schema, rows)
    if schema.target.type != "segmentation":
        return inputs
    return {**inputs, "mask": dataset.array("mask")[rows]}


def form(schema: Schema, cases: Cases) -> Looks:
    """How cases with this schema, of which these are some, look to their judges."""
    require_pictures(schema, cases)
    return looks_of(schema, cases)


def fit(
    name: str, schema: Schema, cases: Cases, *, seed: int, rules: Sequence[str] = (),
    folder: Path | None = None,
) -> Generator:  # fmt: skip
    """A generator of that name (flow, or preview, which learns less), fitted to training cases.

    StudyError for an unknown name, for rules, and for a task without classes or masks; DataError
    for volumes, pictures that are too large for the device, and pictures that teach nothing.
    """
    if name not in GENERATORS:
        raise StudyError("[synthesize] generator", expected="a known generator of images",
                         found=f"'{name}'", hint=nearest(name, GENERATORS))  # fmt: skip
    if rules:
        raise StudyError("[synthesize] rules", expected="none, for images", found=f"{len(rules)}",
                         hint="rules are about columns of a table")  # fmt: skip
    require_pictures(schema, cases)
    settings = settings_for(cases)
    if name == "preview":
        settings = replace(settings, seconds=PREVIEW, turns=6)
    return fit_pictures(schema, cases, settings, seed=seed, folder=folder)


def fit_private(
    schema: Schema, cases: Cases, promise: Promise, *, rules: Sequence[str] = ()
) -> Private:
    """StudyError: no generator of images here keeps a privacy promise."""
    raise StudyError(
        "[synthesize] epsilon", expected="none, for images",
        found=f"one, with {len(promise.codebook)} public columns and {len(rules)} rules for "
        f"{len(cases)} pictures of '{schema.target.outcome}'",
        hint="a promise can be kept for tables; images are judged by attacks alone",
    )  # fmt: skip


def fit_pictures(
    schema: Schema, cases: Cases, settings: FlowSettings, *, seed: int, folder: Path | None = None
) -> Generator:
    """As `fit`, with settings; `folder` keeps checkpoints."""
    task = schema.target.type
    if task == "segmentation":
        return _under_masks(schema, cases, settings, seed=seed, folder=folder)
    if task not in _CLASSES:
        raise StudyError(
            "synthesis of images", expected="a task with classes, or with masks",
            found=f"a {task}", hint="a picture is made of a class or under a mask",
        )  # fmt: skip
    known = np.isfinite(cases.target)
    kinds = np.where(known, np.nan_to_num(cases.target), UNTOLD).astype(np.int64)
    classes = len(schema.target.classes)
    if not known.any() or kinds.max() >= classes:
        raise DataError(
            "synthesis of images", expected=f"classes 0 to {classes - 1} of training cases",
            found="others, or none that is known",
        )  # fmt: skip
    pictures = Pictures(
        images=cases.arrays["image"], kinds=kinds, classes=classes, mirror=_mirror(schema)
    )
    flow = fit_flow(pictures, settings, seed=seed, folder=folder)
    counts = np.bincount(kinds[known], minlength=classes)
    return ByClass(flow=flow, target=schema.target, shares=tuple(counts / counts.sum()))


def settings_for(cases: Cases) -> FlowSettings:
    """By the pictures' size and what there is to train on: larger ones enter by larger blocks."""
    side = max(cases.arrays["image"].shape[2:])
    fold = 1 if side <= 24 else 2 if side <= 64 else 4 if side <= 128 else 8
    if torch.cuda.is_available():
        network = VelocitySettings(widths=(96, 192, 256), blocks=2, fold=fold)
        return FlowSettings(network=network, batch=128, rate=1e-3, average=0.9995)
    return FlowSettings(network=VelocitySettings(fold=fold))


def require_pictures(schema: Schema, cases: Cases) -> None:
    """DataError for volumes, and for pictures that are too large for the device."""
    shape = cases.arrays["image"].shape
    if len(shape) != 4 or frozen(schema).kind == "volume":
        raise DataError(
            "synthesis of images", expected="pictures [N, C, H, W]", found="volumes",
            hint="volumes are not made up yet; leave [synthesize] out",
        )  # fmt: skip
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if max(shape[2:]) > LARGEST[device]:
        hint = f"set size = [{LARGEST[device]}, {LARGEST[device]}] in [images]"
        raise DataError(
            "synthesis of images", expected=f"pictures of at most {LARGEST[device]} rows and "
            "columns " + ("on a processor" if device == "cpu" else "on a graphics card"),
            found=f"{shape[2]} x {shape[3]}",
            hint=hint if device == "cuda" else f"{hint}, or train on a graphics card (up to 256)",
        )  # fmt: skip


def _under_masks(
    schema: Schema, cases: Cases, settings: FlowSettings, *, seed: int, folder: Path | None
) -> UnderMasks:
    known = cases.rows(np.isfinite(cases.target))
    source = drawable(known, schema)
    labels, marks = labelled(source.masks, source.extents, len(schema.target.classes))
    pictures = Pictures(
        images=known.arrays["image"], kinds=np.full(len(known), UNTOLD), classes=0, labels=labels,
        marks=marks, mirror=_mirror(schema),
    )  # fmt: skip
    flow = fit_flow(pictures, settings, seed=seed, folder=folder)
    return UnderMasks(flow=flow, target=schema.target, source=source)


def _mirror(schema: Schema) -> tuple[int, ...]:
    settings = frozen(schema)
    return tuple(at for at, name in enumerate(axes_of(settings.kind)) if name in settings.mirrors)
