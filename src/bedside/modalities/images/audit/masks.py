"""Masks of training patients: structures that are missing, cut off, off the image, of odd size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset
from bedside.core.evidence import Evidence
from bedside.core.finding import Finding, State
from bedside.methods.audit.separation import Bools, Ints, Reals, patients_in, share
from bedside.methods.audit.training import Training
from bedside.methods.words import count, interval, joined, number, patients
from bedside.modalities.images.audit.looks import Array

OUTLYING = 5.0
"""Robust standard deviations of the logarithm of a volume."""
FEWEST = 20
"""Masks with the structure, from which on a volume can be unusual."""
OFTEN = 0.05
"""Share of images with a structure that its edge cuts, from which on it is a finding."""
NAMED = 5
WHY = (
    "A mask that is empty, cut off or of an unlikely size is often a mistake: of another image, of "
    "another grid, or a label of another number. A network learns such mistakes, and is judged by "
    "them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """N masks of K structures."""

    size: Reals
    """[N, K] elements, or ml where the spacing is known."""
    cut: NDArray[np.bool_]
    """[N, K] touches the edge of its image."""
    outside: Bools
    """[N] there is mask where there is no image, in its padding."""
    flat: Bools
    """[N] all the mask lies on one value of the image."""
    unit: str


def mask_findings(dataset: Dataset, training: Training) -> list[Finding]:
    """Kind masks, of training patients; nothing where there are no masks."""
    if not (dataset.folder / "mask.npy").is_file():
        return []
    if training.labelled:
        seen = _seen(dataset, training.rows, 1)
        return [*_agreement(seen, training), _odd(seen, 0, "the mask", training),
                _over_nothing(seen, training)]  # fmt: skip
    structures = dataset.schema.target.classes
    seen = _seen(dataset, training.rows, len(structures))
    return [
        _empty(seen, training),
        *(_missing(seen, k, name, training) for k, name in enumerate(structures)),
        *(_odd(seen, k, name, training) for k, name in enumerate(structures)),
        _over_nothing(seen, training),
    ]


def _seen(dataset: Dataset, rows: Ints, structures: int) -> Seen:
    """One image after the other, so that no more than one is in memory.

    With one structure, whatever is not background is it.
    """
    masks, images = dataset.array("mask"), dataset.array("image")
    ends = _optional(dataset, "extent", rows, masks.shape[1:])
    size, cut = np.zeros((len(rows), structures)), np.zeros((len(rows), structures), bool)
    outside, flat = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for at, (row, end) in enumerate(zip(rows.tolist(), ends.astype(int).tolist(), strict=True)):
        whole = np.asarray(masks[row])
        whole = (whole > 0).astype(np.uint8) if structures == 1 else whole
        inner = whole[tuple(slice(None, int(length)) for length in end)]
        outside[at] = np.count_nonzero(whole) > np.count_nonzero(inner)
        size[at] = np.bincount(inner.reshape(-1), minlength=structures + 1)[1 : structures + 1]
        cut[at] = np.isin(np.arange(1, structures + 1), _edge(inner))
        under = np.asarray(images[row]).mean(axis=0)[whole > 0]
        flat[at] = under.size > 1 and bool((under == under[0]).all())
    spacing = _optional(dataset, "spacing", rows, (np.nan,) * (masks.ndim - 1))
    known = bool(np.isfinite(spacing).all()) and masks.ndim == 4
    scale = spacing.prod(axis=1, keepdims=True) / 1000 if known else 1.0
    unit = "ml" if known else ("voxels" if masks.ndim == 4 else "pixels")
    return Seen(size=size * scale, cut=cut, outside=outside, flat=flat, unit=unit)


def _optional(dataset: Dataset, name: str, rows: Ints, default: Sequence[float]) -> Reals:
    if (dataset.folder / f"{name}.npy").is_file():
        return np.asarray(dataset.array(name)[rows], np.float64)
    return np.tile(np.asarray(default, np.float64), (len(rows), 1))


def _edge(mask: Array) -> NDArray[np.generic]:
    """The values on the faces of a mask; an axis of one or two has no faces."""
    faces = [
        np.take(mask, place, axis).reshape(-1)
        for axis in range(mask.ndim) if mask.shape[axis] > 2
        for place in (0, -1)
    ]  # fmt: skip
    return np.unique(np.concatenate(faces)) if faces else np.zeros(0, mask.dtype)


def _finding(
    state: State, sentence: str, rows: Bools, training: Training, *, slice_: str, short: str = ""
) -> Finding:
    """With the share of patients of whom a mask is in `rows`, and where to look."""
    people, size = patients_in(training.subject[rows]), training.size
    low, high = share(people, size)
    evidence = Evidence(
        measure="audit.masks", value=people / max(size, 1), low=low, high=high, subjects=size,
        unit="share", slice=slice_, stage="audit", data=training.data,
    )  # fmt: skip
    named = ", ".join(str(row) for row in training.rows[rows][:NAMED].tolist())
    return Finding(
        kind="masks", state=state, sentence=f"{sentence}{training.sampled}.", why=WHY, short=short,
        severity=people / max(size, 1), evidence=(evidence,),
        look=f"Look at them beside their images (rows of samples.parquet): {named}."
        if state == "found" else "",
    )  # fmt: skip


def _agreement(seen: Seen, training: Training) -> list[Finding]:
    """Where samples have a label and a mask: is the one there where the other is?"""
    if training.task != "binary":
        return []
    has, ill = seen.size[:, 0] > 0, training.outcome == 1
    lacking, extra = ill & ~has, (training.outcome == 0) & has
    text = (
        f"{count(lacking.sum())} of {count(ill.sum())} images with the outcome have an empty mask, "
        f"and {count(extra.sum())} of {count((training.outcome == 0).sum())} without it have one"
    )
    state: State = "found" if lacking.any() or extra.any() else "clear"
    short = "masks and labels disagree"
    return [_finding(state, text, lacking | extra, training, slice_="and labels", short=short)]


def _empty(seen: Seen, training: Training) -> Finding:
    empty: Bools = np.asarray(~(seen.size > 0).any(axis=1), bool)
    text = f"{_masks(empty)} empty, of {_people(empty, training)}" if empty.any() else (
        f"None of {count(len(empty))} masks is empty"
    )  # fmt: skip
    state: State = "found" if empty.any() else "clear"
    return _finding(state, text, empty, training, slice_="empty", short="empty masks")


def _missing(seen: Seen, k: int, name: str, training: Training) -> Finding:
    """How many have the structure, in what size; found where few lack it, or its edge is cut."""
    has = seen.size[:, k] > 0
    cut = seen.cut[:, k]
    lacking = ~has & (seen.size > 0).any(axis=1)
    odd = cut if cut.sum() > OFTEN * max(has.sum(), 1) else np.zeros(len(cut), bool)
    few = lacking if 0 < lacking.sum() <= OFTEN * len(lacking) else np.zeros(len(lacking), bool)
    low, middle, high = (
        np.quantile(seen.size[has, k], [0.05, 0.5, 0.95]) if has.any() else (0.0, 0.0, 0.0)
    )
    text = (
        f"'{name}' is in {count(has.sum())} of {count(len(has))} masks, of {number(middle)} "
        f"{seen.unit} (90 % within {number(low)} to {number(high)})"
    )
    if few.any():
        text += f", and is missing where nearly all have it, in {count(few.sum())}"
    if odd.any():
        text += f"; the edge of the image cuts it in {count(odd.sum())}"
    found = few.any() or odd.any() or not has.any()
    state: State = "found" if found else "clear"
    shown = few | odd if (few.any() or odd.any()) else ~has
    return _finding(state, text, shown, training, slice_=name, short=f"'{name}' missing or cut")


def _odd(seen: Seen, k: int, name: str, training: Training) -> Finding:
    has = seen.size[:, k] > 0
    odd = outlying(seen.size[:, k])
    slice_ = f"{name} & size"
    if has.sum() < FEWEST:
        text = f"Whether a size of '{name}' is unusual cannot be said of {count(has.sum())} masks"
        return _finding("unknown", text, odd, training, slice_=slice_)
    if not odd.any():
        text = f"No mask has an unusual size of '{name}'"
        return _finding("clear", text, odd, training, slice_=slice_)
    text = (
        f"The size of '{name}' is unusual in {_named(odd)}, of {_people(odd, training)}: "
        f"{joined([f'{number(size)} {seen.unit}' for size in np.sort(seen.size[odd, k])[:NAMED]])}"
    )
    short = f"'{name}' of unusual size in {count(odd.sum())}"
    return _finding("found", text, odd, training, slice_=slice_, short=short)


def outlying(size: Reals) -> Bools:
    """[N] sizes above 0 whose logarithm is far from the median of the others, in units of the MAD.

    >>> outlying(np.array([*np.linspace(9, 11, 30), 100.0])).nonzero()[0].tolist()
    [30]
    """
    has = size > 0
    found = np.zeros(len(size), bool)
    if has.sum() < FEWEST:
        return found
    logs = np.log(size[has])
    middle = np.median(logs)
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), 0.02)
    found[has] = np.abs(logs - middle) > OUTLYING * spread
    return found


def _over_nothing(seen: Seen, training: Training) -> Finding:
    wrong = seen.outside | seen.flat
    if not wrong.any():
        text = "Every mask lies on its image"
        return _finding("clear", text, wrong, training, slice_="over nothing")
    part = interval(wrong.mean(), *share(int(wrong.sum()), len(wrong)), "share")
    text = (
        f"{_masks(wrong)} where the image has nothing (one value only, or padding): {part} of "
        f"masks, of {_people(wrong, training)}"
    )
    return _finding("found", text, wrong, training, slice_="over nothing", short="masks off images")


def _masks(rows: Bools) -> str:
    return f"{_named(rows)} {'is' if rows.sum() == 1 else 'are'}"


def _named(rows: Bools) -> str:
    return f"{count(rows.sum())} mask{'' if rows.sum() == 1 else 's'}"


def _people(rows: Bools, training: Training) -> str:
    return patients(patients_in(training.subject[rows]))
