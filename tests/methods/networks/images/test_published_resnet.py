"""ResNet-18 and -34 against the paper written down a second time, on a bare table of weights."""

from __future__ import annotations

import pytest
import torch
from tests.methods.pretraining.published_weights import weights_of
from torch import Tensor
from torch.nn import functional

from bedside.methods.networks.images.inward import ImageFacts
from bedside.methods.networks.images.published_resnet import (
    BLOCKS,
    PublishedResNetBody,
    ResNetSettings,
    Shortcut,
)

CONV = {2: functional.conv2d, 3: functional.conv3d}
POOL = {2: functional.max_pool2d, 3: functional.max_pool3d}
Table = dict[str, Tensor]


def reference(table: Table, x: Tensor, *, layers: int, stride: int) -> Tensor:
    """[N, 512], by nothing but the table."""
    conv, shape = CONV[x.ndim - 2], [1, -1] + [1] * (x.ndim - 2)

    def normed(x: Tensor, name: str) -> Tensor:
        mean, var = (table[f"{name}.running_{part}"].reshape(shape) for part in ("mean", "var"))
        scale, shift = (table[f"{name}.{part}"].reshape(shape) for part in ("weight", "bias"))
        return (x - mean) / (var + 1e-5).sqrt() * scale + shift

    def block(x: Tensor, name: str, step: int) -> Tensor:
        made = conv(x, table[f"{name}.conv1.weight"], stride=step, padding=1)
        made = conv(
            normed(made, f"{name}.bn1").clamp_min(0), table[f"{name}.conv2.weight"], padding=1
        )
        made = normed(made, f"{name}.bn2")
        if f"{name}.downsample.0.weight" in table:
            bias = table.get(f"{name}.downsample.0.bias")
            x = conv(x, table[f"{name}.downsample.0.weight"], bias, stride=step)
            x = normed(x, f"{name}.downsample.1")
        elif step == 2:
            x = x[..., ::2, ::2] if x.ndim == 4 else x[..., ::2, ::2, ::2]
            x = torch.cat([x, torch.zeros_like(x)], dim=1)
        return (x + made).clamp_min(0)

    x = conv(x, table["conv1.weight"], stride=stride, padding=3)
    x = POOL[x.ndim - 2](normed(x, "bn1").clamp_min(0), 3, stride=2, padding=1)
    for stage, count in enumerate(BLOCKS[layers], 1):
        for at in range(count):
            x = block(x, f"layer{stage}.{at}", 2 if stage > 1 and at == 0 else 1)
    return x.flatten(2).mean(dim=2)


@pytest.mark.parametrize(
    ("layers", "dims", "channels", "shortcut", "stride"),
    [
        (18, 2, 3, "projected", 2), (34, 2, 1, "projected", 2), (18, 2, 1, "padded", 1),
        (18, 3, 1, "padded", 2), (18, 3, 1, "projected with bias", 1),
    ],
)  # fmt: skip
def test_published_weights_say_what_the_paper_says(
    layers: int, dims: int, channels: int, shortcut: Shortcut, stride: int
) -> None:
    table = {
        name: torch.from_numpy(value)
        for name, value in weights_of(layers, dims, channels, shortcut).items()
    }
    shape = (37, 33) if dims == 2 else (17, 20, 19)
    facts = ImageFacts(
        channels=channels, shape=shape, mean=(0.0,) * channels, deviation=(1.0,) * channels
    )
    settings = ResNetSettings(layers=layers, shortcut=shortcut, stride=stride)
    body = PublishedResNetBody(facts, 3, settings).eval()
    left = body.load_state_dict(table, strict=False)
    assert left.missing_keys == ["last.weight", "last.bias"]
    assert left.unexpected_keys == []
    x = torch.randn(2, channels, *shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = reference(table, x, layers=layers, stride=stride)
        found = body.represent(x)
        assert body(x).shape == (2, 3)
        places = body.places(x)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    assert places.shape[2:] == tuple(-(-side // body.stride) for side in shape)
    assert wanted.std() > 0.1


def test_a_start_of_a_stage_by_every_second_place_is_learnt_through() -> None:
    facts = ImageFacts(channels=1, shape=(16, 16), mean=(0.0,), deviation=(1.0,))
    body = PublishedResNetBody(facts, 1, ResNetSettings(shortcut="padded"))
    body(torch.randn(2, 1, 32, 32)).sum().backward()  # type: ignore[no-untyped-call]  # torch has no type for it
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in body.parameters())
