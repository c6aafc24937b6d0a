"""Pretraining of classifiers on whole images: two views of each made by augmentation, or hidden
blocks to be painted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.core.dataset import Schema
from bedside.core.errors import StudyError
from bedside.methods.batches import Arrays as Tuple
from bedside.methods.batches import Rows
from bedside.methods.entrant import Arrays
from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.pretraining import joint, masked
from bedside.methods.pretraining.begin import begun
from bedside.methods.pretraining.finish import embed
from bedside.methods.pretraining.loop import Draw
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.start import Start
from bedside.modalities.images.augment import chain_from, recorded
from bedside.modalities.images.pretrain_design import Design
from bedside.modalities.images.pretrain_start import CAN, blank, started
from bedside.modalities.images.settings import axes_of, frozen
from bedside.modalities.images.train_networks import architecture_of, in_bfloat16

__all__ = ["batch_size", "designed", "embedded", "started"]


def designed(schema: Schema, arrays: Arrays, *, plan: Plan, seed: int) -> Design:
    """What the plan asks for; StudyError where that cannot be."""
    images, name = arrays["image"], plan.network(CAN)
    settings = architecture_of(name, images.ndim - 2)
    hides = plan.objective == "masked"
    made, source = (masked.MaskedImages, masked.SOURCE) if hides else (joint.Joint, joint.SOURCE)
    width = _width(blank(name, schema, images, settings), images)

    def objective() -> nn.Module:
        return made(blank(name, schema, images, settings), width)

    return Design(
        name=name, settings=settings, objective=objective, source=source,
        draw=_hidden(images.shape[2:], seed) if hides else _views(schema, images, plan, seed=seed),
        fed=(images,), seen=images, batch=batch_size(len(images)), bfloat16=in_bfloat16(name),
    )  # fmt: skip


def embedded(start: Start, schema: Schema, arrays: Arrays) -> NDArray[np.float32]:
    """[N, D]: what the encoder of `start` makes of some images."""
    network = begun(blank(start.entrant, schema, arrays["image"], start.settings), start)
    return embed(network.eval(), (arrays["image"],))


def batch_size(rows: int) -> int:
    """At least four batches an epoch, of 16 to 128 images, in powers of two.

    >>> batch_size(40), batch_size(300), batch_size(20_000)
    (16, 64, 128)
    """
    return min(128, max(16, 1 << (max(rows // 4, 1).bit_length() - 1)))


def _width(network: Classifier, images: NDArray[np.generic]) -> int:
    return int(embed(network.eval(), (images[:1],)).shape[1])


def _views(schema: Schema, images: NDArray[np.generic], plan: Plan, *, seed: int) -> Draw:
    """Two versions of each image, made by the study's chain; where it has none, by the standard
    policy.

    Raises StudyError where both would be the same.
    """
    record = plan.chain
    if record is None:
        own = frozen(schema)
        record = recorded({}, axes=axes_of(own.kind), flips=own.mirrors)
    chain = chain_from(record, shape=tuple(images.shape[2:]))
    if not chain.ops:
        raise StudyError(
            "[pretrain] objective", expected="augmentation, which makes the two views of an image",
            found="none in [augment]",
            hint='choose a policy in [augment], or objective = "masked"',
        )  # fmt: skip

    def draw(arrays: Tuple, rows: Rows, *, epoch: int) -> Tuple:
        keys = rows.tolist()
        return tuple(
            chain.batch(arrays[0], keys=keys, seed=seed, epoch=2 * epoch + view)[0]
            for view in (0, 1)
        )

    return draw


def _hidden(shape: tuple[int, ...], seed: int) -> Draw:
    """Each image, and where it is hidden."""

    def draw(arrays: Tuple, rows: Rows, *, epoch: int) -> Tuple:
        return arrays[0], masked.hidden_blocks(tuple(shape), rows, seed=seed, epoch=epoch)

    return draw
