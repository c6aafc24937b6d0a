from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.modalities.images.made_sources import schema_of, study_of
from tests.modalities.images.synthesize.made_cases import with_classes, with_masks

from bedside.methods.cases import Cases
from bedside.methods.fidelity.detection import detection
from bedside.methods.privacy.copies import CHANCE_FEW, near_copies
from bedside.methods.privacy.measured import excess, told_apart
from bedside.methods.privacy.membership import by_density
from bedside.methods.privacy.people import People
from bedside.modalities.images.synthesize.looks import looks_of

BINARY = schema_of((1, 12, 12), "uint8")


def blobs(count: int, seed: int) -> Cases:
    """Each picture with three blobs of its own."""
    rng = np.random.default_rng(seed)
    cases = with_classes(count)
    grid = np.indices((12, 12))[None, None]
    centre = rng.uniform(1, 11, (count, 3, 2, 1, 1))
    far = ((grid - centre) ** 2).sum(axis=2)
    values = 60 + (rng.uniform(40, 90, (count, 3, 1, 1)) * np.exp(-far / 5)).sum(axis=1)
    images = (values + rng.normal(0, 4, values.shape)).clip(0, 255).astype(np.uint8)[:, None]
    return replace(cases, arrays={"image": images})


def planted(members: Cases, others: Cases, share: float) -> Cases:
    """Other pictures, a share of them replaced by noisy, darker copies of members."""
    images = others.arrays["image"].copy()
    count = round(share * len(images))
    noise = np.random.default_rng(5).normal(0, 3, images[:count].shape)
    copies = 0.95 * members.arrays["image"][:count] + noise
    images[:count] = copies.clip(0, 255).astype(np.uint8)
    return replace(others, arrays={"image": images})


@pytest.fixture(scope="module")
def roles() -> tuple[People, Cases, list[Cases]]:
    parts = [blobs(120, seed) for seed in range(4)]
    looks = looks_of(BINARY, parts[0])
    people = People(
        members=looks.mixed(parts[0]), others=looks.mixed(parts[1]), reference=looks.mixed(parts[2])
    )
    return people, parts[0], parts


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_planted_copies_are_seen_and_other_pictures_are_not(
    roles: tuple[People, Cases, list[Cases]], share: float
) -> None:
    people, members, parts = roles
    released = looks_of(BINARY, members).mixed(planted(members, parts[3], share))
    gained, low, _ = excess(near_copies(people, released), seed=0, replicates=200)
    apart = told_apart(by_density(people, released))
    if share:
        assert gained > 0.8 * share
        assert low > 0.1
        assert apart > 0.5 + 0.4 * share
    else:
        assert low < 0.05
        assert 0.4 < apart < 0.6


def test_a_few_copies_are_seen_among_what_is_unlike_any_member(
    roles: tuple[People, Cases, list[Cases]],
) -> None:
    """Rows that lie far off hide them where one in twenty others counts as near."""
    people, members, parts = roles
    images = 255 - parts[3].arrays["image"]
    images[:12] = members.arrays["image"][:12]
    released = looks_of(BINARY, members).mixed(replace(parts[3], arrays={"image": images}))
    gained, low, _ = excess(near_copies(people, released, CHANCE_FEW), seed=0, replicates=200)
    assert gained > 0.08
    assert low > 0.02


def test_trees_see_what_is_unlike(roles: tuple[People, Cases, list[Cases]]) -> None:
    people, members, parts = roles
    smooth = parts[3].arrays["image"].astype(float)
    smooth = (smooth + np.roll(smooth, 1, 2) + np.roll(smooth, 1, 3)) / 3
    looks = looks_of(BINARY, members)
    seen = [
        detection(people.others, looks.mixed(cases), seed=0).auroc(seed=0, replicates=100)[0]
        for cases in (
            parts[3], replace(parts[3], arrays={"image": np.rint(smooth).astype(np.uint8)})
        )
    ]  # fmt: skip
    assert seen[0] < 0.65
    assert seen[1] > 0.9


def test_what_is_asked_for_is_matched() -> None:
    cases = with_classes()
    looks = looks_of(BINARY, cases)
    np.testing.assert_array_equal(looks.matching(cases, {"target": "yes"}), cases.target == 1)
    assert looks.matching(cases, {}).all()
    outlined = with_masks()
    looks = looks_of(schema_of((1, 0, 0), "uint8", task="segmentation"), outlined)
    np.testing.assert_array_equal(
        looks.matching(outlined, {"target": "back"}), np.arange(len(outlined)) % 2 == 1
    )
    shares = looks.mixed(outlined).values[:, -2:]
    np.testing.assert_allclose(shares[0], [16 / 256, 0])
    assert looks.inputs(outlined).numeric.shape[0] == len(outlined)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_table_holds_the_pictures_themselves(tmp_path: Path, dtype: str) -> None:
    cases = with_classes(dtype=dtype)
    study = study_of(tmp_path, "a.csv", {"image": "file"})
    table = looks_of(BINARY, cases).table(cases, study)
    assert table.columns == ["image", "label"]
    assert table["label"].to_list() == ["no"] * 12 + ["yes"] * 12
    held = BytesIO(table["image"][5])
    image = np.asarray(Image.open(held)) if dtype == "uint8" else np.load(held)[0]
    np.testing.assert_array_equal(image, cases.arrays["image"][5, 0])


def test_the_table_holds_masks_without_padding(tmp_path: Path) -> None:
    cases = with_masks(padded=True)
    study = study_of(tmp_path, "a.csv", {"image": "file"})
    table = looks_of(schema_of((1, 0, 0), "uint8", task="segmentation"), cases).table(cases, study)
    for name, array in (("image", cases.arrays["image"][0, 0]), ("mask", cases.arrays["mask"][0])):
        found = np.asarray(Image.open(BytesIO(table[name][0])))
        np.testing.assert_array_equal(found, array[:13, :14])
