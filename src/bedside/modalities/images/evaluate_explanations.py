"""Maps of what a network looks at, and whether they may be shown.

    explained = judge_explanations(network, images, subjects, asked, record=record, model="cnn")

A map is shown only if it passes three checks, on images of patients the network has not seen: it
becomes another one when the network forgets what it learnt (Adebayo et al., NeurIPS 2018); it stays
what it is when the image hardly changes (what Arun et al. call repeatability, Radiol Artif Intell
2021;3:e200267); and covering what it marks changes the answer more than covering what another
patient's map marks. Where people marked places, it must also point at them more often than a blind
map would.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import nn

from bedside.core.spec import Plain
from bedside.methods.corruption.ladder import corrupt
from bedside.methods.corruption.spread import Spread
from bedside.methods.evaluation.record import Record
from bedside.methods.explanation.admission import MOST_ALIKE, verdict
from bedside.methods.explanation.likeness import (
    chance_of_pointing,
    points_at,
    rank_correlation,
    structural_similarity,
)
from bedside.methods.explanation.occlusion import Effort, occlusion, without_strongest
from bedside.methods.explanation.randomised import cascade, layers_of, randomised
from bedside.methods.explanation.saliency import Method, Settings, at_rest, saliency, score_of
from bedside.methods.intervals import Interval, resample, summarise
from bedside.methods.measures import FloatArray, IntArray
from bedside.modalities.images.pictures import Picture, overlays

Images = NDArray[np.generic]
Maps = NDArray[np.float32]
Explain = Callable[[nn.Module, Images, IntArray], Maps]
"""From a network, images [n, C, *spatial] and columns [n] to maps [n, *spatial]."""
CANDIDATES = 10
"""Times as many images are looked at as are explained, to find those that are given the answer."""
FINEST = 32
"""Maps from gradients are smoothed over one part in so many of each edge: single pixels say little,
and strides of a network leave a grid."""
NAMES = {
    "smoothgrad": "SmoothGrad", "occlusion": "occlusion",
    "integrated": "integrated gradients", "gradient": "gradient",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How much is done."""

    spread: Spread
    """Of the training images."""
    seed: int
    images: int = 40
    """Images at most, drawn by the seed from those that are given the answer in question; a
    patient's second only where there are no more patients."""
    occlusion_images: int = 16
    """Of occlusion, which asks for hundreds of predictions of each."""
    seconds: float = 120.0
    """No method is begun that would take longer than what is left; what is left out is named."""
    replicates: int = 500
    copies: int = 5
    """Networks that forgot everything: one may be like the network by chance."""
    steps: int = 8
    """Noisy copies, or steps from the baseline, of a map from gradients."""
    effort: Effort = field(default_factory=lambda: Effort(most=150))
    pictured: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One method on n images."""

    name: str
    maps: Maps
    forgetful: Maps
    """Maps of a network that forgot everything."""
    likeness: Mapping[int, FloatArray]
    """By how many layers forgot, [copies, n] size of the rank correlation with `maps`."""
    structure: Mapping[int, FloatArray]
    """Likewise, structural similarity."""
    stability: FloatArray
    """[1, n] rank correlation with maps of the images with a little noise."""

    deletion: FloatArray
    """[1, n] 1 where covering what the map marks lowers the score more than covering what the map
    of another patient marks; 0.5 where alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What came of it."""

    table: dict[str, Plain]
    """For the report, see docs/explanations.md."""
    shown: str | None
    """The method whose maps are shown; None: no method passed."""
    passed: tuple[str, ...]
    """All that passed, such as `occlusion`, which can be asked of a released graph."""
    pictures: tuple[Picture, ...]
    """Of the method shown; empty where none passed."""


def judge_explanations(
    network: nn.Module, images: Images, subjects: IntArray, asked: Asked, *, record: Record,
    model: str = "", masks: NDArray[np.generic] | None = None, column: int | None = None,
) -> Explained:  # fmt: skip
    """Evidence into `record`, a table, and the pictures that may be shown.

    `images` [N, C, *spatial] of patients `subjects` [N]. `column` of the network's output is
    explained; None: each image's likeliest class, or the only one. `masks` [N, *spatial], if there
    are any, mark what a map should point at.
    """
    chosen = _given(network, images, _drawn(subjects, asked), column)[: asked.images]
    some = np.asarray(images[chosen])
    columns = _columns(network, some, column)
    marked = None if masks is None else np.asarray(masks[chosen])
    work = _Work(asked=asked, network=network, images=some, columns=columns, rows=chosen)
    checked = list(work.methods())
    sample = _Sample(subjects=subjects[chosen], asked=asked, level=record.level)
    told = [_told(one, sample, record, model=model, total=len(layers_of(network)), marked=marked)
            for one in checked]  # fmt: skip
    if marked is not None:
        chance = chance_of_pointing(marked)[None]
        record.add("explanation.pointing_chance", sample.mean(chance), model=model,
                   subjects=sample.patients(chance))  # fmt: skip
    passed = [one for one, entry in zip(checked, told, strict=True) if entry["shown"]]
    best = max(passed, key=lambda one: _worth(one, marked), default=None)
    table: dict[str, Plain] = {
        "model": model, "images": len(chosen), "subjects": len(np.unique(subjects[chosen])),
        "most_alike": MOST_ALIKE, "shown": best.name if best else None, "methods": [*told],
        "unmeasured": [name for name in NAMES if name not in {one.name for one in checked}],
    }  # fmt: skip
    pictures = work.pictures(best, marked) if best else ()
    return Explained(
        table=table, shown=best.name if best else None, pictures=pictures,
        passed=tuple(one.name for one in passed),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One network before the chosen images."""

    asked: Asked
    network: nn.Module
    images: Images
    columns: IntArray
    rows: IntArray

    def methods(self) -> Iterator[Checked]:
        """Each method that there is time for."""
        until = time.process_time() + self.asked.seconds
        started = time.process_time()
        scores(self.network, self.images, self.columns)
        forward = (time.process_time() - started) / len(self.images)
        for name in NAMES:
            if time.process_time() + forward * self._forwards(name) < until:
                yield self._check(name)

    def _forwards(self, name: str) -> float:
        """About how many images go through the network; a gradient costs three times as much."""
        asked = self.asked
        if name == "occlusion":
            return asked.occlusion_images * asked.effort.most * (2 + asked.copies)
        steps = 1 if name == "gradient" else asked.steps
        return 3.0 * len(self.images) * steps * (4 + asked.copies)

    def _check(self, name: str) -> Checked:
        asked, explain = self.asked, self._explain(name)
        by_gradient = name != "occlusion"
        part = slice(0, len(self.images) if by_gradient else asked.occlusion_images)
        images, columns, keys = self.images[part], self.columns[part], self.rows[part]
        maps = explain(self.network, images, columns)
        likeness: dict[int, FloatArray] = {}
        structure: dict[int, FloatArray] = {}
        steps = cascade(self.network)
        other = np.zeros_like(maps)
        for layers in steps if by_gradient else steps[-1:]:
            found = []
            for number in range(asked.copies if layers == steps[-1] else 1):
                forgetful = randomised(self.network, layers, seed=asked.seed, number=number)
                other = explain(forgetful, images, columns)
                # A map turned round follows from the image as well: the size counts, not the sign.
                alike = np.abs(rank_correlation(maps, other))
                found.append((alike, structural_similarity(maps, other)))
            # A map that is the same everywhere has nothing in common with another.
            both = np.nan_to_num(np.array(found))
            likeness[layers], structure[layers] = both[:, 0], both[:, 1]
        noisy = corrupt(images, "noise", 1, spread=asked.spread, keys=keys, seed=asked.seed)
        stability = rank_correlation(maps, explain(self.network, noisy, columns))
        return Checked(
            name=name, maps=maps, forgetful=other, likeness=likeness, structure=structure,
            stability=np.nan_to_num(stability)[None],
            deletion=self._deletion(maps, images, columns)[None],
        )  # fmt: skip

    def _deletion(self, maps: Maps, images: Images, columns: IntArray) -> FloatArray:
        whole = scores(self.network, images, columns)
        speaks_for = maps.clip(0)
        own, other = (
            whole - scores(self.network, without_strongest(images, of), columns)
            for of in (speaks_for, np.roll(speaks_for, 1, axis=0))
        )
        return np.where(own == other, 0.5, (own > other).astype(np.float64))

    def _explain(self, name: str) -> Explain:
        asked = self.asked
        settings = Settings(steps=asked.steps, baseline=asked.spread.centre, seed=asked.seed)
        by_gradient: dict[str, Method] = {
            "smoothgrad": "smoothgrad", "integrated": "integrated", "gradient": "gradient",
        }  # fmt: skip
        if name in by_gradient:
            method = by_gradient[name]
            return lambda network, images, columns: _smooth(
                saliency(network, images, columns, method, settings)
            )
        return lambda network, images, columns: np.stack(
            [
                occlusion(score_function(network, int(column)), image, asked.effort)
                for image, column in zip(images, columns, strict=True)
            ]
        )

    def pictures(
        self, best: Checked, marked: NDArray[np.generic] | None
    ) -> tuple[Picture, Picture]:
        """Its maps, and beside them those of a network that forgot everything."""
        count = len(best.maps)
        score = scores(self.network, self.images[:count], self.columns[:count])
        if marked is not None:
            score = score - 1e9 * ~marked[:count].reshape(count, -1).any(axis=1)
        rows = np.argsort(-score, kind="stable")[: self.asked.pictured]
        name, images = NAMES[best.name], self.images[rows]
        note = "A map shows where the answer would change, not why, and not that it is right."
        return (
            overlays(
                images, best.maps[rows], self.asked.spread, note=note,
                title=f"What the model's answer rests on in the {len(rows)} surest images: {name}",
            ),
            overlays(
                images, best.forgetful[rows], self.asked.spread,
                title=f"The check: {name} of the same network with random weights",
            ),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """Patients behind the images, in the order of the images."""

    subjects: IntArray
    asked: Asked
    level: float

    def patients(self, values: FloatArray) -> int:
        """With a known value among [copies, n]."""
        return len(np.unique(self.subjects[: values.shape[1]][np.isfinite(values[0])]))

    def mean(self, values: FloatArray) -> Interval:
        """Over copies and patients of [copies, n]; the interval resamples both."""
        known = np.isfinite(values[0])
        if not known.any():
            return (float("nan"),) * 3
        subjects = self.subjects[: values.shape[1]][known]
        _, patient, images = np.unique(subjects, return_inverse=True, return_counts=True)
        share_N, replicates = 1.0 / images[patient], self.asked.replicates
        weights_BN = np.concatenate(list(resample(subjects, replicates, self.asked.seed).chunks()))
        weights_BN = np.concatenate([np.ones((1, len(subjects))), weights_BN])
        means_BR = (weights_BN @ (share_N * values[:, known]).T) / (weights_BN @ share_N)[:, None]
        copies = len(values)
        stream = np.random.Philox(key=self.asked.seed, counter=[0, 0, 1, 0])
        drawn_BR = np.random.Generator(stream).integers(0, copies, (replicates, copies))
        means_B = np.take_along_axis(means_BR[1:], drawn_BR, axis=1).mean(axis=1)
        return summarise(float(means_BR[0].mean()), means_B, self.level)


def _told(
    one: Checked, sample: _Sample, record: Record, *, model: str, total: int,
    marked: NDArray[np.generic] | None,
) -> dict[str, Plain]:  # fmt: skip
    subjects = sample.patients(one.stability)

    def add(measure: str, values: FloatArray, slice_: str = "") -> dict[str, Plain]:
        return record.add(
            f"explanation.{measure}", sample.mean(values), subjects=sample.patients(values),
            model=model, slice_=slice_ or one.name,
        )  # fmt: skip

    layers: list[Plain] = []
    for count in one.likeness:
        slice_ = one.name if count == total else f"{one.name} & layers={count} of {total}"
        layers.append({
            "layers": count, "total": total,
            "likeness": add("likeness", one.likeness[count], slice_),
            "structure": add("structure", one.structure[count], slice_),
        })  # fmt: skip
    stability = add("stability", one.stability)
    deletion = add("deletion", one.deletion)
    pointed, blind = None, 0.0
    if marked is not None:
        here = marked[: len(one.maps)]
        pointed = sample.mean(points_at(one.maps, here)[None])
        blind = sample.mean(chance_of_pointing(here)[None])[0]
    shown, why = verdict(
        sample.mean(one.likeness[total]), sample.mean(one.stability), sample.mean(one.deletion),
        patients=subjects, pointing=pointed, blind=blind,
    )  # fmt: skip
    entry: dict[str, Plain] = {
        "name": one.name, "title": NAMES[one.name], "layers": layers, "stability": stability,
        "deletion": deletion,
        "shown": shown, "why": why,
    }  # fmt: skip
    if marked is not None:
        here = marked[: len(one.maps)]
        entry["pointing"] = add("pointing", points_at(one.maps, here)[None])
        entry["pointing_random"] = add("pointing_random", points_at(one.forgetful, here)[None])
    return entry


def scores(network: nn.Module, images: Images, columns: IntArray) -> FloatArray:
    """[n] one column each of the network's score, without gradients."""
    given = torch.from_numpy(np.asarray(images, np.float32))
    with torch.no_grad(), at_rest(network):
        found = score_of(network, given, torch.from_numpy(np.asarray(columns, np.int64)))
    return np.asarray(found.numpy(), np.float64)


def score_function(network: nn.Module, column: int) -> Callable[[Images], FloatArray]:
    """A network's score as `occlusion` asks for it."""
    return lambda images: scores(network, images, np.full(len(images), column, np.int64))


def _smooth(maps: Maps) -> Maps:
    sigma = (0.0, *[size / FINEST for size in maps.shape[1:]])
    return np.asarray(gaussian_filter(maps, sigma, mode="nearest"), np.float32)


def _worth(one: Checked, marked: NDArray[np.generic] | None) -> float:
    """By which the method to be shown is chosen among those that passed."""
    if marked is not None:
        found = points_at(one.maps, marked[: len(one.maps)])
        if np.isfinite(found).any():
            return float(np.nanmean(found))
    return float(one.deletion.mean())


def _columns(network: nn.Module, images: Images, column: int | None) -> IntArray:
    """[n] of the network's output."""
    if column is not None:
        return np.full(len(images), column, np.int64)
    with torch.no_grad(), at_rest(network):
        value = network(torch.from_numpy(np.asarray(images, np.float32)))
    over_places = value.flatten(2).mean(dim=2) if value.ndim > 2 else value
    return np.asarray(over_places.argmax(dim=1), np.int64)


def _drawn(subjects: IntArray, asked: Asked) -> IntArray:
    """Rows by the seed: one of each patient, then the second of each, and so on."""
    order = np.random.Generator(np.random.Philox(key=asked.seed)).permutation(len(subjects))
    seen: dict[int, int] = {}
    turn = []
    for row in order:
        turn.append(seen.get(int(subjects[row]), 0))
        seen[int(subjects[row])] = turn[-1] + 1
    return order[np.argsort(turn, kind="stable")][: CANDIDATES * asked.images]


def _given(network: nn.Module, images: Images, rows: IntArray, column: int | None) -> IntArray:
    """Rows whose image is given the answer come first: of the others there is little to explain.

    The rest follow by falling score, so that a rare answer is explained where it is likeliest.
    """
    columns = np.concatenate([_columns(network, images[part], column) for part in _parts(rows)])
    score = np.concatenate([
        scores(network, images[part], some)
        for part, some in zip(_parts(rows), _parts(columns), strict=True)
    ])  # fmt: skip
    given = score > 0 if column is not None or not columns.any() else np.ones(len(rows), np.bool_)
    rest = np.flatnonzero(~given)
    return np.concatenate([rows[given], rows[rest[np.argsort(-score[rest], kind="stable")]]])


def _parts(rows: IntArray, size: int = 64) -> list[IntArray]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]
