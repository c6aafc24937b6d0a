"""Best and worst cases of several labels: each by itself, of images that were looked at for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.modalities.images.made_sources import schema_of
from tests.modalities.images.test_evaluate import ROWS, SIDE, bright, dataset, looking, noise
from tests.stages.conftest import POLICY

from bedside.core.dataset import Target, write_dataset
from bedside.methods.corruption.spread import spread_of
from bedside.methods.evaluation.looking import Looking
from bedside.methods.evaluation.truth import truth_of
from bedside.methods.label_policy import LabelPolicies
from bedside.modalities.images import evaluate, pictures
from bedside.modalities.images.evaluate_pictures import label_cases

ALL = spread_of(np.array([[[[0, 255]]]], np.uint8))
HELD = np.arange(ROWS) % 2 == 1


def of_labels(folder: Path, *, wrong: list[int], unobserved: int = 0) -> Looking:
    """Images whose first pixels are what the model says of each label: 10 or 90 %.

    Of label k it is wrong in the first `wrong[k]` of the 20 held-out images; the first label is
    unobserved in the last `unobserved`, of which the model says 90 %.
    """
    names = tuple(f"finding {k}" for k in range(len(wrong)))
    target = np.tile(np.arange(ROWS)[:, None] // 2 % 2, len(wrong)).astype(float)
    image = noise()
    for k, many in enumerate(wrong):
        says = np.where(HELD & (np.arange(ROWS) // 2 < many), 1 - target[:, k], target[:, k])
        image[:, 0, 0, k] = np.where(says == 1, 90, 10)
    if unobserved:
        target[-2 * unobserved :, 0] = np.nan
        image[-2 * unobserved :, 0, 0, 0] = 90
    schema = replace(
        schema_of((1, SIDE, SIDE), "uint8", image="{patient}.png"),
        target=Target(type="multilabel", outcome="findings", classes=names),
    )
    samples = pl.DataFrame({
        "sample": np.arange(ROWS), "subject": [f"p{row // 4}" for row in range(ROWS)],
        "split": np.where(HELD, "held_out", "train"),
        **{name: target[:, k] for k, name in enumerate(schema.target.columns)},
    })  # fmt: skip
    folder.mkdir()
    data = write_dataset(folder, schema, samples.fill_nan(None), {"image": image})
    plain = dataset(folder.parent / "plain", schema_of((1, SIDE, SIDE), "uint8"), image=image)
    found = looking(plain, data.rows("held_out"), bright, folder)

    def compute(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        shares = np.asarray(arrays["image"], np.float32)[:, 0, 0, : len(names)] / 100
        return shares, np.zeros(len(shares))

    return replace(
        found, dataset=data, schema=schema, truth=truth_of(data, schema, found.rows),
        model=replace(found.model, compute=compute),
        policy=LabelPolicies(labels=(POLICY,) * len(names)),
    )  # fmt: skip


def test_each_label_shows_its_own_most_wrong_and_surest(tmp_path: Path) -> None:
    look = of_labels(tmp_path / "data", wrong=[3, 0], unobserved=4)
    found = label_cases(look, ALL)
    assert [one.title for one in found] == [
        f"finding {k}: The 8 {word} of {n} images"
        for k, n in ((0, 16), (1, 20)) for word in ("most wrong", "surest and right")
    ]  # fmt: skip
    assert found[0].alt.startswith("finding 0: ")
    said = found[0].note.rstrip(".").split("left to right: ")[1].split("; ")
    assert sorted(said[:3]) == ["absent 10 %", "absent 10 %", "present 10 %"]
    assert {word.split(" ", 1)[1] for word in said[3:]} == {"90 %"}
    assert " 10 %" not in found[2].note
    assert not any("eft out" in one.note for one in found)


def test_of_many_labels_the_worst_are_shown_and_the_others_named(tmp_path: Path) -> None:
    look = of_labels(tmp_path / "data", wrong=[0, 5, 1, 3, 0, 2])
    found = label_cases(look, ALL)
    shown = [f"finding {k}" for k in (1, 2, 3, 5) for _ in range(2)]
    assert [one.title.split(":")[0] for one in found] == shown
    assert found[-1].note.endswith(
        "Shown are the 4 labels that the model tells apart worst; left out: finding 0, finding 4."
    )
    assert sum("left out" in one.note for one in found) == 1


def test_a_label_that_nobody_here_was_looked_at_for_has_no_picture(tmp_path: Path) -> None:
    look = of_labels(tmp_path / "data", wrong=[0, 2], unobserved=20)
    found = label_cases(look, ALL)
    assert {one.title.split(":")[0] for one in found} == {"finding 1"}
    assert found[-1].note.endswith(". Left out: finding 0.")


def test_they_are_kept_for_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = of_labels(tmp_path / "data", wrong=[1, 0])
    monkeypatch.setattr(evaluate, "_corruptions", lambda *given: {})
    evaluate.look(look)
    told = json.loads((look.folder / "pictures.json").read_text())
    titles = [item["title"] for item in told]
    assert "finding 0: The 8 most wrong of 20 images" in titles
    assert "finding 1: The 8 surest and right of 20 images" in titles
    assert all((look.folder / item["file"]).is_file() for item in told)


def test_the_pictures_are_those_that_the_words_tell_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = of_labels(tmp_path / "data", wrong=[3, 0])
    seen: list[np.ndarray] = []
    whole = pictures.sheet

    def sheet(images: np.ndarray, *given: object, **more: object) -> pictures.Picture:
        seen.append(images)
        return whole(images, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pictures, "sheet", sheet)
    label_cases(look, ALL)
    held = np.asarray(look.arrays["image"])
    assert sorted(image.tobytes() for image in seen[0][:3]) == sorted(
        image.tobytes() for image in held[:3]
    )
