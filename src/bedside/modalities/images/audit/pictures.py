"""Images without content, and images with writing in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.methods.audit.separation import Bools, Ints, patients_in, share
from bedside.methods.audit.training import evenly
from bedside.methods.burned_in import text_boxes
from bedside.methods.words import count, interval, patients
from bedside.modalities.images.audit.looks import Array

MOST, MOST_PIXELS = 300, 1 << 23
"""Images that are searched for writing, and pixels in them."""
SMALLEST = 64
"""Pixels of the shorter side below which no writing can be read."""
NAMED = 5
WHY_BLANK = "An image without content teaches nothing, and its label cannot be right for a reason."
WHY_WRITING = (
    "Writing in the pixels may name the patient. It may also mark the device, the side or the "
    "ward, and a model can read that instead of the image."
)


def blank_rows(images: Array, suspects: Ints) -> Ints:
    """Rows of images that have one value in all their pixels, of those suspected."""
    blank = [row for row in suspects.tolist() if _one_value(np.asarray(images[row]))]
    return np.asarray(blank, np.int64)


def _one_value(image: Array) -> bool:
    values = image.reshape(-1)
    return bool((values == values[0]).all() or (np.isnan(values.astype(np.float64)).all()))


def blank_finding(blank: Ints, subject: Ints, data: str) -> Finding:
    """Kind blank."""
    people, size = patients_in(subject[blank]), patients_in(subject)
    low, high = share(people, size)
    evidence = Evidence(
        measure="audit.blank", value=people / max(size, 1), low=low, high=high, subjects=size,
        unit="share", stage="audit", data=data,
    )  # fmt: skip
    images = f"{count(len(blank))} image{' has' if len(blank) == 1 else 's have'}"
    return Finding(
        kind="blank", state="found" if len(blank) else "clear", why=WHY_BLANK,
        sentence=f"{images} the same value in every pixel, of {patients(people)}." if len(blank)
        else "No image has the same value in every pixel.",
        short=f"{images} no content", severity=len(blank), evidence=(evidence,),
        look=f"Look at them, and leave them out of the source (rows of samples.parquet): "
        f"{_rows(blank)}." if len(blank) else "",
    )  # fmt: skip


def _rows(rows: Ints) -> str:
    more = f" and {count(len(rows) - NAMED)} more" if len(rows) > NAMED else ""
    return ", ".join(str(row) for row in rows[:NAMED].tolist()) + more


def writing_finding(images: Array, subject: Ints, data: str) -> Finding:
    """Kind burned_in, in at most `MOST` images of all splits; of volumes, two slices each."""
    shape = images.shape[-2:]
    if min(shape) < SMALLEST:
        text = f"Images of {shape[0]} x {shape[1]} pixels are too small for writing to be read."
        return Finding(kind="burned_in", state="clear", sentence=text, why=WHY_WRITING)
    frames = MOST_PIXELS // (shape[0] * shape[1] * (2 if images.ndim == 5 else 1))
    rows = np.arange(len(images))[evenly(len(images), max(1, min(MOST, frames)))]
    written: Bools = np.array([
        any(text_boxes(frame) for frame in _frames(np.asarray(images[row]))) for row in rows
    ], bool)  # fmt: skip
    return _writing(rows, written, subject, data)


def _frames(image: Array) -> Iterator[Array]:
    """[H, W] or [H, W, 3] frames of [C, H, W], or the first and middle one of [C, D, H, W]."""
    depths = sorted({0, image.shape[1] // 2}) if image.ndim == 4 else [None]
    for depth in depths:
        frame = image if depth is None else image[:, depth]
        yield frame[0] if len(frame) == 1 else np.moveaxis(frame, 0, -1)


def _writing(rows: Ints, written: Bools, subject: Ints, data: str) -> Finding:
    people, size = patients_in(subject[rows[written]]), patients_in(subject[rows])
    low, high = share(people, size)
    evidence = Evidence(
        measure="audit.burned_in", value=people / max(size, 1), low=low, high=high, subjects=size,
        unit="share", stage="audit", data=data,
    )  # fmt: skip
    number = int(written.sum())
    part = interval(people / max(size, 1), low, high, "share")
    looked = f"{count(len(rows))} images that were looked at"
    return Finding(
        kind="burned_in", state="found" if number else "clear", why=WHY_WRITING,
        sentence=f"Something that looks like writing is in {count(number)} of {looked}, of "
        f"{patients(people)} ({part})." if number
        else f"Nothing looks like writing in {looked}, of {patients(size)}.",
        short=f"writing in {count(number)} images", severity=number, evidence=(evidence,),
        look="Look at them (rows of samples.parquet): "
        f"{_rows(rows[written])}. If it is writing, cover it in the source." if number else "",
    )  # fmt: skip
