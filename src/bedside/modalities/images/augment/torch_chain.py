"""A chain on a whole batch in torch, for a GPU: the same parameters, and the same result within
rounding as the kernel on the CPU.

The one resampling is a gather over the batch. Filters are done on the CPU, sample by sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bedside.modalities.images.augment import shrink
from bedside.modalities.images.augment.chain import OPS, Chain
from bedside.modalities.images.augment.frame import Frame, knots, spans, start
from bedside.modalities.images.augment.kernel_rows import EDGE
from bedside.modalities.images.augment.op import Filter, Op, Params, Tone
from bedside.modalities.images.augment.plan import Stretch, framed, kind_of, stretches
from bedside.modalities.images.augment.torch_steps import changed
from bedside.modalities.images.augment.window import sparse

Made = tuple[Tensor, Tensor | None]


def augmented(
    chain: Chain, images: Tensor, *, keys: Sequence[int], seed: int, epoch: int,
    labels: Tensor | None = None,
) -> Made:  # fmt: skip
    """As `Chain.batch`: images [B, C, *spatial] to float32, labels uint8 [B, *spatial]."""
    goal = (1,) * (3 - len(chain.shape)) + tuple(chain.shape)
    source = images[:, :, None] if images.ndim == 4 else images
    size = cast("tuple[int, int, int]", tuple(source.shape[2:]))
    drawn = [chain.draw(seed=seed, epoch=epoch, sample=int(key)) for key in keys]
    begin = start(size, cast("tuple[int, int, int]", goal), spacing=chain.spacing, axes=chain.names)
    frames = [framed(OPS, params, begin) for params in drawn]
    tones = _tones(chain, source, cast("tuple[int, int, int]", goal))
    fills = [tone.low if chain.fill is None else chain.fill for tone in tones]
    places = torch.stack([_places(frame, source.device) for frame in frames])
    made = _gathered(source, frames, places, torch.tensor(fills, device=source.device))
    made = made.reshape(len(source), -1, *goal)
    made = torch.stack(
        [_toned(image, p, tone) for image, p, tone in zip(made, drawn, tones, strict=True)]
    )
    mask = None
    if labels is not None:
        near = _nearest(labels.reshape(len(labels), -1), size, frames, places)
        mask = near.reshape(len(labels), *chain.shape)
    return made.reshape(len(source), -1, *chain.shape), mask


def _tones(chain: Chain, source: Tensor, goal: tuple[int, int, int]) -> list[Tone]:
    """Window and means of each sample."""
    every = sparse(source.shape[2:])
    values = source[:, :, :: every[0], :: every[1]].float().flatten(2)
    means = values.mean(dim=2).tolist()
    window = chain.window or ((0.0, 255.0) if source.dtype == torch.uint8 else None)
    lows, highs = values.amin(dim=(1, 2)).tolist(), values.amax(dim=(1, 2)).tolist()
    ends = [window] * len(means) if window else list(zip(lows, highs, strict=True))
    return [
        Tone(low=low, high=high, means=tuple(mean), shape=goal)
        for (low, high), mean in zip(ends, means, strict=True)
    ]


def _places(frame: Frame, device: torch.device) -> Tensor:
    """Where each output element is looked for before the matrix, [N, 3], float64."""
    axes = [torch.arange(n, device=device, dtype=torch.float64) for n in frame.shape]
    index = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    if frame.bend is not None:
        control = torch.from_numpy(knots(frame.bend, frame.shape)).to(device).double()
        z, y, x = (torch.from_numpy(one).to(device) for one in spans(frame.bend, frame.shape))
        index = index + torch.einsum("iabc,za,yb,xc->zyxi", control, z, y, x)
    return index.reshape(-1, 3)


def _mapped(places: Tensor, matrix: np.ndarray) -> Tensor:
    rows = torch.from_numpy(matrix).to(places.device)
    return places @ rows[:3, :3].T + rows[:3, 3]


def _gathered(source: Tensor, frames: list[Frame], places: Tensor, fills: Tensor) -> Tensor:
    """Images [B, C, N] by trilinear interpolation, `fills` [B] outside."""
    matrices = np.array([frame.rows for frame in frames])
    blocks = [(int(z), int(y), int(x)) for z, y, x in shrink.factors(matrices)]
    out = torch.empty(*source.shape[:2], places.shape[1], device=source.device)
    for block in sorted(set(blocks)):
        same = [at for at, one in enumerate(blocks) if one == block]
        whole = _averaged(source[same].float(), block)
        true = torch.tensor(
            [n / k for n, k in zip(source.shape[2:], block, strict=True)], device=source.device
        ).double()
        maps = [_mapped(places[at], shrink.through(matrices[at], np.array(block))) for at in same]
        out[same] = _blended(whole, torch.stack(maps), true, fills[same])
    return out


def _averaged(images: Tensor, block: tuple[int, int, int]) -> Tensor:
    if max(block) == 1:
        return images
    short = [(-n) % k for n, k in zip(images.shape[2:], block, strict=True)]
    whole = functional.pad(images, (0, short[2], 0, short[1], 0, short[0]), mode="replicate")
    return functional.avg_pool3d(whole, block)


def _blended(images: Tensor, places: Tensor, true: Tensor, fills: Tensor) -> Tensor:
    flat, size = images.flatten(2), images.shape[2:]
    clear = places.clamp(min=torch.zeros_like(true), max=true - 1)
    inside = ((places - clear).abs().amax(dim=2) <= 0.5 + float(EDGE))[:, None]
    top = torch.tensor([max(n - 2, 0) for n in size], device=images.device)
    first = torch.minimum(clear.long(), top)
    weights = (clear - first).float()
    total = torch.zeros(*flat.shape[:2], places.shape[1], device=images.device)
    for corner in range(8):
        up = [(corner >> axis) & 1 for axis in (2, 1, 0)]
        weight = torch.ones_like(weights[..., 0])
        at = torch.zeros_like(first[..., 0])
        for axis, one in enumerate(up):
            share = weights[..., axis]
            weight = weight * (share if one else 1 - share)
            at = at * size[axis] + (first[..., axis] + one).clamp(max=size[axis] - 1)
        found = flat.gather(2, at[:, None].expand(-1, flat.shape[1], -1))
        total = total + torch.where(weight[:, None] > 0, found * weight[:, None], 0.0)
    return torch.where(inside, total, fills[:, None, None].float())


def _nearest(
    labels: Tensor, size: tuple[int, int, int], frames: list[Frame], places: Tensor
) -> Tensor:
    """Labels [B, N]: each is copied from one of the source, or 0 outside."""
    at = torch.stack([_mapped(p, f.matrix) for p, f in zip(places, frames, strict=True)])
    most = torch.tensor(size, device=labels.device).double() - 1
    clear = at.clamp(min=torch.zeros_like(most), max=most)
    inside = (at - clear).abs().amax(dim=2) <= 0.5 + float(EDGE)
    z, y, x = (clear + 0.5).long().unbind(dim=2)
    found = labels.gather(1, (z * size[1] + y) * size[2] + x) * inside
    for row, frame in enumerate(frames):
        for a, b in frame.swaps:
            first, second = found[row] == a, found[row] == b
            found[row][first], found[row][second] = b, a
    return found


def _toned(image: Tensor, params: list[Params], tone: Tone) -> Tensor:
    """All tone ops and filters of one sample [C, D, H, W]."""
    for stretch in stretches(OPS, params, tone):
        if stretch.filter is not None:
            image = _filtered(kind_of(OPS, stretch.filter), image, stretch, tone)
        image = changed(image, stretch.steps)
    return image


def _filtered(kind: type[Op], image: Tensor, stretch: Stretch, tone: Tone) -> Tensor:
    filter_: type[Filter] = kind  # type: ignore[assignment]  # the plan has said so
    made = filter_.filtered(image.cpu().numpy(), stretch.filter or {}, tone)
    return torch.from_numpy(made).to(image.device)
