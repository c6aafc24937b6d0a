"""Training of an image flow: so many steps or seconds, on any device, resumed after a kill.

A step depends on the seed and its number alone, so that a training that was killed and goes on from
its checkpoint ends in the same numbers, unless seconds ended it.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import cast

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from bedside.core.errors import DataError
from bedside.core.randomness import stream
from bedside.core.spec import canonical
from bedside.methods.batches import batches
from bedside.methods.fit import bfloat16_pays
from bedside.methods.moving_average import MovingAverage
from bedside.methods.networks.images.velocity import VelocityFacts
from bedside.methods.synthesis.grey_scale import grey_scale
from bedside.methods.synthesis.image_flow import (
    UNTOLD,
    FlowSettings,
    ImageFlow,
    Pictures,
    marked,
)
from bedside.methods.synthesis.straight_path import StraightPath

FEWEST = 8
"""Images to learn from, at least: of fewer there is nothing but copies to be made."""
RISE, FALL = 100, 0.4
"""Steps over which the rate rises, and the last share of the training over which it falls."""
_STEP = 0x57E9


def fit_flow(
    pictures: Pictures, settings: FlowSettings, *, seed: int, folder: Path | None = None
) -> ImageFlow:
    """A flow fitted to training images, in evaluation mode, on the device that trained it.

    `folder` is where checkpoints are kept while it is trained, one file for each thing to learn.

    DataError for fewer than eight images, values that are not finite, or constant images.
    """
    if len(pictures.images) < FEWEST:
        raise DataError(
            "synthesis of images", expected=f"{FEWEST} training images or more",
            found=str(len(pictures.images)), hint="a generator of so few could only copy them",
        )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        training = _Training(pictures, settings, seed, folder)
        return training.to_the_end()


class _Training:
    def __init__(
        self, pictures: Pictures, settings: FlowSettings, seed: int, folder: Path | None
    ) -> None:
        self.pictures, self.settings, self.seed = pictures, settings, seed
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        scale = grey_scale(pictures.images)
        self.numbers = torch.from_numpy(scale.numbers(pictures.images))
        channels, *_ = pictures.images.shape[1:]
        facts = VelocityFacts(
            channels=channels, classes=pictures.classes, drawn=pictures.marks, seen=2 * channels
        )  # fmt: skip
        flow = ImageFlow(StraightPath(self.numbers.numpy()), scale, facts, settings)
        flow.mixed = bfloat16_pays()
        self.flow = flow.to(self.device).train()
        self.average = MovingAverage(self.flow, settings.average)
        self.optimiser = torch.optim.AdamW(
            self.flow.network.parameters(), lr=settings.rate, weight_decay=settings.decay,
            betas=(0.9, 0.99), fused=True,
        )  # fmt: skip
        self.step, self.used = 0, 0.0
        self.file = None if folder is None else folder / f"flow-{self._name()}.safetensors"

    def to_the_end(self) -> ImageFlow:
        self._resume()
        saved = self.used
        while self.step < self.settings.steps and self.used < self.settings.seconds:
            started = time.process_time()
            self._learn()
            self.used += time.process_time() - started
            if self.used - saved >= self.settings.save:
                saved = self.used
                self._save()
        if self.used > saved:
            self._save()
        return cast("ImageFlow", self.average.network)

    def _learn(self) -> None:
        images, kinds, drawn = self._batch()
        draw = torch.Generator(self.device)
        draw.manual_seed(int(stream(self.seed, _STEP, self.step).integers(2**62)))
        noise = torch.randn(images.shape, generator=draw, device=self.device)
        logit = torch.randn(len(images), generator=draw, device=self.device)
        at = torch.sigmoid(self.settings.middle + self.settings.spread * logit)
        x = self.flow.path.between(noise, images, at)
        missed = self.flow.velocity(x, at, kinds, drawn) - (images - noise)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.optimiser.zero_grad()
        missed.square().mean().backward()  # type: ignore[no-untyped-call]  # torch's own
        torch.nn.utils.clip_grad_norm_(self.flow.network.parameters(), 1.0)
        self.optimiser.step()
        self.average.follow()
        self.step += 1

    def _rate(self) -> float:
        settings = self.settings
        done = max(self.step / settings.steps, self.used / settings.seconds)
        rise = min(1.0, (self.step + 1) / RISE)
        return settings.rate * rise * min(1.0, max(1 - done, 0.0) / FALL)

    def _batch(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Images, kinds and what is drawn, of the next step."""
        pictures, draw = self.pictures, stream(self.seed, _STEP, self.step, 1)
        each = len(batches(len(self.numbers), self.settings.batch, seed=0, epoch=0))
        order = batches(
            len(self.numbers), self.settings.batch, seed=self.seed, epoch=self.step // each
        )
        rows = order[self.step % each]
        images, kinds = self.numbers[torch.from_numpy(rows)], pictures.kinds[rows]
        hidden = (draw.random(len(rows)) < self.settings.untold) | (kinds == UNTOLD)
        told = torch.from_numpy(np.where(hidden, pictures.classes, kinds))
        labels = pictures.labels
        drawn = None if labels is None else torch.from_numpy(marked(labels[rows], pictures.marks))
        for axis in pictures.mirror:
            turned = torch.from_numpy(draw.random(len(rows)) < 0.5)[:, None, None, None]
            images = torch.where(turned, images.flip(2 + axis), images)
            drawn = None if drawn is None else torch.where(turned, drawn.flip(2 + axis), drawn)
        to = self.device
        return images.to(to), told.to(to), None if drawn is None else drawn.to(to)

    def _name(self) -> str:
        """Of what is learnt, how, and from what seed."""
        pictures = self.pictures
        numbers = (self.seed, pictures.classes, pictures.marks, *pictures.mirror)
        digest = hashlib.sha256(f"{canonical(self.settings)}{numbers}".encode())
        for array in (pictures.images, pictures.kinds, pictures.labels):
            if array is not None:
                digest.update(f"{array.dtype}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    def _tensors(self) -> dict[str, Tensor]:
        """All that a later step depends on; loading writes into them."""
        kept = {f"network.{key}": value for key, value in self.flow.network.state_dict().items()}
        average = cast("ImageFlow", self.average.network).network
        kept |= {f"average.{key}": value for key, value in average.state_dict().items()}
        for at, parameter in enumerate(self.flow.network.parameters()):
            state = self.optimiser.state[parameter]
            kept |= {f"optimiser.{at}.{key}": value for key, value in state.items()}
        return kept

    def _save(self) -> None:
        if self.file is None:
            return
        beside = self.file.with_suffix(".part")
        tensors = {key: value.contiguous() for key, value in self._tensors().items()}
        told = {"step": str(self.step), "used": repr(self.used)}
        save_file(tensors, beside, metadata=told)
        os.replace(beside, self.file)

    def _resume(self) -> None:
        if self.file is None or not self.file.is_file():
            return
        for parameter in self.flow.network.parameters():
            self.optimiser.state[parameter] = {
                "step": torch.zeros((), device=self.device),
                "exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter),
            }  # fmt: skip
        with safe_open(self.file, "pt") as kept, torch.no_grad():
            for key, value in self._tensors().items():
                value.copy_(kept.get_tensor(key))
            told = kept.metadata()
        self.step, self.used = int(told["step"]), float(told["used"])
        self.average.step = self.step
