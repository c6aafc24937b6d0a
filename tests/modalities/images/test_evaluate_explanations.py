"""Maps of a network that learnt, of one that learnt nothing, and of one that only shows edges."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from bedside.core.evidence import Evidence
from bedside.methods.corruption.spread import spread_of
from bedside.methods.evaluation.record import Record
from bedside.methods.explanation.admission import verdict
from bedside.methods.explanation.occlusion import Effort
from bedside.modalities.images.evaluate_explanations import (
    NAMES,
    Asked,
    Explained,
    judge_explanations,
)

SIZE = 24


class ChequerFinder(nn.Module):
    """Convolutions, the mean over the image, one logit."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.top = nn.Linear(8, 1)

    def raw(self, image: Tensor) -> Tensor:
        return self.top(self.body((image - 100) / 40).mean(dim=(2, 3)))[:, None]

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.raw(image)[:, 0].double())


class Unmoved(nn.Module):
    """Its answer hangs on the image in a fixed way, whatever its one weight is."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 1.01]))

    def raw(self, image: Tensor) -> Tensor:
        return self.weight.mean() * ((image / 100) ** 3).mean(dim=(1, 2, 3))[:, None, None]

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.raw(image)[:, 0].double())


def lesions(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A bright spot in every image, in every second one a chequered lesion too; its mask."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.normal(100, 12, (count, 1, SIZE, SIZE))
    masks = np.zeros((count, SIZE, SIZE), np.uint8)
    chequers = np.indices((5, 5)).sum(axis=0) % 2 * 2 - 1
    for image, mask, label in zip(images, masks, labels, strict=True):
        places = [rng.integers(1, 7, 2), rng.integers(13, 18, 2)]
        (row, column), (y, x) = places if rng.random() < 0.5 else places[::-1]
        image[0, y : y + 5, x : x + 5] += 45
        mask[row : row + 5, column : column + 5] = label
        image[0, row : row + 5, column : column + 5] += 45 * label * chequers
    return images.clip(0, 255).astype(np.uint8), labels, masks


@pytest.fixture(scope="module", autouse=True)
def one_core() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def learnt() -> ChequerFinder:
    torch.manual_seed(0)
    network = ChequerFinder()
    images, labels, _ = lesions(400, 0)
    x = torch.from_numpy(images.astype(np.float32))
    y = torch.from_numpy(labels.astype(np.float32))
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for step in range(100):
        rows = (torch.arange(60) + 60 * step) % 400
        score = network.raw(x[rows])[:, 0, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(score, y[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def judged(
    network: nn.Module, *, with_masks: bool = True, patients: int = 40, **options: object
) -> tuple[list[Evidence], Explained]:
    images, _, masks = lesions(80, 1)
    record = Record("held_out", level=0.9)
    asked = Asked(
        spread=spread_of(images), seed=5, replicates=100,
        **({"images": 30, "occlusion_images": 14, "effort": Effort(most=80)} | options),  # type: ignore[arg-type]
    )  # fmt: skip
    explained = judge_explanations(
        network, images, np.arange(80) % patients, asked, record=record, model="cnn",
        masks=masks if with_masks else None,
    )  # fmt: skip
    return record.lines, explained


@pytest.fixture(scope="module")
def told(learnt: ChequerFinder) -> tuple[list[Evidence], Explained]:
    return judged(learnt)


def of(lines: list[Evidence], measure: str, slice_: str) -> Evidence:
    (line,) = [x for x in lines if x.measure == f"explanation.{measure}" and x.slice == slice_]
    return line


def test_maps_of_a_network_that_learnt_are_shown(told: tuple[list[Evidence], Explained]) -> None:
    lines, explained = told
    assert explained.shown is not None
    assert explained.shown in explained.passed
    assert "integrated" not in explained.passed  # it is multiplied by the image
    alike = of(lines, "likeness", explained.shown)
    steady = of(lines, "stability", explained.shown)
    assert alike.high is not None
    assert steady.low is not None
    assert alike.high < 0.5
    assert alike.high < steady.low
    first, second = explained.pictures
    assert "random weights" in second.title
    for picture in (first, second):
        assert Image.open(BytesIO(picture.png)).size[0] == 6 * 148 - 4


def test_they_point_at_the_lesion_and_those_of_a_random_network_do_not(
    told: tuple[list[Evidence], Explained],
) -> None:
    lines, _ = told
    chance = of(lines, "pointing_chance", "all")
    assert chance.value == pytest.approx(25 / 576)
    pointing = of(lines, "pointing", "smoothgrad")
    assert pointing.low is not None
    assert chance.high is not None
    assert pointing.low > 0.5 > chance.high
    random = of(lines, "pointing_random", "smoothgrad")
    assert random.value is not None
    assert pointing.value is not None
    assert random.value < pointing.value


def test_every_step_of_forgetting_is_told(told: tuple[list[Evidence], Explained]) -> None:
    lines, explained = told
    methods = explained.table["methods"]
    assert isinstance(methods, list)
    assert [entry["name"] for entry in methods] == list(NAMES)  # type: ignore[index, call-overload]
    slices = [x.slice for x in lines if x.measure == "explanation.structure"]
    steps = [f"smoothgrad & layers={layers} of 6" for layers in (1, 2, 4)]
    assert slices[:4] == [*steps, "smoothgrad"]
    alike = [of(lines, "likeness", step).value or 0.0 for step in [*steps, "smoothgrad"]]
    assert alike == sorted(alike, reverse=True)
    assert of(lines, "likeness", "occlusion").subjects == 14
    assert of(lines, "likeness", "gradient").subjects == 20
    assert explained.table["unmeasured"] == []
    assert all(-1 <= x.value <= 1 for x in lines if x.value is not None)


def test_maps_that_do_not_hang_on_the_weights_are_not_shown() -> None:
    lines, explained = judged(Unmoved(), with_masks=False)
    assert explained.shown is None
    assert explained.passed == ()
    assert explained.pictures == ()
    methods = explained.table["methods"]
    assert isinstance(methods, list)
    assert all("random weights the maps stay" in entry["why"] for entry in methods)  # type: ignore[index, call-overload, operator]
    assert of(lines, "likeness", "gradient").value == pytest.approx(1.0)
    assert not [x for x in lines if "pointing" in x.measure]


def test_of_few_patients_nothing_is_concluded(learnt: ChequerFinder) -> None:
    _, explained = judged(learnt, patients=5, images=6, occlusion_images=3, copies=1)
    assert explained.shown is None
    assert "too few" in str(explained.table["methods"])


def test_images_that_are_given_the_answer_come_first(
    told: tuple[list[Evidence], Explained],
) -> None:
    """Every second of 80 images has a lesion: 20 of the 40 patients, twice each."""
    assert told[1].table["images"] == 30
    assert told[1].table["subjects"] == 20
    assert of(told[0], "pointing_chance", "all").subjects == 20


def test_it_follows_from_the_seed(
    learnt: ChequerFinder,
) -> None:
    one, other = (judged(learnt, images=6, occlusion_images=3, copies=2) for _ in range(2))
    assert one == other


def test_cost_is_bounded(learnt: ChequerFinder) -> None:
    lines, explained = judged(learnt, seconds=0.0)
    assert explained.table["unmeasured"] == list(NAMES)
    assert {x.measure for x in lines} == {"explanation.pointing_chance"}


def test_the_network_stays_as_it_was(learnt: ChequerFinder) -> None:
    before = {name: value.clone() for name, value in learnt.state_dict().items()}
    learnt.train()
    judged(learnt, seconds=1.0, with_masks=False)
    assert learnt.training
    learnt.eval()
    assert all(torch.equal(before[name], value) for name, value in learnt.state_dict().items())


@pytest.mark.parametrize(
    ("likeness", "stability", "deletion", "patients", "shown"),
    [
        ((0.1, 0.0, 0.2), (0.8, 0.7, 0.9), (0.8, 0.7, 0.9), 30, True),
        ((0.1, 0.0, 0.2), (0.8, 0.7, 0.9), (0.8, 0.7, 0.9), 9, False),
        ((0.45, 0.3, 0.55), (0.8, 0.7, 0.9), (0.8, 0.7, 0.9), 30, False),
        ((0.3, 0.2, 0.4), (0.4, 0.35, 0.5), (0.8, 0.7, 0.9), 30, False),
        ((0.1, 0.0, 0.2), (0.8, 0.7, 0.9), (0.6, 0.5, 0.7), 30, False),
        ((np.nan,) * 3, (0.8, 0.7, 0.9), (0.8, 0.7, 0.9), 30, False),
        ((0.1, 0.0, 0.2), (np.nan,) * 3, (0.8, 0.7, 0.9), 30, False),
        ((0.1, 0.0, 0.2), (0.8, 0.7, 0.9), (np.nan,) * 3, 30, False),
    ],
)
def test_the_verdict(
    likeness: tuple[float, float, float], stability: tuple[float, float, float],
    deletion: tuple[float, float, float], patients: int, shown: bool,
) -> None:  # fmt: skip
    found, why = verdict(likeness, stability, deletion, patients=patients)
    assert found == shown
    assert why.startswith("Shown" if shown else "Not shown")


def test_volumes_and_classes() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv3d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(),
        nn.Linear(4, 3), nn.Softmax(dim=1),
    )  # fmt: skip
    volumes = np.random.default_rng(0).normal(0, 1, (14, 1, 6, 12, 10)).astype(np.float32)
    record = Record("held_out", level=0.9)
    asked = Asked(
        spread=spread_of(volumes), seed=5, replicates=50, steps=3, occlusion_images=12,
        effort=Effort(most=40),
    )  # fmt: skip
    explained = judge_explanations(network, volumes, np.arange(14), asked, record=record)
    methods = explained.table["methods"]
    assert isinstance(methods, list)
    assert len(methods) == 4


@pytest.mark.parametrize(("low", "shown"), [(0.0, False), (0.02, False), (0.3, True)])
def test_maps_that_miss_what_people_marked_are_not_shown(low: float, shown: bool) -> None:
    found, why = verdict(
        (0.1, 0.0, 0.2), (0.9, 0.8, 1.0), (0.9, 0.8, 1.0), patients=30,
        pointing=(0.5, low, 0.9), blind=0.03,
    )  # fmt: skip
    assert found is shown
    assert why.startswith("Shown" if shown else "Not shown: the maps do not point")
