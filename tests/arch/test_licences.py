"""Every core dependency is permissive; those on the avoid-list are not depended upon."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

PERMISSIVE = re.compile(
    r"\b(MIT|MIT-0|BSD|Apache|ISC|PSF|Python Software Foundation|PSFL|Unlicense|Zlib|HPND|"
    r"CC0|0BSD|MPL|Mozilla|Public Domain)\b",
    re.IGNORECASE,
)
# MPL-2.0 is file-level copyleft and comes with tqdm and certifi, which are used unchanged.
COPYLEFT = re.compile(r"\b(A?GPL|Affero|Business Source|BUSL|Commons Clause)", re.IGNORECASE)
AVOID = {
    "sdv", "ctgan", "copulas", "rdt", "sdmetrics", "alibi-detect", "deepchecks", "albumentationsx",
    "pycyclops", "pylibjpeg-libjpeg", "synthcity", "anonymeter", "femr", "fairseq-signals",
    "medmnistc", "monai-deploy-app-sdk", "torchvision",
}  # fmt: skip


def _core() -> set[str]:
    """The closure of bedside's own dependencies, extras left out."""
    seen: set[str] = set()
    waiting = ["bedside"]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # a marker that does not hold here
        seen.add(name)
        parsed = [Requirement(text) for text in requires]
        waiting += [r.name for r in parsed if r.marker is None or r.marker.evaluate({"extra": ""})]
    return seen - {"bedside"}


def _licence(name: str) -> str:
    meta = distribution(name).metadata
    classified = [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    return " ".join(
        [meta.get("License-Expression") or "", *classified, (meta.get("License") or "")[:200]]
    )


def test_core_dependencies_are_permissive() -> None:
    core = _core()
    assert len(core) > 15
    for name in sorted(core):
        text = _licence(name)
        assert PERMISSIVE.search(text), f"{name}: {text!r}"
        assert not COPYLEFT.search(text), f"{name}: {text!r}"


def test_nothing_on_the_avoid_list_is_required() -> None:
    assert _core() & AVOID == set()
