"""The first study of images: guessed from their form, read as a study, silent about patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.modalities.images.made_sources import (
    CANARY,
    arranged,
    folder_of,
    grey,
    png,
    table_of,
    tar_of,
    volume,
)

from bedside.core.errors import BedsideError, DataError
from bedside.core.study import Study, read_study
from bedside.modalities.images import prepare
from bedside.modalities.images.init import draft, knows
from bedside.modalities.images.settings import Spec
from bedside.modalities.tables import init as tables
from bedside.stages.init import run_init

LABELLED = {f"{label}/{label}{at}.png": png(at) for label in ("sick", "well") for at in range(2)}


def drafted(source: Path, folder: Path, **answers: str) -> Study:
    """The draft as a study, some of its lines answered."""
    text = run_init(source, folder / "draft.toml")
    assert "# question:" in text
    lines = text.splitlines()
    for name, answer in answers.items():
        assert any(line.startswith(f"{name} = ") for line in lines), name
        lines = [f"{name} = {answer}" if line.startswith(f"{name} = ") else line for line in lines]
    (folder / "draft.toml").write_text("\n".join(lines))
    return read_study(folder / "draft.toml")


def settings(study: Study) -> Spec:
    assert isinstance(study.settings, Spec)
    return study.settings


def test_a_folder_of_labelled_pictures(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "scans", LABELLED)
    study = drafted(folder, tmp_path, positive='"sick"')
    assert study.about.modality == "images"
    assert study.task.target == "label"
    assert settings(study).image == "{label}/{file}.png"
    assert arranged(study, folder).arrays["image"].shape == (4, 1, 12, 12)


def test_an_archive_is_like_its_folder(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "scans.tar", folder_of(tmp_path / "scans", LABELLED))
    study = drafted(archive, tmp_path, positive='"sick"')
    assert settings(study).image == "{label}/{file}.png"
    assert len(prepare.read([archive], study)) == 4


def test_volumes_and_their_outlines(tmp_path: Path) -> None:
    files = {f"{part}/p{at}.nii": volume(at) for part in ("images", "labels") for at in range(2)}
    folder = folder_of(tmp_path / "scans", files)
    study = drafted(folder, tmp_path)
    found = settings(study)
    assert (found.kind, found.image, found.mask) == (
        "volume", "images/{patient}.nii", "labels/{patient}.nii",
    )  # fmt: skip
    assert study.task.type == "segmentation"
    frame = prepare.read([folder], study)
    assert frame["bedside.mask"].null_count() == 0


def test_pictures_in_one_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "scans", {"1.png": png(1), "2.png": png(2)})
    assert 'image = "{file}.png"' in draft(folder, "scans")


def test_a_table_that_names_files(tmp_path: Path) -> None:
    path = table_of(tmp_path / "study", LABELLED, patient_id=list("abcd"),
                    label=["1", "1", "0", "0"])  # fmt: skip
    study = drafted(path, path.parent, positive='"1"')
    assert (settings(study).image, study.data.subject, study.task.target) == (
        "file", "patient_id", "label",
    )  # fmt: skip
    assert study.data.source == "labels.csv"
    assert arranged(study, path).arrays["image"].shape == (4, 1, 12, 12)


def test_arrays(tmp_path: Path) -> None:
    path = tmp_path / "all.npz"
    np.savez(path, scans=np.stack([grey(0), grey(1)]), label=np.array([0, 1]),
             patient=np.array(["a", "b"]))  # fmt: skip
    study = drafted(path, tmp_path)
    assert (settings(study).image, study.data.subject, study.task.positive) == (
        "scans", "patient", "1",
    )  # fmt: skip
    assert arranged(study, path).arrays["image"].shape == (2, 1, 12, 12)


def test_arrays_as_medmnist_has_them(tmp_path: Path) -> None:
    parts = ("train", "val", "test")
    held = {f"{part}_images": np.stack([grey(0), grey(1)]) for part in parts}
    held |= {f"{part}_labels": np.array([[0], [1]]) for part in parts}
    np.savez(tmp_path / "all.npz", **held)
    study = drafted(tmp_path / "all.npz", tmp_path)
    assert study.data.split == "split"
    assert arranged(study, tmp_path / "all.npz").arrays["image"].shape == (6, 1, 12, 12)


def test_what_is_whose(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "scans", LABELLED)
    table = table_of(tmp_path / "study", {"1.png": png(1)}, age=[3])
    plain = tmp_path / "plain.csv"
    pl.DataFrame({"age": [3], "note": ["1.png"]}).write_csv(plain)
    np.savez(tmp_path / "all.npz", images=np.zeros((1, 4, 4)))
    for path, images in ((folder, 2), (table, 2), (plain, 0), (tmp_path / "all.npz", 2)):
        assert knows(path) == images
        assert (knows(path) > tables.knows(path)) == (images == 2)


@pytest.mark.parametrize("entry", [CANARY * 200, f"{CANARY}/../..", "a\0b", ".", ""])
def test_any_text_in_a_table_is_no_path_or_one(tmp_path: Path, entry: str) -> None:
    pl.DataFrame({"note": [entry, entry], "y": [0, 1]}).write_parquet(tmp_path / "notes.parquet")
    assert knows(tmp_path / "notes.parquet") == 0
    (tmp_path / "notes.csv").write_text(f"note,y\n{CANARY * 200},1\n")
    assert knows(tmp_path / "notes.csv") == 0


def test_a_source_without_images_is_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "notes", {f"{CANARY}.txt": b"x"})
    with pytest.raises(DataError, match="images") as told:
        run_init(folder, tmp_path / "draft.toml")
    assert CANARY not in str(told.value)
    np.savez(tmp_path / "all.npz", age=np.zeros(3))
    (tmp_path / "cut.npz").write_bytes(CANARY.encode())
    (tmp_path / "cut.tar").write_bytes(CANARY.encode())
    for name in ("all.npz", "cut.npz", "cut.tar"):
        with pytest.raises(BedsideError, match=name) as told:
            run_init(tmp_path / name, tmp_path / "draft.toml")
        assert CANARY not in str(told.value)
