"""What a study says of its images: the section `[images]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bedside.core.dataset import Schema
from bedside.core.spec import Source, build

Mirror = Literal["left-right", "up-down", "front-back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[images]`: where images and masks are in the source, and in what form models see them."""

    image: str = "image"
    """Column of the table that names the file or the folder of a series; in an `.npz` the array;
    in a folder or an archive a pattern such as `images/{patient}.nii.gz`, whose names in braces
    become columns."""
    mask: str = ""
    """Likewise, of the masks; empty: there are none."""
    kind: Literal["picture", "volume"] = "picture"
    size: tuple[int, ...] = ()
    """Rows and columns (slices first, for a volume) that pictures are resized to and volumes are
    cropped or padded to; empty: as they are, all of one size unless masks are learnt."""
    spacing: tuple[float, ...] = ()
    """Millimetres along slices, rows and columns that volumes are resampled to; empty: as they
    are."""
    colour: bool = False
    """Whether models see colour; else it becomes grey."""
    window: tuple[float, float] | None = None
    """Values are clipped to these, in the unit of the image (HU for CT)."""
    expected: str = ""
    """DICOM modality that a file must be of, such as `CT`; empty: any."""
    mirrors: tuple[Mirror, ...] = ()
    """Mirror images that mean the same: used to augment, and to predict from each and average."""
    decimals: Literal["as read", "float32"] = "as read"
    """Form of the numbers: integers stay integers, or everything becomes float32."""


def frozen(schema: Schema) -> Spec:
    """The settings by which a model's images were read."""
    return build(Spec, schema.settings, Source("schema.json"), ("settings",))


def axes_of(kind: str) -> tuple[Mirror, ...]:
    """The patient's names of the spatial axes of an array."""
    return (
        ("up-down", "front-back", "left-right") if kind == "volume" else ("up-down", "left-right")
    )
