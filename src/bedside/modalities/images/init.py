"""Init for images: a study file from a folder, an archive, arrays, or a table that names files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bedside.adapters.archive import ARCHIVES
from bedside.adapters.csv import read_csv
from bedside.adapters.images import read_image
from bedside.adapters.parquet import read_parquet
from bedside.core.errors import BedsideError, DataError
from bedside.core.study import Data
from bedside.modalities.images.prepare_sources import PICTURES, is_picture
from bedside.modalities.images.references import members, open_arrays

_TABLES = (".csv", ".parquet", ".pq")
_LABELS = ("label", "target", "diagnosis", "class", "outcome", "finding")
_MASKS = ("mask", "segmentation", "labels", "outline")


def knows(path: Path) -> int:
    """2 where it holds images for sure, 1 where it could, 0 where not."""
    if path.is_dir() or path.suffix in ARCHIVES:
        return 2 if any(is_picture(name) for name in _names(path)) else 1
    if path.suffix == ".npz":
        return 2
    return 2 if path.suffix in _TABLES and _path_columns(path) else 0


def draft(path: Path, source: str) -> str:
    """The text of a study file for the images at `path`, which it names as `source`.

    Doubts are comments that begin with `# question:`.
    """
    if path.suffix == ".npz":
        images, task = _of_arrays(path)
    elif path.suffix in _TABLES:
        images, task = _of_table(path)
    else:
        images, task = _of_files(path)
    name = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_").lower() or "study"
    return f"""# A first version, guessed from the data. Read each "# question:".

[study]
name = {_text(name)}
question = ""  # question: in words: what is to be seen in which images, of which patients?
modality = "images"
population = ""  # question: who are the patients, from where, and when?
intended_use = ""  # question: who would act on a prediction, and how?

[data]
source = {_text(source)}
{task.who}

{images}

{task.text}"""


class _Task:
    """What there seems to be to learn, and of whom."""

    def __init__(self, text: str, who: str = "") -> None:
        self.text = text
        self.who = who or '# subject = ""  # question: which column names the patient?'


def _of_arrays(path: Path) -> tuple[str, _Task]:
    arrays = open_arrays(path)
    several = [name for name, values in arrays.items() if values.ndim >= 3]
    if not several:
        raise DataError(
            path.name, expected="an array of images", found="none of three axes or more"
        )
    parts = [name for name in several if name.endswith("_images")]
    if "train_images" in parts:
        body = _images("images", volume=arrays["train_images"].ndim == 4
                       and arrays["train_images"].shape[-1] != 3)  # fmt: skip
        return body, _Task(_task("label", "1"), 'split = "split"  # the split that came with it')
    image = several[0]
    total = len(arrays[image])
    columns = [name for name, values in arrays.items() if values.shape[:1] == (total,)
               and values.ndim <= 2 and name != image]  # fmt: skip
    label = next((name for name in columns if name.lower() in _LABELS), "")
    who = next((name for name in columns if "patient" in name or "subject" in name), "")
    volume = arrays[image].ndim == 4 and arrays[image].shape[-1] != 3
    positive = ""
    if label and len(np.unique(arrays[label])) == 2:
        positive = str(np.unique(arrays[label])[-1])
    return _images(image, volume=volume), _Task(_task(label, positive), _who(who))


def _of_table(path: Path) -> tuple[str, _Task]:
    columns = _path_columns(path)
    masks = [name for name in columns if name.lower() in _MASKS]
    image = next(name for name in columns if name not in masks)
    frame = read_parquet(path) if path.suffix != ".csv" else read_csv(path, Data())
    label = next((name for name in frame.columns if name.lower() in _LABELS), "")
    who = next((name for name in frame.columns if "patient" in name or "subject" in name), "")
    body = _images(image, volume=_is_volume(path.parent / str(frame[image].drop_nulls()[0])),
                   mask=masks[0] if masks else "")  # fmt: skip
    task = _task(label, "") if label or not masks else _SEGMENTATION
    return body, _Task(task, _who(who))


def _of_files(path: Path) -> tuple[str, _Task]:
    names = [name for name in _names(path) if is_picture(name)]
    if not names:
        raise DataError(path.name, expected="images", found="none",
                        hint="name folders of DICOM series in a table")  # fmt: skip
    folders = sorted({str(Path(name).parent) for name in names})
    suffix = next(s for s in reversed(PICTURES) if names[0].lower().endswith(s))
    masks = [folder for folder in folders if Path(folder).name.lower() in _MASKS]
    volume = suffix in (".nii", ".nii.gz")
    if masks and len(folders) > len(masks):
        image = next(folder for folder in folders if folder not in masks)
        body = _images(f"{Path(image).name}/{{patient}}{suffix}", volume=volume,
                       mask=f"{Path(masks[0]).name}/{{patient}}{suffix}")  # fmt: skip
        return body, _Task(_SEGMENTATION, 'subject = "patient"')
    if folders == ["."]:
        return _images(f"{{file}}{suffix}", volume=volume), _Task(_task("", ""))
    body = _images(f"{{label}}/{{file}}{suffix}", volume=volume)
    return body, _Task(_task("label", ""))


_SEGMENTATION = """[task]
type = "segmentation"
structures = ["structure"]  # question: what do labels 1, 2, ... of the masks outline?
outcome = "outline"
"""


def _task(label: str, positive: str) -> str:
    asks = "is this the outcome?" if label else "which column is the outcome?"
    return f"""[task]
type = "binary"  # or "multiclass", "multilabel", "regression"
target = {_text(label)}  # question: {asks}
positive = {_text(positive)}  # question: which value means that it is there?
outcome = {_text(label)}
"""


def _images(image: str, *, volume: bool, mask: str = "") -> str:
    lines = ["[images]", f"image = {_text(image)}"]
    if mask:
        lines.append(f"mask = {_text(mask)}  # question: are these outlines?")
    if volume:
        lines += ['kind = "volume"', "# spacing = [1.0, 1.0, 1.0]  # mm that all are resampled to"]
    else:
        lines.append("# size = [224, 224]  # rows and columns that all are resized to")
    lines.append('mirrors = []  # question: which mirror images mean the same? "left-right", ...')
    return "\n".join(lines)


def _who(name: str) -> str:
    return f"subject = {_text(name)}  # question: is this right?" if name else ""


def _names(path: Path) -> Sequence[str]:
    if path.suffix in ARCHIVES:
        return list(members(path))
    return [str(item.relative_to(path)) for item in sorted(path.rglob("*"))[:20_000]]


def _path_columns(path: Path) -> list[str]:
    """Columns of a table all of whose first entries are files or folders beside it."""
    try:
        frame = read_parquet(path) if path.suffix != ".csv" else read_csv(path, Data())
    except BedsideError:
        return []
    found = []
    for name in frame.columns:
        entries = [str(item) for item in frame[name].drop_nulls().head(5).to_list()]
        # os.path takes any text for a path, also one that is far too long to be one.
        if entries and all(Path(text).name and os.path.exists(path.parent / text)
                           for text in entries):  # fmt: skip
            found.append(name)
    return found


def _is_volume(path: Path) -> bool:
    try:
        image = read_image(path)
    except BedsideError:
        return path.is_dir()
    return image.values.ndim - int(image.colour) == 3


def _text(text: str) -> str:
    """A basic string of TOML; JSON escapes are a part of it."""
    return json.dumps(text, ensure_ascii=False)
