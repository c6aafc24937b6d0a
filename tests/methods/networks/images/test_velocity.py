from __future__ import annotations

import pytest
import torch

from bedside.methods.networks.images.velocity import (
    Velocity,
    VelocityFacts,
    VelocitySettings,
    at_each_place,
    waves,
)


def network(*, fold: int = 2, classes: int = 2, drawn: int = 0, channels: int = 1) -> Velocity:
    """A small one whose silent layers say something."""
    torch.manual_seed(0)
    facts = VelocityFacts(channels=channels, classes=classes, drawn=drawn)
    module = Velocity(facts, VelocitySettings(widths=(32, 64), fold=fold)).eval()
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return module


@pytest.mark.parametrize("fold", [1, 2, 4])
@pytest.mark.parametrize("side", [(16, 16), (17, 23), (9, 30)])
def test_any_size_comes_out_as_it_went_in(fold: int, side: tuple[int, int]) -> None:
    x = torch.randn(3, 2, *side)
    made = network(fold=fold, channels=2)(x, torch.rand(3), torch.tensor([0, 1, 2]))
    assert made.shape == x.shape
    assert made.isfinite().all()


def test_it_starts_with_nothing_to_say() -> None:
    module = Velocity(VelocityFacts(channels=1, classes=2), VelocitySettings())
    said = module(torch.randn(2, 1, 16, 16), torch.rand(2), torch.tensor([0, 1]))
    assert not said.any()


def test_time_class_and_mask_all_matter_and_rows_do_not_meet() -> None:
    module, x = network(drawn=1), torch.randn(2, 1, 16, 16)
    mask = torch.zeros(2, 1, 16, 16)
    mask[0, 0, 4:9, 4:9] = 1
    time, kind = torch.tensor([0.3, 0.3]), torch.tensor([0, 0])

    def first(**changed: torch.Tensor) -> torch.Tensor:
        given = {"x": x, "time": time, "kind": kind, "drawn": mask} | changed
        with torch.inference_mode():
            return module(**given)[0]

    base = first()
    for changed in (
        {"time": torch.tensor([0.6, 0.3])}, {"kind": torch.tensor([1, 0])},
        {"kind": torch.tensor([2, 0])}, {"drawn": torch.zeros(2, 1, 16, 16)},
    ):  # fmt: skip
        assert float((first(**changed) - base).abs().max()) > 1e-4
    other = {"x": torch.stack([x[0], x[1] + 1]), "time": torch.tensor([0.3, 0.9])}
    torch.testing.assert_close(first(**other), base, atol=1e-5, rtol=0)


def test_times_are_told_apart_however_close() -> None:
    told = waves(torch.linspace(0, 1, 201))
    apart = torch.cdist(told, told) + 9 * torch.eye(201)
    assert float(apart.min()) > 0.3


def test_each_place_is_normalised_by_itself_and_channels_stay_last() -> None:
    x = torch.randn(2, 16, 5, 4).contiguous(memory_format=torch.channels_last)
    x[0, :, 1, 2] *= 50
    made = at_each_place(torch.nn.LayerNorm(16), x)
    torch.testing.assert_close(made.mean(dim=1), torch.zeros(2, 5, 4), atol=1e-5, rtol=0)
    spread = made.var(dim=1, correction=0)
    torch.testing.assert_close(spread, torch.ones(2, 5, 4), atol=1e-4, rtol=0)
    for tensor in (made, network().first.weight, network().last.weight):
        assert tensor.is_contiguous(memory_format=torch.channels_last)
