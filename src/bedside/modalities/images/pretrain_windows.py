"""Pretraining of U-Nets on windows of images: hidden blocks are painted, by the decoder too.

So all but the last layer is carried over. Windows are drawn as training draws them, of images with
and without a mask; masks are not read.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import nn

from bedside.core.dataset import Schema
from bedside.core.errors import DataError, StudyError
from bedside.methods.batches import Arrays as Tuple
from bedside.methods.batches import Rows
from bedside.methods.entrant import Arrays
from bedside.methods.fit import bfloat16_pays
from bedside.methods.networks.images.segmenter import Segmenter
from bedside.methods.pretraining import masked
from bedside.methods.pretraining.begin import begun
from bedside.methods.pretraining.finish import embed
from bedside.methods.pretraining.loop import Draw
from bedside.methods.pretraining.outside import Outside, fitted_start
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.published import described
from bedside.methods.pretraining.start import Start
from bedside.methods.tune import Setting
from bedside.modalities.images.pretrain_design import Design
from bedside.modalities.images.train_deep import facts_of
from bedside.modalities.images.train_masks import BATCH, architecture, patch_of_extents, unet_of
from bedside.modalities.images.train_windows import Patch, Values, drawn_place, middles, window

CAN = ("unet",)
"""Networks that outline and can be pretrained."""


def designed(schema: Schema, arrays: Arrays, *, plan: Plan, seed: int) -> Design:
    """What the plan asks for; StudyError where that cannot be."""
    name, settings = plan.network(CAN), architecture()
    _require_masked(plan)
    patch, seen = _seen(arrays)
    size = BATCH[len(patch)]

    def objective() -> nn.Module:
        return masked.MaskedImages(_blank(schema, seen, settings), int(settings["width"]))

    return Design(
        name=name, settings=settings, objective=objective, source=masked.SOURCE,
        draw=_hidden(patch, seed), fed=(arrays["image"], arrays["extent"]), seen=seen, batch=size,
        bfloat16=bfloat16_pays(), chunk=size,
    )  # fmt: skip


def started(outside: Outside, schema: Schema, arrays: Arrays, *, plan: Plan) -> Start:
    """The start that a file of a former `bedside pretrain` of a U-Net gives.

    Raises DataError that says what was found for weights of another network.
    """
    plan.network(CAN)
    plan.require_own()
    guess = outside.own(CAN)
    if guess is None:
        raise DataError(
            outside.name, expected="encoder.safetensors of a former `bedside pretrain` of a U-Net",
            found=described(outside.weights),
            hint="take such a file (a race leaves several members, of which none is it), or leave "
            "out weights and let [pretrain] learn from patients",
        )  # fmt: skip
    seen = _seen(arrays)[1]
    return fitted_start(outside, [guess], lambda one: _blank(schema, seen, one[1]), tune=plan.tune)


def embedded(start: Start, schema: Schema, arrays: Arrays) -> NDArray[np.float32]:
    """[N, D]: what the U-Net of `start` finds at its smallest size in the middle of each image."""
    patch, seen = _seen(arrays)
    network = begun(_blank(schema, seen, start.settings), start)
    return embed(network.eval(), (seen,), chunk=BATCH[len(patch)])


def _require_masked(plan: Plan) -> None:
    if plan.objective == "joint":
        raise StudyError(
            "[pretrain] objective", expected='"masked" where masks are learnt', found='"joint"',
            hint="two views of a window would be asked to look alike as a whole, which teaches a "
            "U-Net nothing of places; leave objective out",
        )  # fmt: skip


def _seen(arrays: Arrays) -> tuple[Patch, Values]:
    """The patch for these images, and the middle window of each [N, C, *patch]."""
    patch = patch_of_extents(arrays["extent"])
    return patch, middles(arrays["image"], arrays["extent"], patch)


def _blank(schema: Schema, seen: Values, settings: Mapping[str, Setting]) -> Segmenter:
    """The network with a last layer that is never used."""
    return unet_of(facts_of(seen, schema), len(schema.target.classes), settings)


def _hidden(patch: Patch, seed: int) -> Draw:
    """A window of each image, at a place of its own in each epoch, and where it is hidden."""

    def draw(arrays: Tuple, rows: Rows, *, epoch: int) -> Tuple:
        windows = [
            window(image, extent, patch, drawn_place(row, patch, seed=seed, epoch=epoch))
            for image, extent, row in zip(*arrays, rows.tolist(), strict=True)
        ]
        hidden = masked.hidden_blocks(patch, rows, seed=seed, epoch=epoch)
        return np.stack(windows).astype(np.float32), hidden

    return draw
