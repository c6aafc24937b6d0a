"""The steps of the kernel once more, in torch: the same formulas, the same noise, any device."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bedside.modalities.images.augment.kernel_steps import (
    BIAS,
    CUTOUT,
    GAMMA,
    GAUSSIAN,
    LINEAR,
    RICIAN,
    SD,
)
from bedside.modalities.images.augment.op import Step

Numbers = list[list[float]]
"""Those of one step, by channel."""
Key = tuple[int, int]
"""Its low and its high half."""
_ALL = 0xFFFFFFFF


def changed(image: Tensor, steps: list[Step]) -> Tensor:
    """An image [C, D, H, W] after all steps, in order."""
    for numbers, key in steps:
        image = _KINDS[int(numbers[0][0])](image, numbers, (key & _ALL, key >> 32))
    return image


def _column(step: Numbers, at: int, like: Tensor) -> Tensor:
    return torch.tensor([row[at] for row in step], device=like.device).reshape(-1, 1, 1, 1)


def _linear(image: Tensor, step: Numbers, _key: Key) -> Tensor:
    return image * _column(step, 1, image) + _column(step, 2, image)


def _gamma(image: Tensor, step: Numbers, _key: Key) -> Tensor:
    low, span, power = step[0][1:4]
    share = (image - low) / span
    bent = share.clamp(1e-30, 1).pow(power) * span + low
    return torch.where((share > 0) & (share < 1), bent, image)


def _normal(image: Tensor, low: int, high: int) -> Tensor:
    """The noise of `kernel_steps.normal`, an integer hash in 64 bits where that has 32."""
    s = torch.arange(image.numel(), device=image.device)
    s = (s * 747796405 + low) & _ALL
    s = ((s ^ (s >> 16)) * 0x7FEB352D) & _ALL
    s = ((s ^ (s >> 15)) * 0x846CA68B) & _ALL
    s = s ^ (s >> 16)
    r = ((s ^ high) * 0x9E3779B9) & _ALL
    r = ((r ^ (r >> 15)) * 0x85EBCA6B) & _ALL
    r = r ^ (r >> 13)
    v = s - ((s >> 1) & 0x55555555)
    v = (v & 0x33333333) + ((v >> 2) & 0x33333333)
    v = (((v + (v >> 4)) & 0x0F0F0F0F) * 0x01010101 & _ALL) >> 24
    dice = ((r & 0xFFFF) + (r >> 16)).float() / 65536
    return ((v.float() + dice - (17 - 1 / 65536)) * float(SD)).reshape(image.shape)


def _gaussian(image: Tensor, step: Numbers, key: Key) -> Tensor:
    return image + step[0][1] * _normal(image, *key)


def _rician(image: Tensor, step: Numbers, key: Key) -> Tensor:
    sd, floor = step[0][1:3]
    low, high = key
    real = image - floor + sd * _normal(image, low, high)
    imaginary = sd * _normal(image, low ^ 0xA5A5A5A5, high)
    return torch.sqrt(real.square() + imaginary.square()) + floor


def _bias(image: Tensor, step: Numbers, _key: Key) -> Tensor:
    floor, c = step[0][1], step[0][2:22]
    z, y, x = (
        torch.linspace(-1, 1, n, device=image.device) if n > 1 else torch.zeros(1).to(image.device)
        for n in image.shape[1:]
    )
    z, y = z[:, None, None], y[:, None]
    x0 = c[0] + c[1] * z + c[2] * y + c[3] * z * z + c[4] * z * y + c[5] * y * y
    x0 = x0 + c[6] * z**3 + c[7] * z * z * y + c[8] * z * y * y + c[9] * y**3
    x1 = c[10] + c[11] * z + c[12] * y + c[13] * z * z + c[14] * z * y + c[15] * y * y
    x2 = c[16] + c[17] * z + c[18] * y
    return (image - floor) * torch.exp2(x0 + x * (x1 + x * (x2 + x * c[19]))) + floor


def _cutout(image: Tensor, step: Numbers, _key: Key) -> Tensor:
    a, b, c, d, e, f = (int(number) for number in step[0][1:7])
    made = image.clone()
    made[:, a:b, c:d, e:f] = step[0][7]
    return made


_KINDS: dict[int, Callable[[Tensor, Numbers, Key], Tensor]] = {
    LINEAR: _linear, GAMMA: _gamma, GAUSSIAN: _gaussian, RICIAN: _rician, BIAS: _bias,
    CUTOUT: _cutout,
}  # fmt: skip
