"""The example of docs/segmentation.md runs, and its measures are those that are told."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bedside.methods.masks.patients import MEDIANS
from bedside.methods.masks.table import MEASURES

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_the_example_runs():
    page = (DOCS / "segmentation.md").read_text(encoding="utf-8")
    block = re.search(r"\n\n((?:    .*\n|\n)+)", page).group(1)
    names: dict[str, object] = {}
    exec(re.sub(r"^    ", "", block, flags=re.MULTILINE), names)
    line = names["record"].lines[0]
    assert (line.measure, line.slice, line.model, line.subjects) == ("dice", "all", "unet", 4)
    by_hand = [np.mean([1.0, 11 / 12]), 10 / 12, 9 / 12, 8 / 12]
    assert line.value == round(float(np.mean(by_hand)), 12)


def test_every_measure_is_told():
    told = (DOCS / "measures.md").read_text(encoding="utf-8")
    lesions = ("lesion_sensitivity", "lesion_fp", "lesion_f1")
    for name in (*MEASURES, *lesions, *(f"{name}_median" for name in MEDIANS)):
        assert f"`{name}`" in told, name
