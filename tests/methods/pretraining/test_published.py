"""Published encoders: told by names and shapes; what is none of them, by what it looks like."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.methods.pretraining.published_weights import weights_of
from torch.nn import functional

from bedside.core.errors import DataError
from bedside.methods.pretraining.published import described, recognised

FORMS = [
    (18, 2, 3, "projected"), (34, 2, 1, "projected"), (18, 3, 1, "padded"),
    (34, 2, 3, "projected with bias"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "dims", "channels", "shortcut"), FORMS)
def test_what_it_is_follows_from_names_and_shapes(
    layers: int, dims: int, channels: int, shortcut: str
) -> None:
    found = recognised(weights_of(layers, dims, channels, shortcut), "w")
    assert found is not None
    told = (found.layers, found.dims, found.channels, found.shortcut)
    assert told == (layers, dims, channels, shortcut)
    assert found.entrant == f"resnet{layers}"


@pytest.mark.parametrize("start", ["module.", "encoder.", "state_dict.backbone.model."])
def test_what_stands_before_all_names_and_what_lies_beside_is_left(start: str) -> None:
    table = weights_of(start=start)
    beside = {f"{start}fc.weight": np.zeros((9, 512)), "decoder.conv1.weight": np.zeros((4, 4))}
    found = recognised({**table, **beside}, "w")
    assert found is not None
    assert found.aside == tuple(sorted(beside))
    np.testing.assert_array_equal(found.weights["conv1.weight"], table[f"{start}conv1.weight"])


def test_half_precision_and_uncounted_batches_are_read() -> None:
    table = {
        name: value.astype(np.float16)
        for name, value in weights_of().items()
        if not name.endswith("num_batches_tracked")
    }
    found = recognised(table, "w")
    assert found is not None
    assert found.weights["layer4.1.bn2.num_batches_tracked"].shape == ()
    assert found.weights["conv1.weight"].dtype == np.float32


def test_what_is_almost_one_is_none() -> None:
    table = weights_of()
    for change in (
        {"layer1.0.se.fc.weight": np.zeros(3)}, {"conv1.weight": np.zeros((64, 3, 3, 3))},
        {"layer4.1.bn2.bias": np.zeros(7)}, {"layer5.0.conv1.weight": np.zeros(3)},
    ):  # fmt: skip
        assert recognised({**table, **change}, "w") is None
    assert recognised({key: table[key] for key in list(table)[:-9]}, "w") is None
    assert recognised({}, "w") is None


def test_two_encoders_in_a_file_are_refused() -> None:
    both = {**weights_of(start="encoder_q."), **weights_of(start="encoder_k.")}
    with pytest.raises(DataError, match=r"(?s)found 2: encoder_k\., encoder_q\."):
        recognised(both, "w")


def test_a_first_layer_for_colour_answers_to_grey_as_to_its_three_equal_channels() -> None:
    found = recognised(weights_of(), "w")
    assert found is not None
    made, told = found.of_channels(1)
    grey = torch.rand(2, 1, 16, 16)
    first, before = (torch.from_numpy(w["conv1.weight"]) for w in (made, found.weights))
    torch.testing.assert_close(
        functional.conv2d(grey, first), functional.conv2d(grey.expand(-1, 3, -1, -1), before)
    )
    assert "summed over its 3 channels" in told
    assert found.of_channels(3) == (found.weights, "")
    with pytest.raises(DataError, match="1 and 3"):
        found.of_channels(2)


def test_a_first_layer_for_grey_sees_the_mean_of_three_channels() -> None:
    found = recognised(weights_of(channels=1), "w")
    assert found is not None
    made, told = found.of_channels(3)
    colour = torch.rand(2, 3, 16, 16)
    first, before = (torch.from_numpy(w["conv1.weight"]) for w in (made, found.weights))
    torch.testing.assert_close(
        functional.conv2d(colour, first),
        functional.conv2d(colour.mean(dim=1, keepdim=True), before),
    )
    assert "mean" in told


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["conv1.weight", "layer1.0.conv3.weight"], "bottleneck"),
        (["module.layer1.0.conv2.weight", "module.conv1.weight"], "other layers"),
        (["layer1.0.se.fc1.weight", "layer1.0.conv2.weight"], "attention"),
        (["cls_token", "pos_embed", "blocks.0.attn.qkv.weight"], "vision transformer"),
        (["features.denseblock1.denselayer1.conv1.weight"], "DenseNet"),
        (["stages.0.blocks.0.gamma"], "ConvNeXt"),
        (["layers.0.blocks.0.attn.relative_position_bias_table"], "Swin"),
        (["blocks.0.0.conv_dw.weight"], "EfficientNet"),
        (["some.thing"], "another network: some.thing"),
        ([], "no weights"),
    ],
)
def test_a_refusal_can_say_what_was_found(names: list[str], words: str) -> None:
    assert words in described(names)
