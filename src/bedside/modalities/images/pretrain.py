"""Pretraining on images: two views of each made by augmentation, or hidden blocks to be painted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.core.dataset import Schema
from bedside.core.errors import DataError, StudyError
from bedside.methods.batches import Arrays as Tuple
from bedside.methods.batches import Rows
from bedside.methods.entrant import Arrays, Entrant
from bedside.methods.networks.images.classifier import Classifier
from bedside.methods.pretraining import joint, masked
from bedside.methods.pretraining.begin import begun
from bedside.methods.pretraining.finish import embed, finished, settle
from bedside.methods.pretraining.loop import Draw, Pace
from bedside.methods.pretraining.loop import pretrain as pretrained
from bedside.methods.pretraining.plan import DEFAULT, Plan
from bedside.methods.pretraining.start import Start
from bedside.modalities.images.augment import Chain, chain_from, recorded
from bedside.modalities.images.pretrain_pool import known_by, pool_arrays, read_pool
from bedside.modalities.images.pretrain_start import CAN, asked, blank, started
from bedside.modalities.images.settings import axes_of, frozen
from bedside.modalities.images.train import MODELS, arrays
from bedside.modalities.images.train_networks import architecture_of, in_bfloat16

__all__ = [
    "CAN", "arrays", "embedded", "entrant", "known_by", "pool_arrays", "pretrain", "read_pool",
    "started",
]  # fmt: skip

_LOOKED_AT = 500
"""Images that are looked at for contrast, at most; evenly spaced ones."""
_SOURCES = {"joint": joint.SOURCE, "masked": masked.SOURCE}


def pretrain(
    schema: Schema, arrays: Arrays, *, seed: int, seconds: float, plan: Plan = DEFAULT,
    folder: Path | None = None, told: Callable[[int, int, float], None] = lambda *_: None,
) -> Start:  # fmt: skip
    """An encoder that has learnt from images [N, C, *shape] without labels.

    Raises StudyError where the study asks for what there is not, DataError for images that have
    nothing to tell apart.
    """
    images, name = arrays["image"], asked(schema, plan)
    _telling(images)
    objective = "joint" if plan.objective == "auto" else plan.objective
    settings = architecture_of(name, images.ndim - 2)
    network = blank(name, schema, images, settings)

    def build() -> nn.Module:
        # Built again here, so that its weights follow from the seed.
        fresh, width = blank(name, schema, images, settings), _width(network, images)
        made = masked.MaskedImages if objective == "masked" else joint.Joint
        return made(fresh, width)

    chain = _chain(schema, images, plan)
    pace = Pace(
        epochs=plan.epochs, batch=batch_size(len(images)), seconds=seconds, folder=folder,
        bfloat16=in_bfloat16(name), told=told,
    )  # fmt: skip
    draw = _views(chain, seed) if objective == "joint" else _hidden(images.shape[2:], seed)
    trained, standing = pretrained(build, (images,), draw, pace, seed=seed)
    encoder: nn.Module = trained.network  # type: ignore[assignment]  # nn.Module hides what it holds
    settle(encoder, (images,))
    start = Start(
        weights={}, entrant=name, settings=settings, tune=plan.tune, source=_SOURCES[objective]
    )
    return finished(encoder, standing, start)


def embedded(start: Start, schema: Schema, arrays: Arrays) -> NDArray[np.float32]:
    """[N, D]: what the encoder of `start` makes of some images."""
    network = begun(blank(start.entrant, schema, arrays["image"], start.settings), start)
    return embed(network.eval(), (arrays["image"],))


def entrant(name: str) -> Entrant:
    """The network of that name, as it races from scratch."""
    return MODELS[name]


def batch_size(rows: int) -> int:
    """At least four batches an epoch, of 16 to 128 images, in powers of two.

    >>> batch_size(40), batch_size(300), batch_size(20_000)
    (16, 64, 128)
    """
    return min(128, max(16, 1 << (max(rows // 4, 1).bit_length() - 1)))


def _telling(images: NDArray[np.generic]) -> None:
    """DataError when no image has any contrast, or all are the same."""
    seen = np.asarray(images[:: -(-len(images) // _LOOKED_AT)])
    flat = seen.reshape(len(seen), -1)
    if (flat.min(axis=1) == flat.max(axis=1)).all() or (flat == flat[:1]).all():
        raise DataError(
            "pretraining", expected="images that differ", found="none with contrast, or all alike",
            hint="were they read rightly? see the audit's pictures",
        )  # fmt: skip


def _width(network: Classifier, images: NDArray[np.generic]) -> int:
    return int(embed(network.eval(), (images[:1],)).shape[1])


def _chain(schema: Schema, images: NDArray[np.generic], plan: Plan) -> Chain:
    """The study's chain; where it has none, the standard policy.

    Raises StudyError where two views of a sample would be the same.
    """
    record = plan.chain
    if record is None:
        own = frozen(schema)
        record = recorded({}, axes=axes_of(own.kind), flips=own.mirrors)
    chain = chain_from(record, shape=tuple(images.shape[2:]))
    if not chain.ops and plan.objective != "masked":
        raise StudyError(
            "[pretrain] objective", expected="augmentation, which makes the two views of an image",
            found="none in [augment]",
            hint='choose a policy in [augment], or objective = "masked"',
        )  # fmt: skip
    return chain


def _views(chain: Chain, seed: int) -> Draw:
    """Two augmented versions of each image."""

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
