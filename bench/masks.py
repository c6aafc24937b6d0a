"""HD95 and NSD of made-up masks as small as a hippocampus, beside MONAI and DeepMind's package.

    python bench/masks.py [--masks 100] [--shape 36 52 32]

Two structures a mask, one thread, peers and ours alternating mask by mask in one process; the best
of three rounds of each counts. DeepMind's surface-distance means the same surface: HD95 must be
equal and NSD within 0.002 (cells that can be cut in more than one way). MONAI's NSD likewise (with
`use_subvoxels`); its HD95 is of border voxels and must lie within a voxel's diagonal. Otherwise, or
below the bar against any peer, the script exits with 1. A peer that is not installed is left out;
without any there is nothing to compare.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from bedside.methods.masks import pair, surfaces

Mask = NDArray[np.uint8]
Found = list[tuple[float, float]]
"""HD95 and NSD of each structure."""
SPACING = (1.0, 1.0, 1.0)
TOLERANCE = 1.0
STRUCTURES = 2
NSD_WITHIN = 2e-3
BAR = 3.0
ROUNDS = 3


def made_up(count: int, shape: tuple[int, ...], seed: int = 0) -> list[tuple[Mask, Mask]]:
    """Predicted and true masks: a bent body with a head and a tail, and the same a little off."""
    random = np.random.default_rng(seed)
    return [(_mask(random, shape, 0.25), _mask(random, shape, 0.0)) for _ in range(count)]


def _mask(random: np.random.Generator, shape: tuple[int, ...], off: float) -> Mask:
    place = [(axis - n / 2) / (n * 0.28) for axis, n in zip(np.indices(shape), shape, strict=True)]
    place[0] = place[0] + 0.6 * place[1] ** 2 - 0.3
    rough = ndimage.gaussian_filter(random.normal(size=shape), 2.0) * (4 + 8 * off)
    inside = sum(axis**2 for axis in place) + rough < 1
    return np.where(inside, np.where(place[1] < 0.1, 1, 2), 0).astype(np.uint8)


def ours(predicted: Mask, truth: Mask) -> Found:
    """Checks, boxes, surfaces, both measures."""
    apart = [
        surfaces(one) for one in pair(predicted, truth, SPACING, STRUCTURES).structures(STRUCTURES)
    ]
    return [(one.hausdorff(), one.nsd(TOLERANCE)) for one in apart]


def deepmind(predicted: Mask, truth: Mask) -> Found:
    """surface-distance 0.1."""
    import surface_distance

    found = []
    for structure in range(1, STRUCTURES + 1):
        apart = surface_distance.compute_surface_distances(
            truth == structure, predicted == structure, SPACING
        )
        hd95 = surface_distance.compute_robust_hausdorff(apart, 95)
        nsd = surface_distance.compute_surface_dice_at_tolerance(apart, TOLERANCE)
        found.append((float(hd95), float(nsd)))
    return found


def monai(predicted: Mask, truth: Mask) -> Found:
    """MONAI's two functions, as its documentation has them."""
    from monai.metrics import compute_hausdorff_distance, compute_surface_dice

    one_hot = [
        torch.from_numpy(np.stack([mask == k for k in range(STRUCTURES + 1)])[None]).float()
        for mask in (predicted, truth)
    ]
    hd95 = compute_hausdorff_distance(*one_hot, percentile=95, spacing=list(SPACING))[0]
    nsd = compute_surface_dice(
        *one_hot, class_thresholds=[TOLERANCE] * STRUCTURES, spacing=list(SPACING),
        use_subvoxels=True,
    )[0]  # fmt: skip
    return list(zip(hd95.tolist(), nsd.tolist(), strict=True))


PEERS: dict[str, tuple[str, Callable[[Mask, Mask], Found], float]] = {
    "surface-distance": ("surface_distance", deepmind, 1e-9),
    "MONAI": ("monai", monai, float(np.linalg.norm(SPACING))),
}
"""Package, function, and how far HD95 may lie from ours in mm."""


def main() -> int:
    """Print seconds and ratios; 1 where an output differs or the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masks", type=int, default=100)
    parser.add_argument("--shape", type=int, nargs=3, default=(36, 52, 32))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    peers = {name: peer for name, peer in PEERS.items() if find_spec(peer[0])}
    if not peers:
        print("neither surface-distance nor monai is installed: nothing to compare")
        return 1
    masks = made_up(arguments.masks, tuple(arguments.shape))
    seconds, worst = _race(masks, peers)
    print(
        f"{arguments.masks} masks of {tuple(arguments.shape)}, Python {platform.python_version()}"
    )
    print(f"bedside: {1000 * seconds['bedside'] / len(masks):.2f} ms a mask")
    good = True
    for name, (_, _, hd95_within) in peers.items():
        ratio = seconds[name] / seconds["bedside"]
        hd95, nsd = worst[name]
        print(
            f"{name}: {1000 * seconds[name] / len(masks):.2f} ms a mask, {ratio:.1f} times ours; "
            f"HD95 differs by at most {hd95:.3g} mm, NSD by {nsd:.2g}"
        )
        good &= ratio >= BAR and hd95 <= hd95_within and nsd <= NSD_WITHIN
    return 0 if good else 1


def _race(
    masks: list[tuple[Mask, Mask]],
    peers: dict[str, tuple[str, Callable[[Mask, Mask], Found], float]],
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Best seconds of each, and how far each peer's HD95 and NSD lie from ours at most."""
    act = {"bedside": ours} | {name: peer[1] for name, peer in peers.items()}
    for function in act.values():
        function(*masks[0])  # what is built once is not timed
    best = dict.fromkeys(act, float("inf"))
    found: dict[str, list[Found]] = {}
    for _ in range(ROUNDS):
        spent, found = dict.fromkeys(act, 0.0), {name: [] for name in act}
        for predicted, truth in masks:
            for name, function in act.items():
                started = time.perf_counter()
                found[name].append(function(predicted, truth))
                spent[name] += time.perf_counter() - started
        best = {name: min(best[name], spent[name]) for name in act}
    apart = {
        name: np.abs(np.array(found[name]) - np.array(found["bedside"])).max(axis=(0, 1))
        for name in peers
    }
    return best, {name: (float(gap[0]), float(gap[1])) for name, gap in apart.items()}


if __name__ == "__main__":
    sys.exit(main())
