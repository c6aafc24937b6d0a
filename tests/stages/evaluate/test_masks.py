"""Evaluating masks, on outlines that are planted: every overlap can be told by hand.

Pictures are of 16 rows, each of one brightness, from which both models outline: the deep one sees
structure 1 above 100 and 2 above 200, the simple one above 50 and 150.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from onnx import TensorProto
from tests.modalities.images.made_sources import SEGMENTATION, schema_of, study_of
from tests.stages.made_graphs import SIDE, bright_graph

from bedside.core.dataset import Dataset, write_dataset
from bedside.core.errors import DataError
from bedside.core.evidence import Evidence
from bedside.core.run import Run
from bedside.core.spec import canonical
from bedside.methods.policy import Policy
from bedside.stages import evaluate

NONE, SIMPLE, FIRST, SECOND = 20, 75, 120, 250
"""Brightness that neither model outlines, only the simple one as 1, both as 1, both as 2."""
POLICY = Policy(
    task="segmentation", threshold=None, coverage=0.9, quantiles=(0.1, 0.2), novelty_limit=12.0,
    most_missing=0.5, patients=50,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Rows of a picture by what they are and by how bright they are."""

    patient: str
    front: Sequence[int] = ()
    back: Sequence[int] = ()
    bright: Mapping[int, Sequence[int]]
    width: int = SIDE
    """What lies beyond is no image, though it is bright."""
    outlined: bool = True

    def image(self) -> np.ndarray:
        image = np.full((1, SIDE, SIDE), SECOND, np.uint8)
        image[..., : self.width] = NONE
        for value, rows in self.bright.items():
            image[0, list(rows), : self.width] = value
        return image

    def mask(self) -> np.ndarray:
        mask = np.zeros((SIDE, SIDE), np.uint8)
        if self.outlined:
            mask[list(self.front), : self.width] = 1
            mask[list(self.back), : self.width] = 2
        return mask


TOP, BOTTOM = range(4), range(8, 12)
SCANS = (
    Scan(patient="two scans", front=TOP, back=BOTTOM, bright={FIRST: TOP, SECOND: BOTTOM}),
    Scan(patient="two scans", front=TOP, back=BOTTOM, bright={FIRST: range(2, 6), SECOND: BOTTOM}),
    Scan(patient="no outline", bright={SECOND: range(16)}, outlined=False),
    Scan(patient="nothing there", bright={}),
    Scan(patient="no back", front=TOP, bright={FIRST: TOP, SIMPLE: range(4, 8)}),
    Scan(patient="back in vain", front=TOP, bright={FIRST: TOP, SECOND: BOTTOM}),
    Scan(patient="narrow", front=TOP, back=BOTTOM, width=12,
         bright={FIRST: TOP, SIMPLE: range(4, 8), SECOND: BOTTOM}),
)  # fmt: skip
# Dice by patient, as listed, of those with an outline; the two scans are 1 and 0.5.
DEEP = {"front": (0.75, 1, 1, 1, 1), "back": (1, 1, 1, 0, 1)}
OF_SIMPLE = {"front": (0.75, 1, 2 / 3, 1, 2 / 3), "back": (1, 1, 1, 0, 1)}
LEARNT = tuple(
    Scan(patient=f"train {at}", front=TOP, bright={FIRST: TOP, SECOND: BOTTOM}) for at in range(4)
)


def dataset(folder: Path, parts: Mapping[str, Sequence[Scan]], spacing: float) -> Dataset:
    folder.mkdir()
    scans = [(split, scan) for split, part in parts.items() for scan in part]
    schema = schema_of((1, 0, 0), "uint8", task="segmentation", image="{patient}.png")
    samples = pl.DataFrame({
        "sample": range(len(scans)), "subject": [scan.patient for _, scan in scans],
        "split": [split for split, _ in scans],
        "target": [1.0 if scan.outlined else None for _, scan in scans],
    }, schema_overrides={"target": pl.Float64})  # fmt: skip
    arrays = {
        "image": np.stack([scan.image() for _, scan in scans]),
        "mask": np.stack([scan.mask() for _, scan in scans]),
        "extent": np.array([(SIDE, scan.width) for _, scan in scans], np.int32),
        "spacing": np.full((len(scans), 2), spacing, np.float32),
    }
    return write_dataset(folder, schema, samples, arrays)


def trained(folder: Path, data: Dataset) -> Run:
    run = Run(folder)
    run.path("schema.json").write_text(canonical(data.schema))
    for name, limits in {"regression": (50.0, 150.0), "unet": (100.0, 200.0)}.items():
        graph = bright_graph((SIDE, SIDE), limits, TensorProto.UINT8)
        run.path(f"models/{name}/graph.onnx").write_bytes(graph)
        run.write_json(f"models/{name}/model.json", {"name": name, "patch": [SIDE, SIDE]})
        run.write_json(f"models/{name}/policy.json", POLICY.to_json())
    chosen = {"simple": "regression", "deep": "unet"}
    models = [{"name": name, "family": family} for family, name in chosen.items()]
    run.write_json("race.json", {"models": models, "released_candidates": chosen})
    return run


