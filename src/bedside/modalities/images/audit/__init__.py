"""What the audit asks of images: near copies, shortcuts, facts, writing, blanks and masks.

looks       thumbnails, by which near copies are found
statistics  numbers of the border, the corners, the light: probes
facts       how the images were acquired, from prepare's facts.parquet
pictures    images without content, and writing in the pixels
masks       what is odd in the masks of training patients
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from bedside.core.dataset import SPLITS, Dataset
from bedside.core.finding import Finding
from bedside.core.spec import Plain
from bedside.methods.audit.by_label import by_label
from bedside.methods.audit.duplicates import Fingerprints
from bedside.methods.audit.identity_probes import seen_identity_finding
from bedside.methods.audit.near_duplicates import near_copies, near_finding
from bedside.methods.audit.probes import Probe, acquisition_finding, shortcut_probes
from bedside.methods.audit.training import Column, Ints, Training, patient_codes
from bedside.modalities.images.audit.facts import (
    facts_of,
    groupings,
    identifying_findings,
    probes_of,
)
from bedside.modalities.images.audit.looks import Array, looks_of
from bedside.modalities.images.audit.masks import mask_findings
from bedside.modalities.images.audit.pictures import blank_finding, blank_rows, writing_finding
from bedside.modalities.images.audit.statistics import HARMLESS, NAMES, columns_of
from bedside.modalities.images.fingerprints import pixel_hashes

NOUN = "image"


def columns(dataset: Dataset, rows: Ints) -> Iterator[Column]:
    """Numbers that describe the images of some rows; none can be dropped."""
    yield from columns_of(dataset.array("image"), rows)


def fingerprints(dataset: Dataset) -> Fingerprints:
    """A hash of all pixels of each image; images of one value are alike and say nothing."""
    whole, known = pixel_hashes(dataset.array("image"))
    return Fingerprints(whole=whole, fields={}, known=known.astype(np.float32), noun=NOUN)


def checks(
    dataset: Dataset,
    columns: Sequence[Column], training: Training,
    source: Plain,  # noqa: ARG001  # what the stage gives to every modality
) -> list[Finding]:  # fmt: skip
    """Near copies, probes of what should not matter, facts, writing, blank images, masks."""
    facts = facts_of(dataset, training.rows)
    parts = _probes(columns)
    told = [*parts, *probes_of(facts)]
    subject = patient_codes(dataset.samples["subject"])
    data = f"all@{dataset.digest[:8]}"
    return [
        *_copies(dataset, subject, data),
        *identifying_findings(facts, training),
        writing_finding(dataset.array("image"), subject, data),
        *by_label(training, lambda one: _there(seen_identity_finding(parts, one, NOUN))),
        *by_label(training, lambda one: _there(acquisition_finding(told, one, NOUN))),
        *shortcut_probes(parts, groupings(dataset, facts, training), training, NOUN),
        *mask_findings(dataset, training),
    ]


def _there(finding: Finding | None) -> list[Finding]:
    return [] if finding is None else [finding]


def _probes(columns: Sequence[Column]) -> list[Probe]:
    return [
        Probe(
            name=name, slice=part, harmless=part in HARMLESS,
            values=np.stack([column.values for column in columns if column.part == part], axis=1),
        )
        for part, name in NAMES.items()
    ]  # fmt: skip


def _copies(dataset: Dataset, subject: Ints, data: str) -> list[Finding]:
    """Near copies over the splits, and images without content, which are no copies."""
    images = dataset.array("image")
    order = {name: at for at, name in enumerate(SPLITS)}
    split = dataset.samples["split"].replace_strict(order, return_dtype=pl.Int64).to_numpy()
    tested = np.flatnonzero(split > 0)
    looks = looks_of(images, tested)
    empty = np.flatnonzero((looks.plain == 0).all(axis=1))
    near = near_copies(looks, split)
    pairs = near.pairs if near is not None else np.zeros((0, 2), np.int64)
    other = [pair for pair in pairs.tolist() if not _identical(images, *pair)]
    return [
        near_finding(
            near, np.asarray(other, np.int64).reshape(-1, 2), subject=subject, tested=tested,
            noun=NOUN, data=data,
        ),
        blank_finding(blank_rows(images, empty), subject, data),
    ]  # fmt: skip


def _identical(images: Array, one: int, other: int) -> bool:
    return bool(np.array_equal(images[one], images[other]))
