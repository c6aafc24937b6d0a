"""The end of a pretraining: norms know whole samples, and the encoder is what is kept."""

from __future__ import annotations

import numpy as np
import torch

from bedside.methods import outcome
from bedside.methods.networks.images.convnet import ConvNetSettings, convnet
from bedside.methods.networks.images.inward import image_facts
from bedside.methods.networks.images.unet import UNetSettings, unet
from bedside.methods.pretraining.checkpoint import Standing
from bedside.methods.pretraining.finish import embed, finished, settle
from bedside.methods.pretraining.start import Start, digest_of

IMAGES = np.random.default_rng(0).normal(3, 2, (90, 1, 12, 12)).astype(np.float32)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    nobody = outcome.binary(np.zeros(2, bool))
    return convnet(image_facts(IMAGES), nobody, ConvNetSettings(width=4))


def test_norms_take_the_statistics_of_samples_as_they_come() -> None:
    made = network()
    norm = made.body.steps[0][1]  # type: ignore[index,union-attr]  # the first block's batch norm
    with torch.no_grad():
        before = made.body.steps[0][0](made.inward(torch.from_numpy(IMAGES)))  # type: ignore[index,union-attr,operator]
    settle(made, (IMAGES,))
    assert not made.training
    assert norm.momentum == 0.1
    wanted = before.mean(dim=(0, 2, 3))
    torch.testing.assert_close(norm.running_mean, wanted, rtol=1e-4, atol=1e-5)


def test_norms_behind_what_an_image_is_represented_by_are_settled_too() -> None:
    torch.manual_seed(0)
    made = unet(image_facts(IMAGES), 1, UNetSettings(width=4, levels=2))
    norm = made.body.joined[0][0][1]  # type: ignore[index,union-attr]  # of the decoder
    settle(made, (IMAGES,), chunk=30)
    assert float(norm.running_mean.abs().min()) > 0  # type: ignore[union-attr,operator]
    assert int(norm.num_batches_tracked) == 3  # type: ignore[arg-type]


def test_embeddings_do_not_depend_on_the_chunk() -> None:
    made = network().eval()
    whole = embed(made, (IMAGES,), chunk=1000)
    np.testing.assert_allclose(embed(made, (IMAGES,), chunk=7), whole, rtol=1e-4, atol=1e-5)
    assert whole.shape == (90, 32)
    assert embed(made, (IMAGES[:1],)).shape == (1, 32)


def test_what_is_kept_is_the_encoder_and_how_it_went() -> None:
    made = network()
    start = finished(
        made, Standing(epoch=2, losses=(3.0, 2.0), cut=True),
        Start(weights={}, entrant="convnet", tune="probe"),
    )  # fmt: skip
    assert not [name for name in start.weights if "last" in name or name.startswith("head")]
    assert "inward.mean" in start.weights
    assert start.digest == digest_of(start.weights)
    assert (start.course, start.cut, start.tune) == ((3.0, 2.0), True, "probe")