def evaluated(
    tmp_path: Path, context_for: object, *, spacing: float = 1.0, fewest: int = 3,
    **parts: Sequence[Scan],
) -> Run:  # fmt: skip
    data = dataset(tmp_path / "prepare-0", {"train": LEARNT} | parts, spacing)
    inputs = {"prepare": Run(data.folder), "train": trained(tmp_path / "train-0", data)}
    study = study_of(tmp_path, "in", {"image": "{patient}.png"}, task=SEGMENTATION)
    context = context_for(study, "evaluate", inputs=inputs)  # type: ignore[operator]
    spec = evaluate.Spec(replicates=60, importance_replicates=60, fewest_subjects=fewest)
    context.run.finish(evaluate.run(spec, context), 0.0)
    return context.run


def one(lines: Sequence[Evidence], measure: str, **wanted: str) -> Evidence:
    wanted = {"slice": "all"} | wanted
    (found,) = [x for x in lines if x.measure == measure
                and all(getattr(x, key) == value for key, value in wanted.items())]  # fmt: skip
    return found


def mean(values: Sequence[float]) -> object:
    return pytest.approx(sum(values) / len(values), abs=1e-6)


def test_overlaps_are_those_that_were_planted(tmp_path: Path, context_for: object) -> None:
    lines = evaluated(tmp_path, context_for, held_out=SCANS).evidence()
    for model, expected in {"unet": DEEP, "regression": OF_SIMPLE}.items():
        for name, values in expected.items():
            found = one(lines, "dice", model=model, slice=name)
            assert found.value == mean(values)
            assert found.subjects == 5
            assert found.low <= found.value <= found.high
        both = [(a + b) / 2 for a, b in zip(*expected.values(), strict=True)]
        assert one(lines, "dice", model=model).value == mean(both)
    have_front, have_back = (0, 2, 3, 4), (0, 4)
    for name, who in {"front": have_front, "back": have_back}.items():
        found = one(lines, "dice", model="unet", slice=f"{name} & present")
        assert found.value == mean([DEEP[name][at] for at in who])
        assert found.subjects == len(who)
    gap = one(lines, "deep_minus_simple.dice")
    assert gap.value == pytest.approx((1 - 2 / 3) * 2 / 5 / 2, abs=1e-6)


def test_volumes_are_measured_inside_each_image(tmp_path: Path, context_for: object) -> None:
    """64 pixels of 4 mm2 (16 by 4) are 2.56 cm2; in the narrow picture 12 by 4."""
    lines = evaluated(tmp_path, context_for, held_out=SCANS, spacing=2.0).evidence()
    error = one(lines, "volume_error", model="unet", slice="back")
    assert error.value == mean([0, 0, 0, 2.56, 0])
    assert error.unit == "cm2"
    error = one(lines, "volume_error", model="regression", slice="front")
    assert error.value == mean([0, 0, 2.56, 0, 1.92])


def test_without_a_spacing_pixels_are_counted(tmp_path: Path, context_for: object) -> None:
    lines = evaluated(tmp_path, context_for, held_out=SCANS, spacing=float("nan")).evidence()
    error = one(lines, "volume_error", model="unet", slice="back")
    assert error.value == mean([0, 0, 0, 0.64, 0])
    assert error.unit == "hundred pixels"
    assert one(lines, "hd95", model="unet").unit == "pixels"


def test_who_has_no_outline_is_told_but_not_judged(tmp_path: Path, context_for: object) -> None:
    run = evaluated(tmp_path, context_for, held_out=SCANS)
    held_out = run.read_json("patients.json")["held_out"]
    assert (held_out["n"], held_out["rows"], held_out["unobserved"]) == (6, 7, 1)
    assert max(line.subjects for line in run.evidence()) == 5
    assert run.read_json("curves.json")["corruptions"]["images"] == 6


def test_the_verdict_needs_patients_not_scans(tmp_path: Path, context_for: object) -> None:
    run = evaluated(tmp_path, context_for, held_out=SCANS, fewest=6)
    assert run.read_json("verdict.json")["verdict"] == "not decidable"
    better = [Scan(patient=f"p{at}", front=TOP, bright={FIRST: TOP, SIMPLE: range(4, 8)})
              for at in range(6)]  # fmt: skip
    (tmp_path / "more").mkdir()
    run = evaluated(tmp_path / "more", context_for, held_out=better, fewest=6)
    verdict = run.read_json("verdict.json")
    assert (verdict["verdict"], verdict["released"]) == ("warranted", "unet")
    assert verdict["difference"]["value"] == pytest.approx(1 / 6, abs=1e-6)


def test_external_patients_are_judged_apart(tmp_path: Path, context_for: object) -> None:
    run = evaluated(tmp_path, context_for, held_out=SCANS, external=SCANS[2:5])
    outside = [line for line in run.evidence() if line.data.startswith("external@")]
    found = one(outside, "dice", model="unet", slice="front")
    assert (found.value, found.subjects) == (1.0, 2)
    assert "abstention_rate" in {line.measure for line in outside}
    assert "risk_coverage" in run.read_json("curves.json")["external"]


def test_a_split_without_any_outline_is_refused(tmp_path: Path, context_for: object) -> None:
    with pytest.raises(DataError, match="split 'held_out': expected images with a mask"):
        evaluated(tmp_path, context_for, held_out=SCANS[2:3])
