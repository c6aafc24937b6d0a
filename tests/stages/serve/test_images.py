"""A model of images over HTTP: a file as the body, a map on request, a mask in its own geometry."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from starlette.applications import Starlette
from tests.modalities.images.made_sources import CANARY, folder_of, grid, png, schema_of
from tests.stages.conftest import POLICY, write_bundle
from tests.stages.made_graphs import SIDE, bright_graph, halves_graph, middle_graph

from bedside.adapters.http import FILES, call
from bedside.adapters.images import read_image
from bedside.adapters.nifti import nifti_bytes
from bedside.adapters.png_tag import tagged_png
from bedside.adapters.raster import read_raster, write_png
from bedside.adapters.secondary_capture import write_secondary_capture
from bedside.core.dataset import Target
from bedside.core.errors import RunError
from bedside.core.ledger import Ledger
from bedside.methods.label_policy import LabelPolicies
from bedside.methods.policy import Policy
from bedside.modalities.images import serve
from bedside.stages.score import score
from bedside.stages.serve import Spec, make_app

PICTURE = schema_of((1, SIDE, SIDE), "uint8", image="{patient}.png")
VOLUME = schema_of((1, 0, 0, 0), "int16", task="segmentation", image="{patient}.nii")
VOLUMES = Policy(
    task="segmentation", threshold=0.5, coverage=0.9, quantiles=(0.1, 0.2), novelty_limit=12.0,
    most_missing=0.5, patients=500,
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def picture_bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", PICTURE, POLICY, middle_graph(), serve=serve)


@pytest.fixture
def volume_bundle(tmp_path: Path) -> Path:
    content = bright_graph((8, 8, 8), (100.0, 500.0))
    return write_bundle(tmp_path / "bundle", VOLUME, VOLUMES, content, serve=serve, patch=(8, 8, 8))


@pytest.fixture
def app(picture_bundle: Path, ledger: Path) -> Starlette:
    return make_app(picture_bundle, ledger, spec=Spec(image_bytes=20_000))


def body(app: Starlette, content: bytes, media: str, path: str = "/predict") -> dict[str, object]:
    reply = call(app, path, content, headers={"content-type": media})
    assert reply.status == 200, reply.body
    answer = reply.json()
    assert isinstance(answer, dict)
    return answer


def disc() -> np.ndarray:
    """A bright disc in noise; brighter than the middle on the whole."""
    away = ((np.indices((SIDE, SIDE)) - 5) ** 2).sum(axis=0)
    noise = np.random.default_rng(1).integers(110, 140, (SIDE, SIDE))
    return np.where(away < 9, 255, noise).astype(np.uint8)


def test_one_picture_as_any_file_gives_one_answer(app: Starlette, ledger: Path) -> None:
    values = disc()
    files = {
        "image/png": write_png(values), "application/dicom": write_secondary_capture(values),
        "application/octet-stream": nifti_bytes(values[None], grid((1, SIDE, SIDE))),
        "image/PNG; charset=binary": write_png(values),
    }  # fmt: skip
    row = {"inputs": {"image": base64.b64encode(write_png(values)).decode()}}
    expected = call(app, "/predict", json.dumps(row).encode()).json()
    assert isinstance(expected, dict)
    risk = 1 / (1 + np.exp(-(values.mean() - 127.9) / 20))
    assert expected["value"] == pytest.approx(risk, abs=1e-5)
    for media, content in files.items():
        answer = body(app, content, media)
        assert {**answer, "ledger": ""} == {**expected, "ledger": ""}
    with Ledger(ledger) as opened:
        kept = [row.payload for row in opened.rows("prediction")]
    assert len({item["input"] for item in kept if isinstance(item, dict)}) == 1
    assert len(kept) == 5


def test_an_explanation_only_on_request(app: Starlette) -> None:
    content = write_png(disc())
    assert "explanation" not in body(app, content, "image/png")
    row = {"inputs": [{"image": base64.b64encode(content).decode()}] * 2, "explain": True}
    reply = call(app, "/predict", json.dumps(row).encode())
    assert reply.status == 200, reply.body
    answers = reply.json()
    assert isinstance(answers, dict)
    for answer in answers["answers"]:  # type: ignore[union-attr]  # a list of objects
        found = answer["explanation"]
        assert found["method"] == "occlusion"
        shown = read_raster(base64.b64decode(found["png"])).values.astype(float)
        assert shown.shape == (SIDE, SIDE)
        assert shown[3:7, 3:7].mean() > shown[10:, 10:].mean() + 20


def of_labels(folder: Path) -> Path:
    """A bundle of three labels, of which maps of the first and the last passed the check."""
    names = ("upper", "lower", "whole")
    schema = replace(PICTURE, target=Target(type="multilabel", outcome="findings", classes=names))
    good, bad = {"shown": True, "why": "Shown: good."}, {"shown": False, "why": "Not shown: bad."}
    checked = {"labels": {"upper": good, "lower": good, "whole": bad}}
    return write_bundle(
        folder, schema, LabelPolicies(labels=(POLICY,) * 3), halves_graph(), serve=serve,
        more={"explanation.json": json.dumps(checked).encode()},
    )  # fmt: skip


def test_each_label_has_a_map_of_its_own_where_the_check_allows_it(
    tmp_path: Path, ledger: Path
) -> None:
    """A bright disc above, so that its label is present; a dark one below: absent."""
    row, column = np.indices((SIDE, SIDE))
    above, below = ((row - at) ** 2 + (column - 8) ** 2 < 9 for at in (4, 12))
    plain = np.where(row < SIDE // 2, 190, 128)
    values = np.where(above, 255, np.where(below, 0, plain)).astype(np.uint8)
    app = make_app(of_labels(tmp_path / "bundle"), ledger)
    row = {"inputs": {"image": base64.b64encode(write_png(values)).decode()}, "explain": True}
    answer = call(app, "/predict", json.dumps(row).encode()).json()
    assert isinstance(answer, dict)
    told, found = answer["labels"], answer["explanation"]
    assert isinstance(told, dict)
    assert isinstance(found, dict)
    assert [item["set"] for item in told.values()][:2] == [["yes"], ["no"]]
    assert list(found) == ["labels"]
    labels = found["labels"]
    assert labels["whole"] == {"withheld": "Not shown: bad."}
    for name, own, other in (("upper", above, below), ("lower", below, above)):
        assert labels[name]["check"] == "Shown: good."
        shown = read_raster(base64.b64decode(labels[name]["png"])).values.astype(int)
        assert shown.shape == (SIDE, SIDE)
        assert shown[own].mean() > 128 + 20
        assert abs(shown[other].mean() - 128) < 5


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_explain_is_true_or_false(app: Starlette, value: object) -> None:
    row = {"inputs": {"image": base64.b64encode(png(1, SIDE)).decode()}, "explain": value}
    reply = call(app, "/predict", json.dumps(row).encode())
    assert reply.status == 422
    assert b"explain" in reply.body


def test_an_unknown_key_is_answered_by_those_that_are_known(app: Starlette) -> None:
    row = {"inputs": {"image": base64.b64encode(png(1, SIDE)).decode()}, "picture": 1}
    reply = call(app, "/predict", json.dumps(row).encode())
    assert reply.status == 422
    assert b"'inputs', 'subject' and 'explain'" in reply.body
    assert b"base64" in reply.body


HOSTILE = {
    "empty": (b"", 422), "text": (CANARY.encode() * 9, 422), "half": (png(1, SIDE)[:-30], 422),
    "another size": (png(1, SIDE + 1), 422), "too large": (bytes(20_001), 413),
    "half a DICOM file": (write_secondary_capture(disc())[:-99], 422),
}  # fmt: skip


@pytest.mark.parametrize("media", ["image/png", "application/dicom"])
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_and_leaves_no_trace(
    app: Starlette, ledger: Path, case: str, media: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    content, status = HOSTILE[case]
    reply = call(app, "/predict", content, headers={"content-type": media})
    assert reply.status == status, reply.body
    assert CANARY not in reply.body.decode() + caplog.text
    with Ledger(ledger) as opened:
        assert list(opened.rows("prediction")) == []


@pytest.mark.parametrize("media", FILES)
def test_a_model_of_tables_takes_no_file(bundle: Path, ledger: Path, media: str) -> None:
    app = make_app(bundle, ledger)
    reply = call(app, "/predict", png(1), headers={"content-type": media})
    assert reply.status == 415
    assert b"application/json" in reply.body
    assert b"image file" not in reply.body


def test_another_kind_of_file_is_not_taken(app: Starlette) -> None:
    reply = call(app, "/predict", png(1, SIDE), headers={"content-type": "image/webp"})
    assert reply.status == 415
    assert b"image file" in reply.body


def test_a_table_is_explained_by_its_fields(bundle: Path, ledger: Path) -> None:
    app = make_app(bundle, ledger)
    row = {"age": 71, "sex": "F", "creatinine": 1.1, "smoker": "true"}
    reply = call(app, "/predict", json.dumps({"inputs": row, "explain": True}).encode())
    assert reply.status == 200, reply.body
    answer = reply.json()
    assert isinstance(answer, dict)
    assert answer["explanation"]
    plain = call(app, "/predict", json.dumps({"inputs": row}).encode()).json()
    assert isinstance(plain, dict)
    assert "explanation" not in plain


def test_nothing_is_explained_where_the_model_abstains(tmp_path: Path, ledger: Path) -> None:
    shy = replace(POLICY, novelty_limit=0.5)
    folder = write_bundle(tmp_path / "shy", PICTURE, shy, middle_graph(), serve=serve)
    row = {"inputs": {"image": base64.b64encode(png(1, SIDE)).decode()}, "explain": True}
    answer = call(make_app(folder, ledger), "/predict", json.dumps(row).encode()).json()
    assert isinstance(answer, dict)
    assert answer["abstain"] is True
    assert answer["explanation"] is None


def scan() -> tuple[np.ndarray, bytes]:
    values = np.random.default_rng(2).integers(-200, 900, (6, 11, 9)).astype(np.int16)
    return values, nifti_bytes(values, grid(values.shape, (2.0, 1.0, 0.5)))


def test_a_mask_comes_back_on_the_grid_that_was_sent(volume_bundle: Path, ledger: Path) -> None:
    values, content = scan()
    answer = body(make_app(volume_bundle, ledger), content, "application/octet-stream")
    mask = answer["mask"]
    assert isinstance(mask, dict)
    found = read_image(base64.b64decode(str(mask["data"])))
    expected = (values > 100).astype(int) + (values > 500)
    np.testing.assert_array_equal(found.values, expected)
    assert found.grid == read_image(content).grid
    assert answer["volumes"] == pytest.approx(
        {"front": (expected == 1).sum() / 1000, "back": (expected == 2).sum() / 1000}, rel=1e-5
    )


def test_masks_are_scored_into_a_folder(volume_bundle: Path, tmp_path: Path) -> None:
    values, content = scan()
    source = folder_of(tmp_path / "in", {"a.nii": content, "b.nii": content[:400]})
    said = score(volume_bundle, source, tmp_path / "out.csv")
    assert "2 rows" in said
    assert "1 out of schema" in said
    folder = tmp_path / "out_masks"
    assert sorted(item.name for item in folder.iterdir()) == ["a.nii.nii.gz", "bundle.json"]
    expected = (values > 100).astype(int) + (values > 500)
    np.testing.assert_array_equal(read_image(folder / "a.nii.nii.gz").values, expected)
    assert pl.read_csv(tmp_path / "out.csv")["mask"].to_list() == ["a.nii.nii.gz", None]
    (source / "a.nii").rename(source / "c.nii")
    score(volume_bundle, source, tmp_path / "out.csv")
    assert sorted(item.name for item in folder.iterdir()) == ["bundle.json", "c.nii.nii.gz"]
    assert not list(tmp_path.glob(".*"))


def test_masks_replace_no_folder_of_others(volume_bundle: Path, tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"a.nii": scan()[1]})
    (tmp_path / "out_masks").mkdir()
    (tmp_path / "out_masks" / "mine.nii.gz").write_bytes(b"drawn by hand")
    with pytest.raises(RunError, match="out_masks: expected a folder that bedside wrote"):
        score(volume_bundle, source, tmp_path / "out.csv")
    assert (tmp_path / "out_masks" / "mine.nii.gz").read_bytes() == b"drawn by hand"
    with pytest.raises(RunError, match="outside the folder that is scored"):
        score(volume_bundle, source, source / "out.csv")
    assert [item.name for item in source.iterdir()] == ["a.nii"]
    assert not (tmp_path / "out.csv").exists()


def test_pictures_are_scored(picture_bundle: Path, tmp_path: Path) -> None:
    files = {f"{CANARY}1.png": write_png(disc()), f"{CANARY}2.png": b""}
    said = score(picture_bundle, folder_of(tmp_path / "in", files), tmp_path / "out.csv")
    assert "2 rows" in said
    assert CANARY not in said
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == 3
    assert "zero bytes" in lines[2]


def test_pictures_that_were_made_up_are_scored_and_counted(
    picture_bundle: Path, tmp_path: Path
) -> None:
    files = {
        "1.png": tagged_png(write_png(disc()), "flow:synthesize-0"),
        "2.png": write_png(disc()),
    }
    source = folder_of(tmp_path / "in", files)
    said = score(picture_bundle, source, tmp_path / "out.csv").splitlines()
    assert said[1:] == [
        "made up: 1 of 2 rows are of no patient, as `bedside synthesize` wrote into the files"
    ]
    assert pl.read_csv(tmp_path / "out.csv")["value"].null_count() == 0
    (source / "1.png").unlink()
    assert "made up" not in score(picture_bundle, source, tmp_path / "out.csv")


def test_what_was_left_out_is_said_and_has_its_row(picture_bundle: Path, tmp_path: Path) -> None:
    files = {"a.png": write_png(disc()), f"{CANARY}.tif": b"II", "notes.txt": b"text"}
    out = tmp_path / "out.csv"
    said = score(picture_bundle, folder_of(tmp_path / "in", files), out)
    assert said.splitlines()[1] == (
        "left out: 1 image not named like '{patient}.png', in the last rows without a prediction; "
        "1 other file, hidden or no image"
    )
    assert CANARY not in said
    lines = out.read_text().splitlines()
    assert len(lines) == 3
    assert "name: expected one like '{patient}.png'" in lines[2]
