"""The race for images: who enters, how each is tuned and trained, and cases at the edge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.study import TaskType
from bedside.methods.entrant import Arrays, Entrant, Learned, Lesson
from bedside.methods.simple_models import LINEAR_OF_TASK, simple_entrants
from bedside.modalities.images.settings import frozen
from bedside.modalities.images.train_deep import learn_deep
from bedside.modalities.images.train_masks import learn_unet
from bedside.modalities.images.train_networks import LARGE, RESNETS
from bedside.modalities.images.train_simple import learn_simple
from bedside.modalities.images.train_voxels import learn_voxels

_ON_FEATURES = " on hand-crafted features of the image"
_ALL = (
    *simple_entrants(linear="Regularised {}" + _ON_FEATURES, trees="{}" + _ON_FEATURES),
    Entrant(name="voxel_trees", family="simple", year=2017,
            source="Gradient-boosted trees that see each place and its surroundings "
            "(Arganda-Carreras et al., Bioinformatics 2017)"),
    Entrant(name="unet", family="deep", year=2015,
            source="The mean of two U-Nets (Ronneberger et al., MICCAI 2015; "
            "Cicek et al., MICCAI 2016; Lakshminarayanan et al., NeurIPS 2017)"),
    Entrant(name="convnet", family="deep", year=2016,
            source="Small residual convolutional network (He et al., CVPR 2016)"),
    Entrant(name=LARGE, family="deep", year=2016,
            source="Residual convolutional network, larger for pretraining (He et al., CVPR 2016)"),
    *(
        Entrant(name=name, family="deep", year=2016,
                source=f"ResNet-{layers} as published (He et al., CVPR 2016)")
        for name, layers in RESNETS.items()
    ),
)  # fmt: skip
MODELS: Mapping[str, Entrant] = {entrant.name: entrant for entrant in _ALL}
"""All models of images by name."""
_EDGE = 32
"""Side of an image at the edge where the schema leaves the size open."""


def entrants(task: TaskType) -> tuple[Entrant, ...]:
    """Models that race unasked, the one that takes longest first; others race where a pretraining
    brings them in."""
    if task == "segmentation":
        return (MODELS["unet"], MODELS["voxel_trees"])
    return tuple(MODELS[name] for name in ("convnet", "trees", LINEAR_OF_TASK[task], "prevalence"))


def arrays(dataset: Dataset, schema: Schema, rows: NDArray[np.int64]) -> Arrays:
    """`image` [N, C, *spatial] of some rows; to outline, also `extent` and `spacing`."""
    names = ("image", "extent", "spacing") if schema.target.type == "segmentation" else ("image",)
    return {name: dataset.array(name)[rows] for name in names}


def learn(name: str, lesson: Lesson) -> Learned:
    """Tune and train one model; with `lesson.fixed`, train it once as that says."""
    if name == "unet":
        return learn_unet(lesson)
    if name == "voxel_trees":
        return learn_voxels(lesson)
    if MODELS[name].family == "deep":
        return learn_deep(name, lesson)
    return learn_simple(name, lesson)


def edge_cases(schema: Schema) -> tuple[list[str], Arrays]:
    """Images at the edge of what is possible: without contrast, at the ends, of noise alone."""
    field = schema.fields[0]
    shape = (field.shape[0], *(n or _EDGE for n in field.shape[1:]))
    low, high = {"uint8": (0, 255), "int16": (-(2**15), 2**15 - 1)}.get(field.dtype, (-1e6, 1e6))
    noise = np.random.Generator(np.random.Philox(key=11)).uniform(low, high, shape)
    chess = np.where(np.indices(shape).sum(axis=0) % 2, high, low)
    dot = np.full(shape, low)
    dot.reshape(shape[0], -1)[:, dot[0].size // 2] = high
    cases = {
        "all as low as can be": np.full(shape, low), "all as high as can be": np.full(shape, high),
        "all zero": np.zeros(shape), "noise": noise, "a chessboard": chess, "a single dot": dot,
    }  # fmt: skip
    images = np.stack([np.rint(values).astype(field.dtype) for values in cases.values()])
    if schema.target.type != "segmentation":
        return list(cases), {"image": images}
    whole = np.array([shape[1:]] * len(images))
    # As the study resamples to, so that no reader of such a file resamples it again.
    steps = np.asarray(frozen(schema).spacing or np.ones(len(shape) - 1), np.float32)
    spacing = np.tile(steps, (len(images), 1))
    return list(cases), {"image": images, "extent": whole.astype(np.int32), "spacing": spacing}
