"""Surface distances: brute force, other implementations, and empty masks.

ORACLES were computed once on the masks of `made_up.CASES`: DeepMind's surface-distance 0.1 (NSD at
1 mm, HD95, HD; the mean of its two directions lies about ours) and MONAI 1.6.1 (HD95, HD and ASSD
of border voxels, which lie within a voxel's diagonal of those of surfaces between voxels).
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.methods.masks.made_up import CASES

from bedside.methods.masks import pair, surfaces
from bedside.methods.masks.surfel import surfel_sizes

ORACLES = {
    "balls": ((0.68979391, 2.23606798, 2.82842712), (0.92730601, 0.72981050),
              (2.31076694, 2.82842708, 1.10518420)),
    "coarse": ((0.97497310, 1.0, 1.22065556), (0.24689591, 0.24689591),
               (1.22065556, 1.22065556, 0.30766574)),
    "blobs": ((0.99324597, 0.5, 2.0), (0.10077276, 0.06324309), (0.5, 2.0, 0.15609585)),
    "far": ((0.0, 20.04993766, 21.0), (16.71152308, 15.62243723),
            (20.12461090, 21.0, 16.80392647)),
    "picture": ((0.87257443, 2.0, 4.0), (0.57601490, 0.55403079),
                (2.41377759, 4.0, 0.72057617)),
    "thin": ((1.0, 0.0, 1.0), (0.04091813, 0.04091813), (1.0, 1.0, 0.11504425)),
}  # fmt: skip


def of(predicted, truth, spacing):
    return surfaces(next(pair(predicted, truth, spacing, 1).structures(1)))


@pytest.mark.parametrize("name", CASES)
def test_other_implementations_agree(name):
    predicted, truth, spacing = CASES[name]
    found = of(predicted, truth, spacing)
    (nsd, hd95, hd), directed, (border95, border, _) = ORACLES[name]
    assert found.nsd(1.0) == pytest.approx(nsd, abs=5e-4)
    assert found.hausdorff() == pytest.approx(hd95, abs=1e-6)
    assert found.hausdorff(1.0) == pytest.approx(hd, abs=1e-6)
    assert min(directed) - 1e-3 <= found.assd() <= max(directed) + 1e-3
    voxel = np.linalg.norm(spacing)
    assert abs(found.hausdorff() - border95) <= voxel
    assert abs(found.hausdorff(1.0) - border) <= voxel


def brute(predicted, truth, spacing):
    """Cells that hold both inside and outside, each with its size and its nearest in the other."""
    sizes, axes = surfel_sizes(spacing), predicted.ndim
    held = []
    for mask in (predicted, truth):
        padded = np.pad(mask, 1)
        cells = []
        for place in product(*(range(n + 1) for n in mask.shape)):
            around = [padded[tuple(np.add(place, o))] for o in product((0, 1), repeat=axes)]
            code = sum(int(value) << bit for bit, value in enumerate(around))
            if 0 < code < len(sizes) - 1:
                cells.append((np.multiply(place, spacing), sizes[code]))
        held.append(cells)
    found = []
    for this, other in ((0, 1), (1, 0)):
        for place, size in held[this]:
            nearest = min(np.linalg.norm(place - there) for there, _ in held[other])
            found.append((this, nearest, size))
    return found


MASKS = arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 3), elements=st.integers(0, 1))


@settings(max_examples=60, deadline=None)
@given(first=MASKS, seed=st.integers(0, 100), spacing=st.sampled_from([(1.0, 1.0, 1.0),
       (3.0, 0.5, 1.25)]))  # fmt: skip
def test_a_loop_over_all_pairs_of_elements_finds_the_same(first, seed, spacing):
    second = np.random.default_rng(seed).integers(0, 2, first.shape).astype(np.uint8)
    if not first.any() or not second.any():
        return
    cells, found = brute(first, second, spacing), of(first, second, spacing)
    sizes = np.array([size for _, _, size in cells])
    distances = np.array([distance for _, distance, _ in cells])
    assert found.assd() == pytest.approx(distances @ sizes / sizes.sum(), abs=1e-9)
    for tolerance in (0.0, 0.6, 1.1):
        near = sizes[distances <= tolerance].sum() / sizes.sum()
        assert found.nsd(tolerance) == pytest.approx(near, abs=1e-9)
    assert found.hausdorff(1.0) == pytest.approx(distances.max(), abs=1e-9)
    for share in (0.5, 0.95):
        worst = found.hausdorff(share)
        for this in (0, 1):
            own = np.array([(d, s) for side, d, s in cells if side == this])
            assert own[own[:, 0] <= worst + 1e-9, 1].sum() >= share * own[:, 1].sum() - 1e-9


def test_the_95th_percentile_is_of_area_not_of_elements():
    truth = np.zeros((3, 40, 40), np.uint8)
    truth[1, 10:30, 10:30] = 1
    predicted = truth.copy()
    predicted[1, 0, 0] = 1
    found = of(predicted, truth, (5.0, 1.0, 1.0))
    assert found.hausdorff() == 0.0
    assert found.hausdorff(1.0) > 13
    assert found.nsd(1.0) > 0.95


NOTHING = np.zeros((4, 5, 6), np.uint8)
SOMETHING = np.ones((4, 5, 6), np.uint8)
DIAGONAL = np.sqrt((4 * 2) ** 2 + 5**2 + 6**2)


@pytest.mark.parametrize(
    ("predicted", "truth", "nsd", "distance"),
    [
        (NOTHING, NOTHING, 1.0, 0.0),
        (SOMETHING, NOTHING, 0.0, DIAGONAL),
        (NOTHING, SOMETHING, 0.0, DIAGONAL),
        (SOMETHING, SOMETHING, 1.0, 0.0),
    ],
)
def test_empty_masks_follow_the_convention(predicted, truth, nsd, distance):
    found = of(predicted, truth, (2.0, 1.0, 1.0))
    assert found.nsd(1.0) == nsd
    assert found.hausdorff() == found.hausdorff(1.0) == found.assd() == pytest.approx(distance)


def test_no_distance_is_beyond_that_of_an_empty_mask():
    corner, opposite = NOTHING.copy(), NOTHING.copy()
    corner[0, 0, 0] = opposite[-1, -1, -1] = 1
    assert of(corner, opposite, (2.0, 1.0, 1.0)).hausdorff(1.0) < DIAGONAL


def test_what_lies_around_a_structure_changes_nothing():
    predicted, truth, spacing = CASES["balls"]
    small, large = of(predicted, truth, spacing), [np.pad(m, (7, 3)) for m in (predicted, truth)]
    for name in ("nsd", "hausdorff"):
        assert getattr(small, name)(0.9) == getattr(of(*large, spacing), name)(0.9)


def test_structures_are_measured_apart():
    predicted, truth, spacing = CASES["balls"]
    both = [np.concatenate([m, 2 * n]) for m, n in ((predicted, truth), (truth, predicted))]
    first, second = (surfaces(one) for one in pair(*both, spacing, 2).structures(2))
    assert first.assd() == pytest.approx(second.assd())
    assert first.from_truth.max() == pytest.approx(second.from_predicted.max())
