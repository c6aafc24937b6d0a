"""Prepare for images: one form for all, and everything that is broken is told, by its row alone."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image as Pillow
from tests.modalities.images.made_sources import (
    CANARY,
    SEGMENTATION,
    arranged,
    colour,
    folder_of,
    grey,
    grid,
    png,
    study_of,
    table_of,
    tar_of,
    volume,
)

from bedside.adapters.nifti import nifti_bytes
from bedside.adapters.png_tag import tagged_png
from bedside.adapters.raster import write_png
from bedside.adapters.secondary_capture import write_secondary_capture
from bedside.core.errors import BedsideError, DataError
from bedside.core.inputs import Recipe
from bedside.core.run import Run
from bedside.core.study import Study
from bedside.modalities.images import prepare

PATTERN = {"image": "{label}/{patient}.png"}


def of_files(root: Path, files: dict[str, bytes], **images: object) -> tuple[Study, Path]:
    """A study of a table of files, each with a canary in its name."""
    named = {f"{CANARY}/{CANARY}-{name}": content for name, content in files.items()}
    labels = [at % 2 for at in range(len(named))]
    path = table_of(root, named, label=labels, who=[f"{CANARY}{at}" for at in labels])
    return study_of(root, "labels.csv", {"image": "file"} | images), path


def test_the_arrays_of_pictures(tmp_path: Path) -> None:
    study, path = of_files(tmp_path, {f"{at}.png": png(at) for at in range(4)})
    found = arranged(study, path)
    assert set(found.arrays) == {"image", "spacing"}
    np.testing.assert_array_equal(found.arrays["image"][:, 0], [grey(at) for at in range(4)])
    (field,) = found.fields
    assert (field.shape, field.dtype, field.kind) == ((1, 12, 12), "uint8", "image")
    assert found.arrays["spacing"].shape == (4, 2)
    assert np.isnan(found.arrays["spacing"]).all()
    assert found.facts is not None
    assert found.facts["image rows"].to_list() == [12.0] * 4
    assert found.facts["format"].to_list() == ["PNG"] * 4
    assert found.settings["image"] == "file"
    assert found.columns[0]["files_without_row"] == 0


def test_one_picture_in_five_forms_is_one_array(tmp_path: Path) -> None:
    values = grey(7)
    volume_of_one = nifti_bytes(values[None], grid((1, 12, 12)))
    files = {"a.png": write_png(values), "b": write_secondary_capture(values),
             "c.nii": volume_of_one}  # fmt: skip
    Pillow.fromarray(values).save(tmp_path / "d.tiff")
    Pillow.fromarray(np.stack([values] * 3, -1)).save(tmp_path / "e.png")
    files |= {name: (tmp_path / name).read_bytes() for name in ("d.tiff", "e.png")}
    found = arranged(*of_files(tmp_path, files)).arrays["image"]
    assert found.dtype == np.uint8
    for one in found:
        np.testing.assert_array_equal(one[0], values)


def test_the_same_from_a_folder_an_archive_and_arrays(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "files", {f"{at % 2}/p{at}.png": png(at) for at in range(4)})
    tar_of(tmp_path / "all.tar", folder)
    order = [0, 2, 1, 3]  # as the folders are sorted
    np.savez(tmp_path / "all.npz", image=np.stack([grey(at) for at in order]), label=[0, 0, 1, 1])
    by_pattern = study_of(tmp_path, "x", PATTERN)
    found = [
        arranged(by_pattern, folder), arranged(by_pattern, tmp_path / "all.tar"),
        arranged(study_of(tmp_path, "x", {}), tmp_path / "all.npz"),
    ]  # fmt: skip
    for inputs in found:
        np.testing.assert_array_equal(inputs.arrays["image"], found[0].arrays["image"])
        assert inputs.fields == found[0].fields


def test_masks_stand_beside_their_images_padded_to_one_size(tmp_path: Path) -> None:
    shapes = [(4, 6, 5), (5, 4, 6), (3, 3, 3)]
    masks = [np.random.default_rng(at).integers(0, 3, shape).astype(np.uint8)
             for at, shape in enumerate(shapes)]  # fmt: skip
    files = {f"images/p{at}.nii": volume(at, shape) for at, shape in enumerate(shapes)}
    files |= {f"masks/p{at}.nii": nifti_bytes(masks[at], grid(shapes[at])) for at in (0, 2)}
    study = study_of(
        tmp_path, "x", {"kind": "volume", "image": "images/{patient}.nii",
                        "mask": "masks/{patient}.nii"}, task=SEGMENTATION)  # fmt: skip
    found = arranged(study, folder_of(tmp_path / "files", files))
    arrays = found.arrays
    assert found.fields[0].shape == (1, 0, 0, 0)
    assert arrays["image"].shape == (3, 1, 5, 6, 6)
    assert arrays["mask"].shape == (3, 5, 6, 6)
    assert arrays["extent"].tolist() == [list(shape) for shape in shapes]
    assert arrays["spacing"].tolist() == np.ones((3, 3)).tolist()
    for row in (0, 2):
        inside = tuple(slice(0, n) for n in shapes[row])
        np.testing.assert_array_equal(arrays["mask"][row][inside], masks[row])
        assert arrays["mask"][row].sum() == masks[row].sum()
    assert not arrays["mask"][1].any()
    lowest = arrays["image"][2, 0, :3, :3, :3].min()
    assert (arrays["image"][2, 0, 3:] == lowest).all()
    assert found.settings["mask"] == ""


def test_an_empty_mask_is_a_mask(tmp_path: Path) -> None:
    np.savez(tmp_path / "all.npz", image=np.stack([grey(0), grey(1)]), masks=np.zeros((2, 12, 12)))
    study = study_of(tmp_path, "x", {"mask": "masks"}, task=SEGMENTATION)
    found = arranged(study, tmp_path / "all.npz")
    assert not found.arrays["mask"].any()
    frame = prepare.read([tmp_path / "all.npz"], study)
    assert frame["bedside.mask"].null_count() == 0


def test_groups_come_from_columns_and_no_column_is_an_input(tmp_path: Path) -> None:
    path = table_of(tmp_path, {f"{at}.png": png(at) for at in range(12)}, label=[0, 1] * 6,
                    sex=["F", "M", "M"] * 4, note=[CANARY] * 12)  # fmt: skip
    study = study_of(tmp_path, "labels.csv", {"image": "file"},
                     columns={"sex": {"role": "group"}})  # fmt: skip
    found = arranged(study, path)
    assert found.groups.columns == ["group.sex"]
    assert len(found.fields) == 1


def test_images_beside_the_table_are_counted(tmp_path: Path) -> None:
    study, path = of_files(tmp_path, {"1.png": png(1), "2.png": png(2)})
    folder_of(tmp_path, {f"{CANARY}/nobody.png": png(3)})
    assert arranged(study, path).columns[0]["files_without_row"] == 1


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(9)))


def four_axes() -> bytes:
    from nibabel import nifti1

    image = nifti1.Nifti1Image(np.zeros((4, 4, 4, 5), np.int16), np.eye(4))
    content: bytes = image.to_bytes()
    return content


def not_numbers() -> bytes:
    values = np.zeros((6, 8, 7), np.float32)
    values[2, 3, 4] = np.nan
    return nifti_bytes(values, grid((6, 8, 7)))


BROKEN_PICTURES = {
    "zero bytes": (b"", "zero bytes"),
    "half a PNG": (png(1, side=40)[:400], "cannot"),
    "half a DICOM file": (write_secondary_capture(grey(1))[:-60], "found"),
    "a header of DICOM": (write_secondary_capture(grey(1))[:140], "found"),
    "text under the name of a PNG": (f"{CANARY}\n".encode() * 50, "text"),
    "other bytes": (bytes(range(256)) * 3, "none of them"),
    "a decompression bomb": (bomb(), "pixels"),
    "a volume": (volume(1), "a volume"),
}
BROKEN_VOLUMES = {
    "zero bytes": (b"", "zero bytes"),
    "half a NIfTI file": (volume(1)[:600], "bytes of values"),
    "four axes": (four_axes(), "three axes"),
    "NaN voxels": (not_numbers(), "NaN"),
    "a picture": (png(1), "a picture"),
}


@pytest.mark.parametrize("name", BROKEN_PICTURES)
def test_a_broken_picture_is_told_by_its_row(tmp_path: Path, name: str) -> None:
    content, expected = BROKEN_PICTURES[name]
    files = {"1.png": png(1), "2.png": content, "3.png": png(3)}
    refused(*of_files(tmp_path, files), rf"1 that cannot \(row 2: .*{expected}")


@pytest.mark.parametrize("name", BROKEN_VOLUMES)
def test_a_broken_volume_is_told_by_its_row(tmp_path: Path, name: str) -> None:
    content, expected = BROKEN_VOLUMES[name]
    files = {"1.nii": volume(1), "2.nii": content, "3.nii": volume(3)}
    study, path = of_files(tmp_path, files, kind="volume")
    refused(study, path, rf"1 that cannot \(row 2: .*{expected}")


def refused(study: Study, path: Path, expected: str) -> None:
    with pytest.raises(BedsideError, match=expected) as told:
        arranged(study, path)
    assert CANARY not in str(told.value)
    assert str(path.parent) not in str(told.value)


def test_many_broken_images_are_counted_and_three_are_told(tmp_path: Path) -> None:
    files = {f"{at}.png": b"" if at else png(0) for at in range(9)}
    refused(*of_files(tmp_path, files), r"8 that cannot \(row 2.*row 3.*row 4.*and 5 more\)")


@pytest.mark.parametrize("remove", ["the image", "the mask", "the folder"])
def test_a_file_removed_during_the_run(tmp_path: Path, remove: str) -> None:
    files = {f"{what}/{CANARY}{at}.png": png(0) if what == "images" else write_png(grey(at) % 3)
             for what in ("images", "masks") for at in range(3)}  # fmt: skip
    folder = folder_of(tmp_path / "files", files)
    study = study_of(tmp_path, "x", {"image": "images/{patient}.png",
                                     "mask": "masks/{patient}.png"}, task=SEGMENTATION)  # fmt: skip
    frame = prepare.read([folder], study)
    if remove == "the folder":
        (folder / "images").rename(tmp_path / "away")
    else:
        (folder / ("images" if "image" in remove else "masks") / f"{CANARY}1.png").unlink()
    gone = "3 that cannot" if remove == "the folder" else r"1 that cannot \(row 2: "
    with pytest.raises(DataError, match=rf"{gone}.*no such file") as told:
        prepare.arrange(frame, np.ones(3, bool), study, Recipe())
    assert CANARY not in str(told.value)


def test_a_file_removed_before_it_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, path = of_files(tmp_path, {"1.png": png(1), "2.png": png(2)})
    rows = prepare.source_rows

    def removed(*given: object, **more: object) -> pl.DataFrame:
        frame = rows(*given, **more)  # type: ignore[arg-type]  # passed on as they came
        (tmp_path / CANARY / f"{CANARY}-1.png").unlink()
        return frame

    monkeypatch.setattr(prepare, "source_rows", removed)
    with pytest.raises(DataError, match="removed") as told:
        prepare.read([path], study)
    assert CANARY not in str(told.value)


def of_arrays(root: Path, task: dict[str, object] | None = None, **held: np.ndarray) -> Callable:
    np.savez(root / "all.npz", **held)
    images = {"image": "images", "mask": "masks" if "masks" in held else ""}
    study = study_of(root, "all.npz", images, **({"task": task} if task else {}))
    return lambda: arranged(study, root / "all.npz")


ARRAYS = {
    "two colours where one is expected": ({"images": np.zeros((2, 4, 4, 2))}, "a volume"),
    "four axes": ({"images": np.zeros((2, 3, 4, 4, 2))}, "4 axes"),
    "NaN": ({"images": np.full((2, 4, 4), np.nan)}, "NaN"),
    "texts": ({"images": np.full((2, 4, 4), CANARY)}, "images as numbers"),
    "objects": ({"images": np.array([[[CANARY]]], object)}, "whole .npz"),
    "a label that no structure has": (
        {"images": np.zeros((2, 4, 4)), "masks": np.full((2, 4, 4), 3)}, "labels 0 to 2"),
    "a mask of another size": (
        {"images": np.zeros((2, 4, 4)), "masks": np.zeros((2, 4, 5))}, "shape"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_are_no_images_are_told(tmp_path: Path, name: str) -> None:
    held, expected = ARRAYS[name]
    task = SEGMENTATION if "masks" in held else None
    with pytest.raises(BedsideError, match=expected) as told:
        of_arrays(tmp_path, task, **held)()
    assert CANARY not in str(told.value)


def test_two_sizes_need_a_size(tmp_path: Path) -> None:
    files = {"1.png": png(1), "2.png": png(2, side=14)}
    refused(*of_files(tmp_path / "as they are", files), "size in .images.")
    found = arranged(*of_files(tmp_path / "resized", files, size=[8, 8]))
    assert found.arrays["image"].shape == (2, 1, 8, 8)


def test_colour_becomes_grey_unless_it_is_asked_for(tmp_path: Path) -> None:
    files = {"1.png": png(1), "2.png": write_png(colour(2))}
    assert arranged(*of_files(tmp_path / "grey", files)).arrays["image"].shape == (2, 1, 12, 12)
    found = arranged(*of_files(tmp_path / "colour", files, colour=True)).arrays["image"]
    np.testing.assert_array_equal(found[1], np.moveaxis(colour(2), -1, 0))


def test_a_wrong_modality_is_told(tmp_path: Path) -> None:
    study, path = of_files(tmp_path, {"1": write_secondary_capture(grey(1))}, expected="CT")
    refused(study, path, "modality CT")


def test_a_mask_that_lies_elsewhere_is_told(tmp_path: Path) -> None:
    off, nothing = grid((6, 8, 7), (1.0, 1.0, 2.0)), np.zeros((6, 8, 7), np.uint8)
    files = {"images/p.nii": volume(1), "images/q.nii": volume(2),
             "masks/p.nii": nifti_bytes(nothing, off),
             "masks/q.nii": nifti_bytes(nothing, grid((6, 8, 7)))}  # fmt: skip
    study = study_of(tmp_path, "x", {"kind": "volume", "image": "images/{patient}.nii",
                                     "mask": "masks/{patient}.nii"}, task=SEGMENTATION)  # fmt: skip
    refused(study, folder_of(tmp_path / "files", files), "place of its image")


def test_the_stage_writes_what_the_cell_found(
    tmp_path: Path, context_for: Callable[..., object]
) -> None:
    from bedside.core.dataset import Dataset
    from bedside.stages import prepare as stage

    files = {f"{at}.png": png(at) for at in range(40)}
    path = table_of(tmp_path / "study", files, label=[0, 1] * 20,
                    patient=[f"{CANARY}{at // 2}" for at in range(40)])  # fmt: skip
    study = study_of(path.parent, "labels.csv", {"image": "file"},
                     data={"source": "labels.csv", "subject": "patient"})  # fmt: skip
    context = context_for(study, "prepare")
    outcome = stage.run(study.spec("prepare"), context)  # type: ignore[arg-type]  # its own Spec
    assert outcome.headline.startswith("20 patients")
    run = context.run  # type: ignore[attr-defined]  # a Context
    assert isinstance(run, Run)
    dataset = Dataset(run.folder)
    assert dataset.array("image").shape == (40, 1, 12, 12)
    assert pl.read_parquet(run.folder / "facts.parquet").height == 40
    text = (run.folder / "dataset.json").read_text() + (run.folder / "columns.json").read_text()
    assert CANARY not in text


@pytest.mark.parametrize("form", ["a table", "a folder", "an archive"])
def test_a_made_up_picture_is_refused_also_as_a_file_by_itself(tmp_path: Path, form: str) -> None:
    """Its PNG says what it is, wherever it went without the Parquet that it came in."""
    made_up = tagged_png(png(2), "flow:synthesize-0")
    if form == "a table":
        study, path = of_files(tmp_path, {"0.png": png(0), "1.png": png(1), "2.png": made_up})
    else:
        study = study_of(tmp_path, "x", PATTERN)
        files = {"0/a.png": png(0), "1/b.png": png(1), "1/c.png": made_up}
        path = folder_of(tmp_path / "files", files)
        if form == "an archive":
            path = tar_of(tmp_path / "all.tar", path)
    refused(study, path, r"1 that cannot \(row 3: .*`bedside synthesize` made up")


def test_a_made_up_mask_is_refused(tmp_path: Path) -> None:
    mask = write_png((grey(1) % 3).astype(np.uint8))
    files = {f"images/p{at}.png": png(at) for at in range(2)}
    files |= {"masks/p0.png": mask, "masks/p1.png": tagged_png(mask, "flow:synthesize-0")}
    named = {"image": "images/{patient}.png", "mask": "masks/{patient}.png"}
    study = study_of(tmp_path, "x", named, task=SEGMENTATION)
    refused(study, folder_of(tmp_path / "files", files), r"row 2: .*`bedside synthesize` made up")
