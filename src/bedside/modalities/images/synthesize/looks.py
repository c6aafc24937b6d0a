"""Pictures as their judges see them: hand-crafted features and the small picture, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.adapters.raster import write_png
from bedside.core.dataset import Schema
from bedside.core.study import Study
from bedside.methods.cases import Cases
from bedside.methods.image_embedding import ImageEmbedding, image_embedding, small_pictures
from bedside.methods.synthesis.form import Picture
from bedside.methods.synthesis.generator import Where
from bedside.methods.synthesis.mixed import Column, Mixed
from bedside.methods.tabular_inputs import Inputs
from bedside.modalities.images.synthesize.pictures import class_asked
from bedside.modalities.images.synthesize.sheet import sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Fitted to training cases."""

    embedding: ImageEmbedding
    schema: Schema

    @property
    def attacks(self) -> tuple[str, ...]:
        """Those that go by likeness: a picture has no values that could be read off or linked."""
        return ("membership_distance", "membership_density", "near_copies", "few_copies")

    @property
    def told(self) -> tuple[str, ...]:
        """What a person can imagine: how bright, how varied, how much at each scale."""
        few = [name for name in self.embedding.features.names if _plain(name)]
        outcome = self.schema.target
        return (*few, *(outcome.classes if outcome.type == "segmentation" else ("target",)))

    def picture(self, real: Cases, made: Cases, *, seed: int) -> Picture:
        """Rows of real and made-up pictures."""
        return sheet(self.schema, real, made, seed=seed)

    def mixed(self, cases: Cases) -> Mixed:
        """A row a picture: its features, the small picture, and its class where there are any.

        A structure's share of the picture stands for a mask.
        """
        images = cases.arrays["image"]
        looks, small = self.embedding.looks(images), small_pictures(images)
        names = [*self.embedding.features.names, *(f"place {at}" for at in range(small.shape[1]))]
        columns = [Column(name=name) for name in names]
        values = [looks.astype(np.float64), small.astype(np.float64)]
        classes = self.schema.target.classes
        if self.schema.target.type == "segmentation":
            masks = cases.arrays["mask"].reshape(len(cases), -1)
            shares = [(masks == at + 1).mean(axis=1) for at in range(len(classes))]
            columns += [Column(name=name) for name in classes]
            values.append(np.stack(shares, axis=1))
        else:
            columns.append(Column(name="target", kind="category", names=classes))
            values.append(np.nan_to_num(cases.target + 1)[:, None])
        return Mixed(columns=tuple(columns), values=np.concatenate(values, axis=1))

    def matching(self, cases: Cases, where: Where) -> NDArray[np.bool_]:
        """[N] which cases are of the class, or hold the structure, that `where` fixes."""
        asked = class_asked(where, self.schema.target.classes)
        if asked is None:
            return np.ones(len(cases), np.bool_)
        if self.schema.target.type == "segmentation":
            return np.asarray((cases.arrays["mask"] == asked + 1).any(axis=(1, 2)), np.bool_)
        return np.asarray(cases.target == asked, np.bool_)

    def inputs(self, cases: Cases) -> Inputs:
        """The hand-crafted features, as trees take them."""
        numeric = self.embedding.looks(cases.arrays["image"])
        return Inputs(
            numeric=numeric, codes=np.zeros((len(numeric), 0), np.int64), cardinalities=()
        )

    def table(self, cases: Cases, study: Study) -> pl.DataFrame:
        """A row a picture: `image` as the bytes of a PNG (of an `.npy` where values are not of 8
        bits), its mask likewise, or its class in the study's column."""
        arrays, outlines = cases.arrays, self.schema.target.type == "segmentation"
        whole = np.array(arrays["image"].shape[2:])
        extents = arrays["extent"] if outlines else np.tile(whole, (len(cases), 1))
        frames = [(slice(0, int(high)), slice(0, int(wide))) for high, wide in extents]
        columns: dict[str, list[object]] = {
            "image": [
                _file(image[:, rows, wide])
                for image, (rows, wide) in zip(arrays["image"], frames, strict=True)
            ]
        }
        if outlines:
            masks = zip(arrays["mask"], frames, strict=True)
            columns["mask"] = [write_png(mask[rows, wide]) for mask, (rows, wide) in masks]
        else:
            words = (None, *self.schema.target.classes)
            index = np.nan_to_num(cases.target + 1).astype(np.int64)
            columns[study.task.target] = [words[at] for at in index.tolist()]
        return pl.DataFrame(columns)


def _plain(name: str) -> bool:
    return name in ("mean", "deviation", "skewness") or name.startswith(("energy", "edges at"))


def _file(image: NDArray[np.generic]) -> bytes:
    """An image [C, H, W]."""
    if image.dtype == np.uint8:
        return write_png(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))
    held = BytesIO()
    np.save(held, image, allow_pickle=False)
    return held.getvalue()


def looks_of(schema: Schema, cases: Cases) -> Looks:
    """Fitted to the pictures of training cases."""
    return Looks(embedding=image_embedding(cases.arrays["image"]), schema=schema)
